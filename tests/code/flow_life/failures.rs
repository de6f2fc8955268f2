//! A host or a store that fails takes nothing away from the user.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_code::CodePolicy;
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{Credential, NewCredential, UserId};
use credential_code::store::{Budget, CodeGrant, PendingRegistration};
use serde_json::json;

use super::{good, key};
use crate::flaky::Flaky;
use crate::support::{MINT, World};

/// Creates a world over that store.
fn world(store: &Arc<Flaky>, policy: impl FnOnce(CodePolicy) -> CodePolicy) -> World {
    let storage = store.storage();
    World::with(|setup| setup.storage(storage).policy(policy))
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

/// A repository that stores or not, as a test says. Its answer is lost either way, until there are
/// answers again.
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

    async fn insert(&self, credential: NewCredential, _: usize) -> Result<Addition, BoxError> {
        let mut stored = self.stored.lock().unwrap();
        let is_there = stored.iter().any(|other| other.id == credential.id);
        if self.stores.load(Ordering::Relaxed) && !is_there {
            stored.push(credential);
        }
        match (self.answers.load(Ordering::Relaxed), is_there) {
            (false, _) => Err("the answer was lost".into()),
            (true, true) => Ok(Addition::Duplicate),
            (true, false) => Ok(Addition::Added),
        }
    }
}

#[tokio::test]
async fn a_code_whose_credential_may_be_stored_buys_no_other() {
    for was_stored in [true, false] {
        let repository = Arc::new(LossyRepository::default());
        let world = World::with(|setup| setup.site(|site| site.credentials(repository.clone())));
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
    let store = Flaky::new();
    let world = world(&store, |policy| policy);

    store.fail_inserts::<CodeGrant>(1);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    let code = world.mint().await;
    store.fail_takes::<CodeGrant>(1);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    store.fail_inserts::<PendingRegistration>(1);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    let challenge = world.exchange(key(), &code).await.ok();
    store.fail_takes::<PendingRegistration>(1);
    let failed = world.register(&good(key(), &challenge)).await;
    failed.assert_refused(503, "unavailable");
    assert!(!String::from_utf8_lossy(&failed.body).contains("flaky"));
    world.register(&good(key(), &challenge)).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_code() {
    let store = Flaky::new();
    let world = world(&store, |policy| policy.codes_per_user(Budget::per_minute(1)));
    store.fail_inserts::<CodeGrant>(3);
    let mint = json!({ "expiration": world.unix(60) });
    for _ in 0..3 {
        world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    }
    world.post_json(MINT, &mint).await.ok();
    world.post_json(MINT, &mint).await.assert_refused(429, "too_many_attempts");
}

#[tokio::test]
async fn a_failing_store_costs_no_guess() {
    let store = Flaky::new();
    let world = world(&store, |policy| policy.misses(Budget::per_minute(1)));
    let code = world.mint().await;
    store.fail_takes::<CodeGrant>(3);
    for _ in 0..3 {
        world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    }
    world.exchange(key(), &code).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_guess_at_register_either() {
    let store = Flaky::new();
    let world = world(&store, |policy| policy.misses(Budget::per_minute(1)));
    let challenge = world.challenge(key()).await;
    store.fail_takes::<PendingRegistration>(5);
    for _ in 0..5 {
        world.register(&good(key(), &challenge)).await.assert_refused(503, "unavailable");
    }
    world.register(&good(key(), &challenge)).await.ok();
}
