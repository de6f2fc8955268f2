//! The life of a code over Redis: what it costs, whose clock counts, and what is left behind.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_code::clock::Clock;
use credential_code::flow::CodeFlowBuilder;
use credential_code::store::{CodeGrant, Record, RedisStore, Sharing, Slot, SlotKey, SlotKeys};
use credential_code::testing::{ManualClock, Sample};
use credential_code::{Budget, CredentialKind, Insertion, OneTimeStore};

use crate::support::servers::redis::Redis;
use crate::support::{World, attest, register_body};

fn keys() -> SlotKeys {
    SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[])
}

fn on(store: &Arc<RedisStore>) -> impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder {
    let store = store.clone();
    |builder| builder.code_store(store.clone()).registration_store(store).slot_keys(keys())
}

/// Commands on records and on purses since the last time.
struct Calls<'a> {
    server: &'a Redis,
    seen: [u64; 2],
}

impl Calls<'_> {
    fn since(&mut self) -> [u64; 2] {
        let records = self.server.calls("set") + self.server.calls("getdel");
        let now = [records, self.server.calls("eval")];
        let new = std::array::from_fn(|index| now[index] - self.seen[index]);
        self.seen = now;
        new
    }
}

/// Without shared budgets scripts run for the clock alone, and each sets nothing.
#[tokio::test]
async fn mint_is_one_round_trip_exchange_two_and_register_one() {
    let Some(server) = Redis::start() else { return };
    let store = Arc::new(RedisStore::at(server.url()).connect().await.unwrap());
    let world = World::with(on(&store));
    let mut calls = Calls { server: &server, seen: [0, 0] };
    calls.since();
    for kind in [CredentialKind::Key, CredentialKind::Fido2] {
        let code = world.mint().await;
        assert_eq!(calls.since(), [1, 0], "mint");
        let challenge = world.exchange(kind, &code).await.ok();
        assert_eq!(calls.since(), [2, 0], "exchange");
        world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        assert_eq!(calls.since(), [1, 0], "register");
    }
}

/// A script that keeps something counts as a `SET` as well.
#[tokio::test]
async fn shared_budgets_cost_a_payment_and_its_return_for_each_purse() {
    let Some(server) = Redis::start() else { return };
    let store = Arc::new(RedisStore::at(server.url()).connect().await.unwrap());
    let world = World::with(|builder| on(&store)(builder).budgets(store.clone()));
    let mut calls = Calls { server: &server, seen: [0, 0] };
    calls.since();
    let code = world.mint().await;
    assert_eq!(calls.since()[1], 1, "mint pays the user's");
    world.exchange(CredentialKind::Key, &code).await.ok();
    assert_eq!(calls.since()[1], 2, "exchange without a source pays the flow's, and gets it back");
    world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
    assert_eq!(calls.since()[1], 1, "a miss gets nothing back");
}

#[tokio::test]
async fn two_flows_spend_one_budget() {
    let Some(server) = Redis::start() else { return };
    let store = Arc::new(RedisStore::at(server.url()).connect().await.unwrap());
    let world =
        || World::with(|builder| on(&store)(builder).budgets(store.clone()).misses(Budget::per_minute(6)));
    let (one, other) = (world(), world());
    for world in [&one, &other, &one, &other, &one, &other] {
        world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(403, "invalid_code");
    }
    for world in [&one, &other] {
        world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(429, "too_many_attempts");
    }
}

/// The one clock is that of Redis, and Redis drops what is over by itself.
#[tokio::test]
async fn the_store_tells_the_time_of_redis() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let Sharing::Shared(clock) = OneTimeStore::<CodeGrant>::sharing(&store) else { panic!("{store:?}") };
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query(&mut server.connection()).unwrap();
    let of_redis = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros);
    let off = clock.now().duration_since(of_redis).unwrap_or_else(|error| error.duration());
    assert!(off < Duration::from_secs(1), "{off:?}");
}

#[tokio::test]
async fn a_late_clock_brings_nothing_back_that_expired_more_than_five_seconds_ago() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let now = SystemTime::now();
    let late = ManualClock::at(now - Duration::from_secs(600));
    for (age, is_there) in [(4, true), (6, false)] {
        let slot = Slot::from_bytes([age; 32]);
        let record = CodeGrant::sample(age, now - Duration::from_secs(age.into()));
        assert_eq!(store.insert(slot, record).await.unwrap(), Insertion::Created);
        let taken: Option<CodeGrant> = store.take(slot, late.now()).await.unwrap();
        assert_eq!(taken.is_some(), is_there, "{age} seconds");
    }
}

#[tokio::test]
async fn every_key_expires_by_itself() {
    let Some(server) = Redis::start() else { return };
    let store = Arc::new(RedisStore::at(server.url()).connect().await.unwrap());
    let world = World::with(|builder| on(&store)(builder).budgets(store.clone()));
    world.challenge(CredentialKind::Key).await;
    world.mint().await;
    let mut connection = server.connection();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let of =
        |name: &str| keys.iter().filter(|key| key.starts_with(&format!("credential-code:{name}:"))).count();
    assert_eq!([of(CodeGrant::NAME), of("pending_registrations"), of("purses")], [1, 1, 2], "{keys:?}");
    for key in &keys {
        let expires: i64 = redis::cmd("PEXPIRETIME").arg(key).query(&mut connection).unwrap();
        assert!(expires > 0, "{key}: {expires}");
    }
}

#[tokio::test]
async fn a_record_that_cant_be_read_is_refused_and_gone() {
    let Some(server) = Redis::start() else { return };
    let store = Arc::new(RedisStore::at(server.url()).connect().await.unwrap());
    let world = World::with(on(&store));
    let mut connection = server.connection();
    for damaged in [&b""[..], &[200, 1, 2, 3], &[1, 2], &[1, 1, 5]] {
        let code = world.mint().await;
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        let [key] = &keys[..] else { panic!("{keys:?}") };
        redis::cmd("SET").arg(key).arg(damaged).exec(&mut connection).unwrap();
        world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
        let left: u64 = redis::cmd("DBSIZE").query(&mut connection).unwrap();
        assert_eq!(left, 0);
    }
}
