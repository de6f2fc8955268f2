//! Redis when it stalls, crashes, drops connections, or is full.

use std::time::{Duration, Instant, SystemTime};

use credential_code::Storage;
use credential_code::error::StoreError;
use credential_code::model::{CredentialKind, Insertion};
use credential_code::store::{Budget, CodeGrant, OneTimeStore, Payment, PurseStore, RedisStore, Slot};
use credential_code::testing::Sample;

use super::relay::Relay;
use crate::support::servers::redis::Redis;
use crate::support::{MINT, World, attest, register_body};
use crate::two_processes::keys;

const TIMEOUT: Duration = Duration::from_millis(300);

async fn connect(server: &Redis) -> RedisStore {
    connect_to(server.url()).await
}

async fn connect_to(url: impl Into<String>) -> RedisStore {
    RedisStore::at(url).timeout(TIMEOUT).connect().await.unwrap()
}

async fn insert(store: &RedisStore, number: u8) -> Slot {
    let slot = Slot::from_bytes([number; 32]);
    let record = CodeGrant::sample(number, SystemTime::now() + Duration::from_secs(600));
    assert_eq!(store.insert(slot, record).await.unwrap(), Insertion::Created);
    slot
}

pub(crate) async fn take(store: &RedisStore, slot: Slot) -> Result<bool, StoreError> {
    let taken: Option<CodeGrant> = store.take(slot, SystemTime::now()).await?;
    Ok(taken.is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_holds_nobody_longer_than_the_timeout() {
    let Some(server) = Redis::start() else { return };
    let store = connect(&server).await;
    let slots = [insert(&store, 1).await, insert(&store, 2).await];
    server.freeze();
    let started = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let store = store.clone();
        callers.spawn(async move { take(&store, slots[0]).await });
    }
    assert!(callers.join_all().await.iter().all(Result::is_err));
    let waited = started.elapsed();
    assert!(waited >= TIMEOUT && waited < TIMEOUT + Duration::from_secs(2), "{waited:?}");
    server.thaw();
    let back = Instant::now();
    while !take(&store, slots[1]).await.unwrap_or(false) {
        assert!(back.elapsed() < Duration::from_secs(1), "it is used again within a second");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_used_again_within_a_second() {
    let Some(mut server) = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]) else {
        return;
    };
    let store = connect(&server).await;
    let slots = [insert(&store, 1).await, insert(&store, 2).await];
    assert!(take(&store, slots[0]).await.unwrap());
    server.kill();
    for _ in 0..10 {
        let asked = Instant::now();
        take(&store, slots[1]).await.unwrap_err();
        assert!(asked.elapsed() < TIMEOUT + Duration::from_secs(1), "{:?}", asked.elapsed());
    }
    server.start_again();
    let back = Instant::now();
    // This slot holds nothing. A take without an answer in time may have spent its record.
    while take(&store, Slot::from_bytes([3; 32])).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
    assert!(take(&store, slots[1]).await.unwrap(), "what was acknowledged was written down");
    assert!(!take(&store, slots[0]).await.unwrap(), "and so was what was spent");
}

/// It does not matter whether somebody asked meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_request_after_an_outage_is_answered_however_long_it_was() {
    let Some(mut server) = Redis::start() else { return };
    let connect = async || RedisStore::at(server.url()).connect().await.unwrap();
    let (quiet, asked) = (connect().await, connect().await);
    server.kill();
    take(&asked, Slot::from_bytes([1; 32])).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.start_again();
    let back = Instant::now();
    for store in [quiet, asked] {
        assert!(!take(&store, Slot::from_bytes([1; 32])).await.expect("it is connected again"));
    }
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_is_told_of_at_once() {
    let refusal = RedisStore::at("redis://127.0.0.1:1/").connect().await.unwrap_err();
    let reason = std::error::Error::source(&refusal).unwrap().to_string();
    assert!(reason.contains("refused"), "{reason}");
}

/// A replica that serves stale data answers `READONLY`. One that does not answers `MASTERDOWN` to a
/// script.
#[tokio::test]
async fn a_primary_that_was_demoted_is_left_for_the_one_behind_its_address() {
    for serves_stale_data in ["yes", "no"] {
        let [Some(old), Some(new)] = [Redis::start(), Redis::start()] else { return };
        let relay = Relay::to(&old);
        let store = connect_to(relay.url()).await;
        insert(&store, 1).await;
        let mut connection = old.connection();
        let stale = ["SET", "replica-serve-stale-data", serves_stale_data];
        redis::cmd("CONFIG").arg(&stale).exec(&mut connection).unwrap();
        redis::cmd("REPLICAOF").arg(&["127.0.0.1", "1"]).exec(&mut connection).unwrap();
        relay.lead_to(&new);
        let pay = || store.spend(Slot::from_bytes([1; 32]), Budget::per_minute(1), SystemTime::now());
        pay().await.expect_err("it is still connected to the old one");
        assert_eq!(pay().await.expect("it is connected to the new one"), Payment::Paid);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_comes_back_by_itself() {
    let Some(server) = Redis::start() else { return };
    let store = connect(&server).await;
    for number in 0..20 {
        let slot = insert(&store, number).await;
        redis::cmd("CLIENT")
            .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
            .exec(&mut server.connection())
            .unwrap();
        let started = Instant::now();
        while !take(&store, slot).await.unwrap_or(false) {
            assert!(started.elapsed() < Duration::from_secs(1), "{number}");
        }
    }
}

/// With `noeviction` the server refuses new records with an error. Another policy would drop old
/// ones in silence.
#[tokio::test]
async fn a_full_server_refuses_to_mint_and_keeps_what_it_has() {
    let Some(server) = Redis::start() else { return };
    let storage = Storage::shared_records(connect(&server).await, keys());
    let world = World::with(|setup| setup.storage(storage));
    let challenge = world.challenge(CredentialKind::Key).await;
    let body = serde_json::json!({ "expiration": world.unix(60) });
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "1"]).exec(&mut server.connection()).unwrap();
    world.post_json(MINT, &body).await.assert_refused(503, "unavailable");
    world.register(&register_body(&challenge, &attest(CredentialKind::Key, &challenge))).await.ok();
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "0"]).exec(&mut server.connection()).unwrap();
    world.post_json(MINT, &body).await.ok();
}
