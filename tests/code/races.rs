//! One winner, however many race.

use credential_code::RelyingParty;
use credential_code::attestation::Attestation;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::CredentialKind;
use tokio::task::JoinSet;

use crate::support::{ORIGIN, PARTY, World, attest, text, user};

const RACERS: usize = 10_000;
const ROUNDS: usize = 3;

/// Runs all racers at once, and returns how many won. All others must have been refused in the same
/// way.
async fn winners<F>(refused: ErrorKind, racer: impl Fn() -> F) -> usize
where
    F: Future<Output = Result<(), credential_code::error::Error>> + Send + 'static,
{
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        racers.spawn(racer());
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.len(), RACERS);
    let losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    losers.for_each(|error| assert_eq!(error.kind(), refused, "{error:?}"));
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_racing_exchanges_of_a_code_one_wins() {
    let world = World::new();
    let party = std::sync::Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    for _ in 0..ROUNDS {
        let code = world.flow.code_format().parse(&world.mint().await).unwrap();
        let won = winners(ErrorKind::InvalidCode, || {
            let request = ExchangeRequest::new(code.clone(), CredentialKind::Key, party.clone());
            let flow = world.flow.clone();
            async move { flow.exchange(request).await.map(drop) }
        });
        assert_eq!(won.await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_racing_registers_of_a_challenge_one_wins() {
    let world = World::new();
    for round in 1..=ROUNDS {
        let challenge = world.challenge(CredentialKind::Key).await;
        let proof = attest(CredentialKind::Key, &challenge);
        let won = winners(ErrorKind::InvalidChallenge, || {
            let request = register_request(&text(&challenge, "challengeIdentifier"), proof.clone());
            let flow = world.flow.clone();
            async move { flow.register(request).await.map(drop) }
        });
        assert_eq!(won.await, 1);
        assert_eq!(world.host.stored().len(), round);
    }
}

/// The losers' challenges differ, so only the credential's id makes them lose. Each of them may go
/// on with another key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_racing_challenges_one_registers_a_credential_id() {
    let world = World::new();
    let mut racers = JoinSet::new();
    for _ in 0..100 {
        let mut body = world.registration(CredentialKind::Key).await;
        body["credentialInfo"]["credId"] = "the same".into();
        let world = world.clone();
        racers.spawn(async move { world.register(&body).await.status.as_u16() });
    }
    let statuses = racers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_mints_get_codes_of_their_own() {
    let world = World::new();
    let mut mints = JoinSet::new();
    for _ in 0..1000 {
        let flow = world.flow.clone();
        let request = MintRequest::new(Expiration::from_unix(world.unix(60)).unwrap());
        mints.spawn(async move { flow.mint(&Caller::new(user()), request).await.unwrap().code.reveal() });
    }
    let codes: std::collections::HashSet<_> = mints.join_all().await.into_iter().collect();
    assert_eq!(codes.len(), 1000);
}

fn register_request(challenge_id: &str, proof: Attestation) -> RegisterRequest {
    let id = credential_code::model::ChallengeId::new(challenge_id);
    RegisterRequest::new(id, "laptop", proof, None).unwrap()
}
