//! The stores and the repository of the crate pass the suites that it asks of others.

use std::sync::Arc;

use credential_code::model::UserId;
use credential_code::store::{
    CodeGrant, EnrolmentLedger, MemoryLedger, MemoryStore, OneTimeStore, PendingAction, PendingApproval,
    PendingRegistration, UserAction,
};
use credential_code::testing::{
    MemoryHost, ledger_contract, ledger_contract_on_threads, management_contract, repository_contract,
    store_contract, store_contract_on_threads,
};

#[tokio::test]
async fn the_memory_store_keeps_every_law() {
    let store = Arc::new(MemoryStore::new(100_000));
    store_contract::<CodeGrant>(store.clone()).await;
    store_contract::<PendingRegistration>(store.clone()).await;
    store_contract::<PendingAction>(store.clone()).await;
    store_contract::<UserAction>(store.clone()).await;
    store_contract::<PendingApproval>(store).await;
}

#[test]
fn the_memory_store_has_one_winner_on_threads() {
    let store: Arc<dyn OneTimeStore<CodeGrant>> = Arc::new(MemoryStore::new(100_000));
    store_contract_on_threads(&store, 5_000);
}

#[tokio::test]
async fn the_memory_ledger_keeps_every_law() {
    ledger_contract(&MemoryLedger::new(100_000)).await;
}

#[test]
fn the_memory_ledger_has_one_winner_on_threads() {
    let ledger: Arc<dyn EnrolmentLedger> = Arc::new(MemoryLedger::new(100_000));
    ledger_contract_on_threads(&ledger, 5_000);
}

#[tokio::test]
async fn the_memory_host_keeps_every_law_of_a_repository() {
    let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
    repository_contract(&MemoryHost::default(), &users).await;
    management_contract(&MemoryHost::default(), &users).await;
}
