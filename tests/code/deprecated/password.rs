//! Passwords: which ones are refused, and how the others are hashed.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use credential_code::code::RegisterRequest;
use credential_code::error::Error;
use credential_code::error::ErrorKind;
use credential_code::model::{ChallengeId, Credential, CredentialKind, CredentialSecret, PasswordHash};
use credential_code::secret::PasswordPolicy;
use credential_code::testing::{PasswordClient, site};
use credential_code::{CodeFlow, CodePolicy};
use serde_json::{Value, json};

use super::{PASSWORD, only_secret, policy, world, world_with};
use crate::support::{World, secret_body, text};

fn chosen(challenge: &Value, password: &str) -> Value {
    secret_body(challenge, &json!({ "password": password }))
}

fn only_hash(world: &World) -> PasswordHash {
    match only_secret(world) {
        CredentialSecret::Password(hash) => hash,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_password_has_8_to_1024_bytes_and_another_length_spends_nothing() {
    for (refused, accepted) in [
        ("1234567".into(), "!2345678".into()),
        ("äää1".into(), "ääää".into()),
        ("x".repeat(1025), "x".repeat(1024)),
        ("ä".repeat(513), "ä".repeat(512)),
        (String::new(), "        ".into()),
    ] {
        let world = world();
        let challenge = world.challenge(CredentialKind::Password).await;
        for _ in 0..10 {
            let answer = world.register(&chosen(&challenge, &refused)).await;
            answer.assert_refused(400, "invalid_request");
        }
        world.register(&chosen(&challenge, &accepted)).await.ok();
        assert!(PasswordClient::new(&accepted).opens(&only_hash(&world)));
    }
}

#[tokio::test]
async fn a_denied_password_is_refused_in_any_case_and_another_may_be_chosen() {
    let world = world();
    let challenge = world.challenge(CredentialKind::Password).await;
    for denied in ["Password1", "password1", "PASSWORD1", "LetMeIn1", "letmein1"] {
        let answer = world.register(&chosen(&challenge, denied)).await;
        answer.assert_refused(400, "invalid_attestation");
        let message = text(&answer.json(), "message");
        assert!(message.contains("Choose another") && !message.contains(denied), "{message}");
    }
    world.register(&chosen(&challenge, "password12")).await.ok();

    let challenge = world.challenge(CredentialKind::Password).await;
    for _ in 0..6 {
        world.register(&chosen(&challenge, "letmein1")).await.assert_refused(400, "invalid_attestation");
    }
    world.register(&chosen(&challenge, PASSWORD)).await.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
    let hashes = [world(), world()].map(|world| async move {
        let challenge = world.challenge(CredentialKind::Password).await;
        world.register(&chosen(&challenge, PASSWORD)).await.ok();
        only_hash(&world)
    });
    let [one, other] = hashes;
    let [one, other] = [one.await, other.await];
    for hash in [&one, &other] {
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.reveal());
        assert!(PasswordClient::new(PASSWORD).opens(hash));
        assert!(!PasswordClient::new("Correct horse battery staple").opens(hash));
        assert!(!PasswordClient::new("correct horse battery staple ").opens(hash));
    }
    assert_ne!(one, other);
}

#[tokio::test]
async fn a_host_may_hash_harder() {
    let world = world_with(|setup| setup.policy(|all| all.passwords(policy().argon2id(20_000, 3))));
    let challenge = world.challenge(CredentialKind::Password).await;
    world.register(&chosen(&challenge, PASSWORD)).await.ok();
    let hash = only_hash(&world);
    assert!(hash.reveal().starts_with("$argon2id$v=19$m=20000,t=3,p=1$"));
    assert!(PasswordClient::new(PASSWORD).opens(&hash));
}

#[test]
fn a_flow_is_not_built_without_a_policy_or_with_a_weak_one() {
    let site = site(&std::sync::Arc::default());
    let build = |policy: CodePolicy| CodeFlow::new(&site, policy);
    let builder = || CodePolicy::default().kinds([CredentialKind::Password]);
    let refusal = |policy: PasswordPolicy| build(builder().passwords(policy)).unwrap_err().to_string();
    assert!(build(builder()).unwrap_err().to_string().contains("passwords"));
    assert!(refusal(policy().argon2id(19_455, 2)).contains("passwords"));
    assert!(refusal(policy().argon2id(u32::MAX, 2)).contains("passwords"));
    assert!(refusal(policy().hashes_at_once(0)).contains("passwords"));
    assert!(refusal(policy().most_waiting(usize::MAX)).contains("passwords"));
    assert!(build(builder().passwords(policy().most_waiting(0))).is_ok());
    assert!(build(builder().kinds([CredentialKind::Totp])).is_ok(), "which needs no policy");
}

/// Registers without HTTP, so that a test can poll it by hand.
async fn register(world: World, challenge: Value) -> Result<Credential, Error> {
    let id = ChallengeId::new(text(&challenge, "challengeIdentifier"));
    let request = RegisterRequest::new(id, "laptop", PasswordClient::new(PASSWORD).prove(), None).unwrap();
    world.flow.register(request).await.map(|registration| registration.credential)
}

/// Polls it once, which is as far as it goes on this thread.
fn begin<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_password_is_not_hashed_on_the_thread_that_asks() {
    let world = world();
    let challenge = world.challenge(CredentialKind::Password).await;
    let mut registering = pin!(register(world.clone(), challenge));
    assert!(begin(registering.as_mut()).is_pending(), "it waits for another thread");
    registering.await.unwrap();
}

#[tokio::test]
async fn who_finds_no_place_to_wait_may_come_back() {
    let world =
        world_with(|setup| setup.policy(|all| all.passwords(policy().hashes_at_once(1).most_waiting(1))));
    let mut challenges = Vec::new();
    for _ in 0..3 {
        challenges.push(world.challenge(CredentialKind::Password).await);
    }
    let mut hashing = pin!(register(world.clone(), challenges[0].clone()));
    let mut waiting = pin!(register(world.clone(), challenges[1].clone()));
    assert!(begin(hashing.as_mut()).is_pending());
    assert!(begin(waiting.as_mut()).is_pending());

    // It ends at once. A request that waits for a place here waits for ever.
    let Poll::Ready(refused) = begin(pin!(register(world.clone(), challenges[2].clone()))) else {
        panic!("there is a place for a third");
    };

    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    hashing.await.unwrap();
    waiting.await.unwrap();
    register(world.clone(), challenges[2].clone()).await.unwrap();
    assert_eq!(world.host.stored().len(), 3);
}

#[tokio::test]
async fn who_hangs_up_gives_their_place_away() {
    let world =
        world_with(|setup| setup.policy(|all| all.passwords(policy().hashes_at_once(1).most_waiting(0))));
    for _ in 0..3 {
        let challenge = world.challenge(CredentialKind::Password).await;
        let mut registering = Box::pin(register(world.clone(), challenge));
        assert!(begin(registering.as_mut()).is_pending());
    }
    let challenge = world.challenge(CredentialKind::Password).await;
    register(world.clone(), challenge).await.unwrap();
    assert_eq!(world.host.stored().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_all_get_their_turn() {
    let world =
        world_with(|setup| setup.policy(|all| all.passwords(policy().hashes_at_once(2).most_waiting(10))));
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let challenge = world.challenge(CredentialKind::Password).await;
        people.spawn(register(world.clone(), challenge));
    }
    assert!(people.join_all().await.iter().all(Result::is_ok));
    assert_eq!(world.host.stored().len(), 12);
}
