//! One winner, however many race, from however many processes.

use std::sync::Arc;

use credential_code::flow::CodeFlowBuilder;
use credential_code::store::RedisStore;

use crate::support::servers::redis::Redis;
use crate::two_processes::{hold_race, race, shared};

const ROUNDS: usize = 1000;

async fn stores(url: &str) -> impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder {
    let store = Arc::new(RedisStore::at(url).connect().await.unwrap());
    |builder| builder.code_store(store.clone()).registration_store(store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_64_tasks_each_one_task_wins() {
    let Some(server) = Redis::start() else { return };
    let started = std::time::Instant::now();
    hold_race("races::racer", server.url(), ROUNDS, stores(server.url()).await).await;
    println!("{ROUNDS} rounds: {:?}", started.elapsed());
}

#[ignore = "it is one of the processes that the test above starts"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racer() {
    if let Some(url) = shared() {
        race(stores(&url).await).await;
    }
}
