//! Enrolments over Redis: how long they are kept, and what stays behind.

use std::time::{Duration, SystemTime};

use credential_code::error::StoreErrorKind;
use credential_code::model::{EnrolmentId, Insertion, Stage};
use credential_code::store::{Entry, EntryChange, RedisStore, SharedLedger, Slot, Transition};
use redis::Connection;

use crate::support::servers::redis::Redis;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const OWNER: Slot = Slot::from_bytes([7; 32]);
/// The same in base64url.
const KEY: &str = "credential-code:enrolments:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

fn id(number: u8) -> EnrolmentId {
    EnrolmentId::new(format!("en-aaaaa-bbbbb-{number:016}")).unwrap()
}

async fn enter(store: &RedisStore, number: u8, at: SystemTime, gone_at: SystemTime) {
    let entry = Entry::new(OWNER, id(number), at, at + 60 * SECOND, gone_at);
    assert_eq!(store.enter(entry).await.unwrap(), Insertion::Created);
}

async fn revoke(store: &RedisStore, number: u8, gone_at: SystemTime) {
    let change = EntryChange::new(Stage::Revoked, gone_at);
    let transition = store.advance(OWNER, &id(number), &[Stage::Waiting], change).await.unwrap();
    assert!(matches!(transition, Transition::Made(_)), "{transition:?}");
}

/// Returns when Redis drops the key.
fn dropped_at(connection: &mut Connection) -> SystemTime {
    let millis: u64 = redis::cmd("PEXPIRETIME").arg(KEY).query(connection).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn whole_now() -> SystemTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}

#[tokio::test]
async fn a_users_key_lives_five_seconds_longer_than_the_enrolment_that_is_gone_last() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let (mut connection, now) = (server.connection(), whole_now());
    enter(&store, 1, now, now + HOUR).await;
    assert_eq!(dropped_at(&mut connection), now + HOUR + 5 * SECOND);
    enter(&store, 2, now, now + HOUR / 2).await;
    assert_eq!(dropped_at(&mut connection), now + HOUR + 5 * SECOND, "a sooner one leaves it");
    revoke(&store, 2, now + 2 * HOUR).await;
    assert_eq!(dropped_at(&mut connection), now + 2 * HOUR + 5 * SECOND, "a later one extends it");
    revoke(&store, 1, now + 60 * SECOND).await;
    assert_eq!(dropped_at(&mut connection), now + 2 * HOUR + 5 * SECOND);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(keys, [KEY]);
}

#[tokio::test]
async fn what_is_gone_is_dropped_at_most_once_a_minute_when_somebody_enters() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let now = whole_now();
    let is_there = async |number: u8| store.find(OWNER, &id(number)).await.unwrap().is_some();
    enter(&store, 1, now, now + 10 * SECOND).await;
    enter(&store, 2, now, now + HOUR).await;
    enter(&store, 3, now + 59 * SECOND, now + HOUR).await;
    assert!(is_there(1).await, "it was looked at less than a minute ago");
    enter(&store, 4, now + 60 * SECOND, now + 118 * SECOND).await;
    assert!(!is_there(1).await);
    enter(&store, 5, now + 120 * SECOND, now + HOUR).await;
    assert!(is_there(4).await, "it is kept for five seconds more, since clocks differ");
    enter(&store, 6, now + 180 * SECOND, now + HOUR).await;
    assert!(!is_there(4).await);
    for number in [2, 3, 5, 6] {
        assert!(is_there(number).await, "{number}");
    }
    let fields: u64 = redis::cmd("HLEN").arg(KEY).query(&mut server.connection()).unwrap();
    assert_eq!(fields, 4 * 4 + 2, "of each its stage, two times and its beginning, and of the key two times");
}

#[tokio::test]
async fn each_verb_is_one_command() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let now = SystemTime::now();
    let before = server.calls("eval");
    enter(&store, 1, now, now + HOUR).await;
    revoke(&store, 1, now + HOUR).await;
    assert_eq!(server.calls("eval") - before, 2);
    // The script of an advance asks for it as well.
    let before = [server.calls("hmget"), server.calls("hgetall")];
    store.find(OWNER, &id(1)).await.unwrap().unwrap();
    assert_eq!(store.entries(OWNER, now).await.unwrap().len(), 1);
    assert_eq!([server.calls("hmget"), server.calls("hgetall")], before.map(|calls| calls + 1));
}

#[tokio::test]
async fn a_damaged_enrolment_is_a_failure_and_nothing_worse() {
    let Some(server) = Redis::start() else { return };
    let store = RedisStore::at(server.url()).connect().await.unwrap();
    let (mut connection, now) = (server.connection(), SystemTime::now());
    let damages: [(&str, &[u8]); 7] = [
        ("s", b"Waiting"),
        ("s", b"\xff"),
        ("e", b""),
        ("g", b"-1"),
        ("a", b"256"),
        ("b", b""),
        ("b", &[200, 103]),
    ];
    for (field, damage) in damages {
        enter(&store, 1, now, now + HOUR).await;
        let name = format!("{field}:{}", id(1));
        redis::cmd("HSET").arg(KEY).arg(name).arg(damage).exec(&mut connection).unwrap();
        for error in
            [store.find(OWNER, &id(1)).await.unwrap_err(), store.entries(OWNER, now).await.unwrap_err()]
        {
            assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{field} {damage:?}: {error:?}");
        }
        redis::cmd("DEL").arg(KEY).exec(&mut connection).unwrap();
    }
}
