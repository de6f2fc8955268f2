//! The conformance suites.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::error::StoreError;
use credential_code::model::Insertion;
use credential_code::store::{
    CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Record, RedisStore,
    SealedStore, Slot, UserAction,
};
use credential_code::testing::{ledger_contract, purse_contract, store_contract, store_contract_on_threads};
use tokio::runtime::Handle;

use crate::support::servers::redis::{Redis, RedisCluster};
use crate::two_processes::keys;

fn sealed(store: &RedisStore) -> Arc<SealedStore<RedisStore>> {
    Arc::new(SealedStore::new(store.clone(), keys()))
}

async fn assert_every_law(store: &RedisStore) {
    store_contract::<CodeGrant>(sealed(store)).await;
    store_contract::<PendingRegistration>(sealed(store)).await;
    store_contract::<PendingAction>(sealed(store)).await;
    store_contract::<UserAction>(sealed(store)).await;
    store_contract::<PendingApproval>(sealed(store)).await;
    purse_contract(store).await;
    ledger_contract(&*sealed(store)).await;
}

#[tokio::test]
async fn a_server_keeps_every_law() {
    let Some(server) = Redis::start() else { return };
    assert_every_law(&RedisStore::at(server.url()).connect().await.unwrap()).await;
}

#[tokio::test]
async fn a_cluster_keeps_every_law_and_every_node_has_its_part() {
    let Some(cluster) = RedisCluster::start() else { return };
    let store = RedisStore::cluster_at(cluster.urls()).connect().await.unwrap();
    assert_every_law(&store).await;
    for command in ["set", "getdel", "eval", "hmget", "hgetall"] {
        let calls = cluster.calls(command);
        assert!(calls.iter().all(|calls| *calls > 0), "{command}: {calls:?}");
    }
}

/// Runs every verb on tokio, whatever thread calls it.
#[derive(Clone, Debug)]
struct OnRuntime(RedisStore, Handle);

#[async_trait]
impl<R: Record> OneTimeStore<R> for OnRuntime {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let store = self.0.clone();
        self.1.spawn(async move { store.insert(slot, record).await }).await.unwrap()
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let store = self.0.clone();
        self.1.spawn(async move { store.take(slot, now).await }).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_winner_on_threads() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let store: Arc<dyn OneTimeStore<CodeGrant>> = Arc::new(OnRuntime(store, Handle::current()));
    tokio::task::spawn_blocking(move || store_contract_on_threads(&store, 500)).await.unwrap();
}
