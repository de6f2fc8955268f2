//! PostgreSQL when it stalls, stops, or changes its mind.

use std::time::{Duration, Instant, SystemTime};

use credential_code::store::{CodeGrant, Slot, SqlStore};
use credential_code::testing::Sample;
use credential_code::{Insertion, OneTimeStore};

use crate::backend::{Backend, Engine};
use crate::servers::postgres::Postgres;

/// A server with the tables in it.
async fn server() -> Option<(Postgres, SqlStore)> {
    let server = Postgres::start()?;
    let store = SqlStore::connect_postgres(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    Some((server, store))
}

async fn insert(store: &SqlStore, number: u8) -> Slot {
    let slot = Slot::from_bytes([number; 32]);
    let record = CodeGrant::sample(number, SystemTime::now() + Duration::from_secs(600));
    assert_eq!(store.insert(slot, record).await.unwrap(), Insertion::Created);
    slot
}

async fn take(store: &SqlStore, slot: Slot) -> Result<bool, credential_code::store::StoreError> {
    let taken: Option<CodeGrant> = store.take(slot, SystemTime::now()).await?;
    Ok(taken.is_some())
}

/// PostgreSQL sends the row before it commits. A store that stops reading at the row would hand out a record that comes back.
#[tokio::test]
async fn a_take_is_not_acknowledged_before_it_is_committed() {
    let Some((server, store)) = server().await else { return };
    let backend = Backend { store, engine: Engine::Postgres(server) };
    let slot = insert(&backend.store, 1).await;
    let refuse_to_commit = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON credential_code_records
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()";
    backend.run(refuse_to_commit).await;
    take(&backend.store, slot).await.unwrap_err();
    backend.run("DROP TRIGGER refuse ON credential_code_records").await;
    assert!(take(&backend.store, slot).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_holds_nobody_longer_than_the_deadline() {
    let Some((server, store)) = server().await else { return };
    let deadline = Duration::from_millis(500);
    let hasty = store.clone().with_deadline(deadline);
    let slots = [insert(&store, 1).await, insert(&store, 2).await];
    server.freeze();
    let started = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    // More than there are connections.
    for _ in 0..50 {
        let store = hasty.clone();
        callers.spawn(async move { take(&store, slots[0]).await });
    }
    assert!(callers.join_all().await.iter().all(Result::is_err));
    let waited = started.elapsed();
    assert!(waited >= deadline && waited < deadline + Duration::from_secs(2), "{waited:?}");
    server.thaw();
    assert!(take(&store, slots[1]).await.unwrap(), "what the stall did not touch is as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_stall_is_waited_for() {
    let Some((server, store)) = server().await else { return };
    let slot = insert(&store, 1).await;
    server.freeze();
    let taking = tokio::spawn(async move { take(&store, slot).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.thaw();
    assert!(taking.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_used_again_at_once() {
    let Some((mut server, store)) = server().await else { return };
    let slot = insert(&store, 1).await;
    server.stop();
    let asked = Instant::now();
    take(&store, slot).await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    server.start_again();
    let back = Instant::now();
    while take(&store, slot).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
    assert!(!take(&store, slot).await.unwrap(), "and it was taken once");
}

/// The statement of a caller who hangs up is finished, and its connection is as good as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_hang_up_cost_no_connection() {
    let Some((_server, store)) = server().await else { return };
    let slot = insert(&store, 1).await;
    for _ in 0..200 {
        let missing = Slot::from_bytes([0; 32]);
        let _ = tokio::time::timeout(Duration::from_micros(300), take(&store, missing)).await;
    }
    assert!(take(&store, slot).await.unwrap());
}
