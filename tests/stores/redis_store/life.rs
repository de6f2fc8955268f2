//! The life of a code over Redis: its cost, the clock that counts, and what stays behind.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_code::clock::Clock;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::{CredentialKind, Insertion, User};
use credential_code::store::{
    Budget, CodeGrant, EngineClock, OneTimeStore, Payment, PurseStore, Record, RedisStore, SharedStore, Slot,
};
use credential_code::testing::{ManualClock, MemoryHost, Sample, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};

use super::relay::Relay;
use crate::sealed::{assert_hidden, leave_everything};
use crate::support::servers::redis::Redis;
use crate::support::{ORIGIN, PARTY, Setup, World, attest, register_body, user};
use crate::two_processes::keys;

/// The keys of codes.
const CODES: &str = "credential-code:codes:*";

/// Puts records in Redis, and budgets in this process.
fn records(store: &RedisStore) -> impl FnOnce(Setup) -> Setup {
    let storage = Storage::shared_records(store.clone(), keys());
    |setup| setup.storage(storage)
}

/// Puts records and budgets in Redis.
fn everything(store: &RedisStore) -> impl FnOnce(Setup) -> Setup {
    let storage = Storage::shared(store.clone(), keys());
    |setup| setup.storage(storage)
}

/// Counts the commands on records, and those on purses and enrolments, since the last time.
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

/// This counts the round trips on records. Each step makes one more on enrolments. Without shared
/// budgets other scripts run for the clock alone, and each sets nothing.
#[tokio::test]
async fn mint_is_one_round_trip_exchange_two_and_register_one() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let world = World::with(records(&store));
    let mut calls = Calls { server: &server, seen: [0, 0] };
    calls.since();
    for kind in [CredentialKind::Key, CredentialKind::Fido2] {
        let code = world.mint().await;
        assert_eq!(calls.since(), [1, 1], "mint");
        let challenge = world.exchange(kind, &code).await.ok();
        assert_eq!(calls.since(), [2, 1], "exchange");
        world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        assert_eq!(calls.since(), [1, 1], "register");
    }
}

/// A script that keeps something counts as a `SET` as well.
#[tokio::test]
async fn shared_budgets_cost_a_payment_and_its_return_for_each_purse() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let world = World::with(everything(&store));
    let mut calls = Calls { server: &server, seen: [0, 0] };
    calls.since();
    let code = world.mint().await;
    assert_eq!(calls.since()[1], 1 + 1, "mint pays the user's, and enters an enrolment");
    world.exchange(CredentialKind::Key, &code).await.ok();
    assert_eq!(calls.since()[1], 2 + 1, "exchange without a source pays the flow's, and gets it back");
    world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
    assert_eq!(calls.since()[1], 1, "a miss gets nothing back");
}

#[tokio::test]
async fn two_flows_spend_one_budget() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let misses = Budget::per_minute(6);
    let world = || World::with(|setup| everything(&store)(setup).policy(|policy| policy.misses(misses)));
    let (one, other) = (world(), world());
    for world in [&one, &other, &one, &other, &one, &other] {
        world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(403, "invalid_code");
    }
    for world in [&one, &other] {
        world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(429, "too_many_attempts");
    }
}

#[tokio::test]
async fn a_purse_is_kept_for_a_spender_whose_clock_is_late() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let (purse, budget) = (Slot::from_bytes([7; 32]), Budget::per_minute(600));
    let late = SystemTime::now() - Duration::from_secs(600);
    for _ in 0..600 {
        assert_eq!(store.spend(purse, budget, late).await.unwrap(), Payment::Paid);
    }
    let refused = store.spend(purse, budget, late).await.unwrap();
    assert!(matches!(refused, Payment::Refused { .. }), "{refused:?}");
}

/// The clock of this Redis is ahead of this process's by ten minutes.
#[tokio::test]
async fn a_flow_goes_by_the_time_of_redis_and_not_by_its_own() {
    let Some(server) = Redis::start() else { return };
    let ahead = Duration::from_secs(600);
    let relay = Relay::ahead(&server, ahead);
    let store = RedisStore::at(relay.url()).connect().await.unwrap();
    let clock = store.clock();
    let (before, of_redis, after) = (SystemTime::now() + ahead, clock.now(), SystemTime::now() + ahead);
    let error = EngineClock::SLOWEST / 2;
    assert!(before <= of_redis + error && of_redis <= after + error, "{before:?}, {of_redis:?}, {after:?}");

    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let storage = Storage::shared_records(store, keys());
    let site = site_builder(&host).events(|_| {}).storage(storage).build().unwrap();
    let flow = CodeFlow::new(&site, CodePolicy::default()).unwrap();
    let mint_for_a_minute_from = async |time: SystemTime| {
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let expiration = Expiration::from_unix(since_epoch.as_secs() + 60).unwrap();
        flow.mint(&Caller::new(user()), MintRequest::new(expiration)).await
    };
    let refusal = mint_for_a_minute_from(SystemTime::now()).await.expect_err("that is past");
    assert_eq!(refusal.kind(), ErrorKind::InvalidRequest);
    assert!(refusal.message().contains("in the past"), "{refusal:?}");
    let minted = mint_for_a_minute_from(clock.now()).await.unwrap();
    assert!(minted.expires_at > clock.now(), "{minted:?}");
    let mut connection = server.connection();
    let keys: Vec<String> = redis::cmd("KEYS").arg(CODES).query(&mut connection).unwrap();
    let dropped_at: u64 = redis::cmd("PEXPIRETIME").arg(keys).query(&mut connection).unwrap();
    let dropped_at = SystemTime::UNIX_EPOCH + Duration::from_millis(dropped_at);
    assert_eq!(dropped_at, minted.expires_at + Duration::from_secs(5));
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    flow.exchange(ExchangeRequest::new(minted.code, CredentialKind::Key, party)).await.unwrap();
}

/// Otherwise nobody would ask Redis for the time any more.
#[tokio::test]
async fn whoever_has_the_clock_alone_keeps_the_connection_that_sets_it() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let clock = store.clock();
    let mut connection = server.connection();
    let mut is_connected = || {
        let clients: String = redis::cmd("CLIENT").arg("LIST").query(&mut connection).unwrap();
        clients.contains("cmd=eval")
    };
    assert!(is_connected());
    drop(store);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(is_connected());
    drop(clock);
    while is_connected() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
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
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let world = World::with(everything(&store));
    world.challenge(CredentialKind::Key).await;
    world.mint().await;
    let mut connection = server.connection();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let of =
        |name: &str| keys.iter().filter(|key| key.starts_with(&format!("credential-code:{name}:"))).count();
    let found = [of(CodeGrant::NAME), of("pending_registrations"), of("enrolments"), of("purses")];
    assert_eq!(found, [1, 1, 1, 2], "{keys:?}");
    for key in &keys {
        let expires: i64 = redis::cmd("PEXPIRETIME").arg(key).query(&mut connection).unwrap();
        assert!(expires > 0, "{key}: {expires}");
    }
}

#[tokio::test]
async fn a_record_that_cant_be_read_is_refused_and_gone() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let world = World::with(records(&store));
    let mut connection = server.connection();
    for damaged in [&b""[..], &[200, 1, 2, 3], &[1, 2], &[1, 1, 5]] {
        let code = world.mint().await;
        let keys: Vec<String> = redis::cmd("KEYS").arg(CODES).query(&mut connection).unwrap();
        let [key] = &keys[..] else { panic!("{keys:?}") };
        redis::cmd("SET").arg(key).arg(damaged).exec(&mut connection).unwrap();
        world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
        let left: Vec<String> = redis::cmd("KEYS").arg(CODES).query(&mut connection).unwrap();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Neither keys nor values say it. Redis writes both into its files.
#[tokio::test]
async fn nothing_in_redis_says_whose_it_is() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let texts = leave_everything(|| Storage::shared(store.clone(), keys())).await;
    let mut connection = server.connection();
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    for kind in ["codes", "pending_registrations", "pending_actions", "user_actions", "pending_approvals"] {
        let prefix = format!("credential-code:{kind}:");
        let name = names.iter().find(|name| name.starts_with(&prefix)).expect("one was left");
        let record: Vec<u8> = redis::cmd("GET").arg(name).query(&mut connection).unwrap();
        assert_hidden(&record, &texts);
    }
    let of_user = names.iter().find(|name| name.starts_with("credential-code:enrolments:")).unwrap();
    let fields: Vec<Vec<u8>> = redis::cmd("HGETALL").arg(of_user).query(&mut connection).unwrap();
    assert!(fields.len() > 2 * 8, "{}", fields.len());
    let names = names.into_iter().map(String::into_bytes);
    names.chain(fields).for_each(|bytes| assert_hidden(&bytes, &texts));
}
