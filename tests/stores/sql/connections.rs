//! A pool that the host uses too.

use std::time::Duration;

use credential_code::store::{Slot, SqlStore};
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::server::take;
use crate::support::servers::postgres::Postgres;

/// Statements pass a connection on. Without a bound, the host would wait until none of them waits.
#[tokio::test]
async fn statements_that_pass_a_connection_on_leave_the_host_its_turn() {
    let Some(server) = Postgres::start() else { return };
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
    let store = SqlStore::postgres(pool.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let mut busy = JoinSet::new();
    for number in 0..8 {
        let store = store.clone();
        busy.spawn(async move {
            loop {
                assert!(!take(&store, Slot::from_bytes([number; 32])).await.unwrap());
            }
        });
    }
    for _ in 0..20 {
        let mut connection = timeout(Duration::from_secs(10), pool.acquire()).await.unwrap().unwrap();
        sqlx::query("SELECT 1").execute(&mut *connection).await.unwrap();
    }
    busy.abort_all();
    while let Some(ended) = busy.join_next().await {
        assert!(ended.unwrap_err().is_cancelled(), "each statement succeeds");
    }
}
