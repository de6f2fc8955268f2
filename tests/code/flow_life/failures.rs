//! A host or a store that fails takes nothing away from the user.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_code::flow::CodeFlowBuilder;
use credential_code::store::{CodeGrant, PendingRegistration};
use credential_code::{BoxError, Budget, Credential, CredentialRepository, Insertion, NewCredential, UserId};
use serde_json::json;

use super::{good, key};
use crate::flaky::Flaky;
use crate::support::{MINT, World};

/// Both in this process, since a flow shares all of its stores or none.
fn stores(
    codes: &Arc<Flaky<CodeGrant>>,
    pending: &Arc<Flaky<PendingRegistration>>,
) -> impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder + use<> {
    let (codes, pending) = (codes.clone(), pending.clone());
    |builder| builder.code_store(codes).registration_store(pending)
}

#[tokio::test]
async fn a_failing_host_spends_neither_code_nor_challenge() {
    let world = World::new();
    let code = world.mint().await;
    for _ in 0..5 {
        world.host.fail();
        let failed = world.exchange(key(), &code).await;
        failed.assert_refused(500, "internal");
        assert!(!String::from_utf8_lossy(&failed.body).contains("told to fail"));
        world.host.recover();
    }
    let challenge = world.exchange(key(), &code).await.ok();
    let body = good(key(), &challenge);
    for _ in 0..5 {
        world.host.fail();
        world.register(&body).await.assert_refused(500, "internal");
        world.host.recover();
    }
    world.register(&body).await.ok();
}

/// A repository that stores, or not, and whose answer is lost either way, until there are answers again.
#[derive(Debug, Default)]
struct LossyRepository {
    stored: Mutex<Vec<NewCredential>>,
    stores: AtomicBool,
    answers: AtomicBool,
}

#[async_trait]
impl CredentialRepository for LossyRepository {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
        let mut stored = self.stored.lock().unwrap();
        let is_there = stored.iter().any(|other| other.id == credential.id);
        if self.stores.load(Ordering::Relaxed) && !is_there {
            stored.push(credential);
        }
        match (self.answers.load(Ordering::Relaxed), is_there) {
            (false, _) => Err("the answer was lost".into()),
            (true, true) => Ok(Insertion::Duplicate),
            (true, false) => Ok(Insertion::Created),
        }
    }
}

#[tokio::test]
async fn a_code_whose_credential_may_be_stored_buys_no_other() {
    for was_stored in [true, false] {
        let repository = Arc::new(LossyRepository::default());
        let world = World::with(|builder| builder.credentials(repository.clone()));
        let challenge = world.challenge(key()).await;
        let body = good(key(), &challenge);
        repository.stores.store(was_stored, Ordering::Relaxed);
        world.register(&body).await.assert_refused(500, "internal");
        repository.stores.store(true, Ordering::Relaxed);
        repository.answers.store(true, Ordering::Relaxed);

        let other = world.register(&good(key(), &challenge)).await;
        other.assert_refused(403, "invalid_challenge");

        let again = world.register(&body).await;
        match was_stored {
            true => again.assert_refused(409, "duplicate_credential"),
            false => drop(again.ok()),
        }
        let other = world.register(&good(key(), &challenge)).await;
        other.assert_refused(403, "invalid_challenge");
        assert_eq!(repository.stored.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_host_that_fails_six_times_spends_the_code() {
    let world = World::new();
    let code = world.mint().await;
    world.host.fail();
    for _ in 0..6 {
        world.exchange(key(), &code).await.assert_refused(500, "internal");
    }
    world.host.recover();
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn a_code_that_was_put_back_keeps_its_old_expiry() {
    let world = World::new();
    let code = world.mint().await;
    world.advance(Duration::from_secs(59));
    world.host.fail();
    world.exchange(key(), &code).await.assert_refused(500, "internal");
    world.host.recover();
    world.advance(Duration::from_secs(1));
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn a_failing_store_spends_neither_code_nor_challenge() {
    let (codes, pending) = (Arc::default(), Arc::default());
    let world = World::with(stores(&codes, &pending));

    codes.failing_inserts.store(1, Ordering::Relaxed);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    let code = world.mint().await;
    codes.failing_takes.store(1, Ordering::Relaxed);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    pending.failing_inserts.store(1, Ordering::Relaxed);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    let challenge = world.exchange(key(), &code).await.ok();
    pending.failing_takes.store(1, Ordering::Relaxed);
    let failed = world.register(&good(key(), &challenge)).await;
    failed.assert_refused(503, "unavailable");
    assert!(!String::from_utf8_lossy(&failed.body).contains("flaky"));
    world.register(&good(key(), &challenge)).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_code() {
    let codes = Arc::default();
    let stores = stores(&codes, &Arc::default());
    let world = World::with(|builder| stores(builder).codes_per_user(Budget::per_minute(1)));
    codes.failing_inserts.store(3, Ordering::Relaxed);
    let mint = json!({ "expiration": world.unix(60) });
    for _ in 0..3 {
        world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    }
    world.post_json(MINT, &mint).await.ok();
    world.post_json(MINT, &mint).await.assert_refused(429, "too_many_attempts");
}

#[tokio::test]
async fn a_failing_store_costs_no_guess() {
    let codes = Arc::default();
    let stores = stores(&codes, &Arc::default());
    let world = World::with(|builder| stores(builder).misses(Budget::per_minute(1)));
    let code = world.mint().await;
    codes.failing_takes.store(3, Ordering::Relaxed);
    for _ in 0..3 {
        world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    }
    world.exchange(key(), &code).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_guess_at_register_either() {
    let pending = Arc::default();
    let stores = stores(&Arc::default(), &pending);
    let world = World::with(|builder| stores(builder).misses(Budget::per_minute(1)));
    let challenge = world.challenge(key()).await;
    pending.failing_takes.store(5, Ordering::Relaxed);
    for _ in 0..5 {
        world.register(&good(key(), &challenge)).await.assert_refused(503, "unavailable");
    }
    world.register(&good(key(), &challenge)).await.ok();
}
