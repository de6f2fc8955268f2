//! One winner, however many requests race, from however many processes.

use credential_code::Storage;
use credential_code::site::SiteBuilder;
use credential_code::store::RedisStore;

use crate::support::servers::redis::{Redis, RedisCluster};
use crate::two_processes::{hold_race, hold_race_with_revocation, keys, race, shared};

/// Connects to a server, or to a cluster if there are several URLs.
async fn connect(urls: &str) -> RedisStore {
    let builder = match urls.split_once(' ') {
        None => RedisStore::at(urls),
        Some(_) => RedisStore::cluster_at(urls.split(' ')),
    };
    builder.connect().await.unwrap()
}

async fn stores(urls: &str) -> impl FnOnce(SiteBuilder) -> SiteBuilder {
    let store = connect(urls).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_revocation_and_whatever_adds_a_credential_in_another_process_one_wins() {
    let Some(server) = Redis::start() else { return };
    let (started, site) = (std::time::Instant::now(), stores(server.url()).await);
    hold_race_with_revocation("redis_store::races::racer", server.url(), 1000, site).await;
    println!("3 times 1000 rounds: {:?}", started.elapsed());
}
