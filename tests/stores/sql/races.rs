//! One winner, however many requests race, from however many processes.

use credential_code::Storage;
use credential_code::site::SiteBuilder;
use credential_code::store::SqlStore;

use super::backend::{Backend, open};
use crate::two_processes::{hold_race, hold_race_with_revocation, keys, race, shared};

const ROUNDS: usize = 1000;

fn stores(store: SqlStore) -> impl FnOnce(SiteBuilder) -> SiteBuilder {
    |site| site.credentials(store.clone()).storage(Storage::shared_records(store, keys()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_64_tasks_each_one_task_wins() {
    for Backend { store, engine } in Backend::all().await {
        let started = std::time::Instant::now();
        hold_race("sql::races::racer", &engine.address(), ROUNDS, stores(store)).await;
        println!("{ROUNDS} rounds over {engine:?}: {:?}", started.elapsed());
    }
}

#[ignore = "it is one of the processes that the test above starts"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racer() {
    if let Some(address) = shared() {
        race(stores(open(&address).await)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_revocation_and_whatever_adds_a_credential_in_another_process_one_wins() {
    for Backend { store, engine } in Backend::all().await {
        let started = std::time::Instant::now();
        let address = engine.address();
        hold_race_with_revocation("sql::races::racer", &address, ROUNDS, stores(store)).await;
        println!("3 times {ROUNDS} rounds over {engine:?}: {:?}", started.elapsed());
    }
}
