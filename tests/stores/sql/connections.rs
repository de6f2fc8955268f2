//! A pool that the host uses too, and runtimes that stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use credential_code::store::{Slot, SqlStore};
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::server::{insert, take};
use crate::support::servers::postgres::Postgres;

/// A connection serves one statement after the other. Without a bound, the host would wait until
/// none of them waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_share_a_connection_leave_the_host_its_turn() {
    let Some(server) = Postgres::start() else { return };
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
    let store = SqlStore::postgres(pool.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let mut busy = JoinSet::new();
    for number in 0..64 {
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

/// A pool closes a connection if the future that waits for it is dropped while the pool asks the
/// server whether it lives.
#[tokio::test]
async fn statements_leave_a_pool_its_connections() {
    let Some(server) = Postgres::start() else { return };
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let options = PgPoolOptions::new().max_connections(2).after_connect(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    });
    let store = SqlStore::postgres(options.connect(&server.url()).await.unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    for _ in 0..20 {
        let all = (0..32).map(|number| {
            let store = store.clone();
            async move { take(&store, Slot::from_bytes([number; 32])).await }
        });
        let taken: Vec<_> = JoinSet::from_iter(all).join_all().await;
        assert!(taken.into_iter().all(|taken| !taken.unwrap()));
    }
    assert_eq!(opened.load(Ordering::Relaxed), 2, "each is opened once");
}

/// Otherwise a code could be spent, or a credential be stored, long after its caller hung up.
#[tokio::test]
async fn a_statement_whose_caller_hung_up_before_it_began_never_begins() {
    let Some(server) = Postgres::start() else { return };
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
    let store = SqlStore::postgres(pool.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let slot = insert(&store, 1).await;
    let held = pool.acquire().await.unwrap();
    let waits = timeout(Duration::ZERO, take(&store, slot));
    assert!(waits.await.is_err(), "the connection is held");
    drop(held);
    // The one connection comes to what waited first.
    assert!(take(&store, slot).await.unwrap(), "the record is still there");
}

#[test]
fn a_statement_that_waits_in_a_runtime_that_stops_holds_up_no_other() {
    let Some(server) = Postgres::start() else { return };
    let lasting = Runtime::new().unwrap();
    let (pool, store) = lasting.block_on(async {
        let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
        let store = SqlStore::postgres(pool.clone()).await.unwrap();
        store.migrate().await.unwrap();
        (pool, store)
    });
    let held = lasting.block_on(pool.acquire()).unwrap();
    let stopping = Runtime::new().unwrap();
    let waiting = store.clone();
    stopping.block_on(async {
        let waits = timeout(Duration::ZERO, take(&waiting, Slot::from_bytes([1; 32])));
        assert!(waits.await.is_err(), "the connection is held");
    });
    drop(stopping);
    lasting.block_on(async move {
        drop(held);
        for number in 2..4 {
            assert!(!take(&store, Slot::from_bytes([number; 32])).await.unwrap());
        }
    });
}
