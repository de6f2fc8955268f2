//! The conformance suites.

use std::sync::Arc;

use credential_code::store::{CodeGrant, PendingAction, PendingRegistration, UserAction};
use credential_code::testing::{purse_contract, repository_contract, store_contract};

use crate::backend::{Backend, users};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_a_store_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        store_contract::<CodeGrant>(Arc::new(store.clone())).await;
        store_contract::<PendingRegistration>(Arc::new(store.clone())).await;
        store_contract::<PendingAction>(Arc::new(store.clone())).await;
        store_contract::<UserAction>(Arc::new(store.clone())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_a_repository_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        repository_contract(store, &users()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_law_of_purses_is_kept() {
    for Backend { store, engine } in &Backend::all().await {
        println!("{engine:?}");
        purse_contract(store).await;
    }
}
