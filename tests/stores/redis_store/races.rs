//! One winner, however many race, from however many processes.

use credential_code::Storage;
use credential_code::site::SiteBuilder;
use credential_code::store::RedisStore;

use crate::support::servers::redis::{Redis, RedisCluster};
use crate::two_processes::{hold_race, keys, race, shared};

/// On a server, or on a cluster of which several are named.
async fn stores(urls: &str) -> impl FnOnce(SiteBuilder) -> SiteBuilder {
    let builder = match urls.split_once(' ') {
        None => RedisStore::at(urls),
        Some(_) => RedisStore::cluster_at(urls.split(' ')),
    };
    let store = builder.connect().await.unwrap();
    |site| site.storage(Storage::shared_records(store, keys()))
}

async fn hold(rounds: usize, urls: &str) {
    let started = std::time::Instant::now();
    hold_race("redis_store::races::racer", urls, rounds, stores(urls).await).await;
    println!("{rounds} rounds: {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_64_tasks_each_one_task_wins() {
    let Some(server) = Redis::start() else { return };
    hold(1000, server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_on_a_cluster_one_task_wins() {
    let Some(cluster) = RedisCluster::start() else { return };
    hold(250, &cluster.urls().collect::<Vec<_>>().join(" ")).await;
}

#[ignore = "it is one of the processes that the tests above start"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racer() {
    if let Some(urls) = shared() {
        race(stores(&urls).await).await;
    }
}
