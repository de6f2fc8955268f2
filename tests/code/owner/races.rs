//! A revocation races every step that could add a credential. Both never win.

use std::sync::Arc;

use credential_code::code::{ApproveRequest, EnrolmentRequest, ExchangeRequest, RegisterRequest};
use credential_code::code::{Expiration, MintRequest};
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::{Approval, CredentialKind, EnrolmentId, Stage};
use credential_code::testing::KeyClient;

use crate::support::{World, party, user};

const ROUNDS: usize = 10_000;

struct Race {
    world: World,
    caller: Caller,
}

impl Race {
    fn new(approval: Approval) -> Self {
        Self { world: World::asking(approval), caller: Caller::new(user()) }
    }

    async fn mint(&self) -> (EnrolmentId, ExchangeRequest) {
        let request = MintRequest::new(Expiration::from_unix(self.world.unix(60)).unwrap());
        let minted = self.world.flow.mint(&self.caller, request).await.unwrap();
        (minted.enrolment, ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party())))
    }

    async fn answer(&self, request: ExchangeRequest) -> RegisterRequest {
        let challenge = self.world.flow.exchange(request).await.unwrap();
        answer(challenge)
    }

    /// Runs both at once. Each round begins with the other.
    async fn both<T: Send + 'static>(
        &self,
        round: usize,
        id: &EnrolmentId,
        step: impl Future<Output = T> + Send + 'static,
    ) -> (bool, T) {
        let (flow, caller, request) =
            (self.world.flow.clone(), self.caller.clone(), EnrolmentRequest::new(id.clone()));
        let revoke = async move { flow.revoke(&caller, request).await };
        let (revoked, done) = if round.is_multiple_of(2) {
            let (revoke, step) = (tokio::spawn(revoke), tokio::spawn(step));
            (revoke.await.unwrap(), step.await.unwrap())
        } else {
            let (step, revoke) = (tokio::spawn(step), tokio::spawn(revoke));
            (revoke.await.unwrap(), step.await.unwrap())
        };
        let is_revoked = match revoked {
            Ok(enrolment) => {
                assert_eq!(enrolment.stage, Stage::Revoked);
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Conflict);
                false
            }
        };
        (is_revoked, done)
    }
}

fn answer(challenge: credential_code::code::RegistrationChallenge) -> RegisterRequest {
    let proof = KeyClient::ed25519().attest(CredentialKind::Key, challenge.challenge.as_str());
    RegisterRequest::new(challenge.challenge_id, "laptop", proof, None).unwrap()
}

/// Revoked first, the code buys nothing. Revoked second, what it bought is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_races_a_revocation_adds_nothing() {
    let race = Race::new(Approval::NotAsked);
    let mut bought = 0;
    for round in 0..ROUNDS {
        let (id, request) = race.mint().await;
        let flow = race.world.flow.clone();
        let (is_revoked, challenge) =
            race.both(round, &id, async move { flow.exchange(request).await }).await;
        assert!(is_revoked, "an exchange adds nothing, so it may be revoked after it as well");
        if let Ok(challenge) = challenge {
            bought += 1;
            let late = race.world.flow.register(answer(challenge)).await;
            assert_eq!(late.unwrap_err().kind(), ErrorKind::InvalidChallenge);
        }
    }
    assert!(race.world.host.stored().is_empty());
    assert!(bought > 0 && bought < ROUNDS, "{bought} of {ROUNDS}: it was a race");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_register_and_a_revocation_one_wins() {
    let race = Race::new(Approval::NotAsked);
    let mut added = 0;
    for round in 0..ROUNDS {
        let (id, request) = race.mint().await;
        let request = race.answer(request).await;
        let flow = race.world.flow.clone();
        let (is_revoked, registered) =
            race.both(round, &id, async move { flow.register(request).await }).await;
        assert_ne!(is_revoked, registered.is_ok(), "never both, and never none");
        added += usize::from(registered.is_ok());
    }
    assert_eq!(race.world.host.stored().len(), added);
    assert!(added > 0 && added < ROUNDS, "{added} of {ROUNDS}: it was a race");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_approval_and_a_revocation_one_wins() {
    let race = Race::new(Approval::Asked);
    let mut added = 0;
    for round in 0..ROUNDS {
        let (id, request) = race.mint().await;
        let request = race.answer(request).await;
        race.world.flow.register(request).await.unwrap();
        let (flow, caller, approve) =
            (race.world.flow.clone(), race.caller.clone(), ApproveRequest::new(id.clone()));
        let approving = async move { flow.approve(&caller, approve).await };
        let (is_revoked, approved) = race.both(round, &id, approving).await;
        assert_ne!(is_revoked, approved.is_ok(), "never both, and never none");
        added += usize::from(approved.is_ok());
        // So no look-up of the stored credentials grows with the rounds.
        race.world.host.clear();
    }
    assert!(added > 0 && added < ROUNDS, "{added} of {ROUNDS}: it was a race");
}
