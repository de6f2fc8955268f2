//! The conformance suites.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_code::model::Insertion;
use credential_code::store::{
    CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, SealedStore, Slot,
    SqlStore, UserAction,
};
use credential_code::testing::{
    SIGNING, Sample, ledger_contract, management_contract, passkey_contract, purse_contract,
    repository_contract, store_contract,
};

use super::backend::{Backend, users};
use crate::two_processes::keys;

fn sealed(store: &SqlStore) -> Arc<SealedStore<SqlStore>> {
    Arc::new(SealedStore::new(store.clone(), keys()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_a_store_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        store_contract::<CodeGrant>(sealed(store)).await;
        store_contract::<PendingRegistration>(sealed(store)).await;
        store_contract::<PendingAction>(sealed(store)).await;
        store_contract::<UserAction>(sealed(store)).await;
        store_contract::<PendingApproval>(sealed(store)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_a_repository_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        repository_contract(store, &users(), &SIGNING).await;
        management_contract(store, &users(), &SIGNING).await;
        passkey_contract(store, &users(), &SIGNING).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_a_ledger_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        ledger_contract(&SealedStore::new(store.clone(), keys())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_purses_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        purse_contract(store).await;
    }
}

/// Both engines hand out the row before they commit. If a store stopped reading at the row, it
/// would give away a record that comes back.
#[tokio::test]
async fn a_take_is_not_acknowledged_before_it_is_committed() {
    for backend in &Backend::all().await {
        let now = SystemTime::now();
        let (slot, grant) = (Slot::from_bytes([7; 32]), CodeGrant::sample(1, now + Duration::from_secs(60)));
        assert_eq!(backend.store.insert(slot, grant.clone()).await.unwrap(), Insertion::Created);
        // The deletion must leave no row that refers to the record. The database checks that at the
        // commit.
        let refuse_to_commit = "
            CREATE TABLE keepsakes (kind TEXT, slot BYTEA, FOREIGN KEY (kind, slot)
                REFERENCES credential_code_records (kind, slot) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO keepsakes SELECT kind, slot FROM credential_code_records";
        backend.run(refuse_to_commit).await;
        let taken: Result<Option<CodeGrant>, _> = backend.store.take(slot, now).await;
        assert!(taken.is_err(), "{taken:?} over {:?}", backend.engine);
        backend.run("DROP TABLE keepsakes").await;
        assert_eq!(backend.store.take(slot, now).await.unwrap(), Some(grant));
    }
}
