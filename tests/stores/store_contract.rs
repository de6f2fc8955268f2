//! The stores and the repository of the crate pass the suites that it asks of others.

use std::sync::Arc;

use credential_code::store::{CodeGrant, MemoryStore, PendingRegistration};
use credential_code::testing::{MemoryHost, repository_contract, store_contract, store_contract_on_threads};
use credential_code::{OneTimeStore, UserId};

#[tokio::test]
async fn the_memory_store_keeps_every_law() {
    store_contract::<CodeGrant>(Arc::new(MemoryStore::new(100_000))).await;
    store_contract::<PendingRegistration>(Arc::new(MemoryStore::new(100_000))).await;
}

#[test]
fn the_memory_store_has_one_winner_on_threads() {
    let store: Arc<dyn OneTimeStore<CodeGrant>> = Arc::new(MemoryStore::new(100_000));
    store_contract_on_threads(&store, 5_000);
}

#[tokio::test]
async fn the_memory_host_keeps_every_law_of_a_repository() {
    let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
    repository_contract(&MemoryHost::default(), &users).await;
}
