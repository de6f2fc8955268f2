//! One winner, however many race, from however many processes.

use std::sync::Arc;

use credential_code::flow::CodeFlowBuilder;
use credential_code::store::SqlStore;

use super::backend::{Backend, open};
use crate::two_processes::{hold_race, race, shared};

const ROUNDS: usize = 1000;

fn stores(store: SqlStore) -> impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder {
    let store = Arc::new(store);
    |builder| builder.credentials(store.clone()).code_store(store.clone()).registration_store(store)
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
