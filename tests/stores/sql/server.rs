//! The queries to PostgreSQL, and what happens when it stalls or stops.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::{ErrorKind, StoreError};
use credential_code::host::{Caller, Changed, CredentialManagement};
use credential_code::model::{CredentialKind, CredentialUuid, Insertion, User, UserId};
use credential_code::store::{Budget, CodeGrant, EngineClock, OneTimeStore, PurseStore, Slot, SqlStore};
use credential_code::testing::{MemoryHost, Sample, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

use super::backend::world_over;
use crate::support::servers::postgres::Postgres;
use crate::support::{ORIGIN, PARTY, attest, register_body, user};
use crate::two_processes::keys;

/// Starts a server with the tables in it.
async fn server() -> Option<(Postgres, SqlStore)> {
    let server = Postgres::start()?;
    let store = SqlStore::connect_postgres(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    Some((server, store))
}

pub(crate) async fn insert(store: &SqlStore, number: u8) -> Slot {
    let slot = Slot::from_bytes([number; 32]);
    let record = CodeGrant::sample(number, SystemTime::now() + Duration::from_secs(600));
    assert_eq!(store.insert(slot, record).await.unwrap(), Insertion::Created);
    slot
}

pub(crate) async fn take(store: &SqlStore, slot: Slot) -> Result<bool, StoreError> {
    let taken: Option<CodeGrant> = store.take(slot, SystemTime::now()).await?;
    Ok(taken.is_some())
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
    // More requests than there are connections.
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

/// Nobody waits longer than five seconds, whatever the host asks for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_is_never_longer_than_the_usual_one() {
    let Some((server, store)) = server().await else { return };
    let slot = insert(&store, 1).await;
    let patient = store.with_deadline(Duration::from_secs(3600));
    server.freeze();
    let taken = tokio::time::timeout(Duration::from_secs(7), take(&patient, slot)).await;
    server.thaw();
    taken.expect("an answer within the deadline").unwrap_err();
}

/// The server's clock is ten minutes ahead of this machine's. This machine's clock does not matter.
#[tokio::test]
async fn the_servers_clock_is_the_one_that_counts() {
    const AHEAD: Duration = Duration::from_secs(600);
    let Some(server) = Postgres::start() else { return };
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let clock = "
        CREATE SCHEMA ahead;
        CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql
            AS $$ SELECT pg_catalog.clock_timestamp() + interval '10 minutes' $$";
    connection.execute(sqlx::raw_sql(clock)).await.unwrap();
    let url = server.url() + "&options[search_path]=ahead,pg_catalog";
    let store = SqlStore::connect_postgres(&url).await.unwrap();
    store.migrate().await.unwrap();
    let off = store.clock().now().duration_since(SystemTime::now() + AHEAD);
    let off = off.unwrap_or_else(|late| late.duration());
    assert!(off <= EngineClock::SLOWEST / 2, "{off:?}");

    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let storage = Storage::shared_records(store, keys());
    let site = site_builder(&host).events(|_| {}).storage(storage).build().unwrap();
    let flow = CodeFlow::new(&site, CodePolicy::default()).unwrap();
    let mint_for_a_minute_from = async |now: SystemTime| {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let expiration = Expiration::from_unix(now.as_secs() + 60).unwrap();
        flow.mint(&Caller::new(user()), MintRequest::new(expiration)).await
    };
    let refusal = mint_for_a_minute_from(SystemTime::now()).await.expect_err("that was nine minutes ago");
    assert_eq!(refusal.kind(), ErrorKind::InvalidRequest);
    assert!(refusal.message().contains("in the past"), "{refusal:?}");
    let code = mint_for_a_minute_from(SystemTime::now() + AHEAD).await.unwrap().code;
    let lives_for = "
        SELECT expires_at / 1000000 - EXTRACT(EPOCH FROM ahead.clock_timestamp())::BIGINT
        FROM ahead.credential_code_records";
    let lives_for: i64 = sqlx::query_scalar(lives_for).fetch_one(&mut connection).await.unwrap();
    assert!((50..=61).contains(&lives_for), "{lives_for} seconds");
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    flow.exchange(ExchangeRequest::new(code, CredentialKind::Key, party)).await.unwrap();
}

/// The store often goes into a flow, or into none, while its clock goes on.
#[tokio::test]
async fn a_clock_is_kept_right_without_its_store_and_not_without_itself() {
    let Some(server) = Postgres::start() else { return };
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let tasks = || async {
        // Every task that is about to end has ended.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tokio::runtime::Handle::current().metrics().num_alive_tasks()
    };
    let without = tasks().await;
    let store = SqlStore::postgres(pool.clone()).await.unwrap();
    let clock = store.clock();
    // There is one task more until the pool has its connection back.
    while tasks().await > without + 1 {}
    drop(store);
    assert_eq!(tasks().await, without + 1);
    drop(clock);
    assert_eq!(tasks().await, without);
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

/// If a caller hangs up, the statement is finished. Its connection is as good as before.
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

/// At that level the database refuses the losers of a race with an error. That must not let two of
/// them win.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_wins_at_any_level_of_isolation() {
    let Some((server, store)) = server().await else { return };
    let options: PgConnectOptions = server.url().parse().unwrap();
    let options = options.options([("default_transaction_isolation", "serializable")]);
    let strict = SqlStore::postgres(PgPool::connect_with(options).await.unwrap()).await.unwrap();
    for number in 0..50 {
        let slot = insert(&store, number).await;
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let store = strict.clone();
            racers.spawn(async move { take(&store, slot).await.is_ok_and(|is_taken| is_taken) });
        }
        assert_eq!(racers.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
}

/// Mint makes one statement on records, exchange two, register one. Each makes one on enrolments
/// and one look at the user. The repository makes its own.
#[tokio::test]
async fn no_endpoint_makes_more_round_trips_than_it_must() {
    let Some(server) = Postgres::start_with(&["log_statement=all"]) else { return };
    let store = SqlStore::connect_postgres(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let world = world_over(store, |setup| setup).await;
    // Returns the statements since the last time, by table.
    let mut read = server.log().len();
    let mut asked = || {
        let log = server.log();
        let new = log[read..].to_owned();
        read = log.len();
        let of = |table| new.split("LOG:  ").filter(|statement| statement.contains(table)).count();
        let statements = new.matches("LOG:  execute").count() + new.matches("LOG:  statement").count();
        let tables = [
            of("credential_code_records"),
            of("credential_code_enrolments"),
            of("credential_code_users"),
            of("credential_code_credentials"),
        ];
        // A transaction begins, takes its lock on the way, and is committed.
        let around = 2 * new.matches("pg_advisory_xact_lock").count();
        assert_eq!(statements, tables.iter().sum::<usize>() + around, "{new}");
        tables
    };
    for kind in [CredentialKind::Key, CredentialKind::Fido2] {
        let code = world.mint().await;
        assert_eq!(asked(), [1, 1, 1, 0], "mint");
        let challenge = world.exchange(kind, &code).await.ok();
        // The looks ask whether there is room, and which passkeys an authenticator should not hold
        // already.
        let looks = 1 + usize::from(kind == CredentialKind::Fido2);
        assert_eq!(asked(), [2, 1, 1, looks], "exchange");
        world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        assert_eq!(asked(), [1, 1, 1, 1], "register");
    }
}

/// Otherwise the row that all payments change would leave a dead row and two dead index entries
/// behind each time.
#[tokio::test]
async fn a_payment_changes_its_row_where_it_lies() {
    const PAYMENTS: u32 = 500;
    let Some((server, _store)) = server().await else { return };
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let payer = SqlStore::postgres(pool.clone()).await.unwrap();
    let (purse, now) = (Slot::from_bytes([7; 32]), SystemTime::now());
    // Half of them are refused.
    let budget = Budget::per_minute(PAYMENTS / 2);
    // The first one makes the row.
    for _ in 0..=PAYMENTS {
        let _ = payer.spend(purse, budget, now).await.unwrap();
    }
    // A connection reports its statistics to the server when it ends.
    pool.close().await;
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let updates = "
        SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'credential_code_purses'";
    let asked = Instant::now();
    let updates = loop {
        let updates: (i64, i64) = sqlx::query_as(updates).fetch_one(&mut connection).await.unwrap();
        if updates.0 == i64::from(PAYMENTS) || asked.elapsed() > Duration::from_secs(10) {
            break updates;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(updates, (PAYMENTS.into(), PAYMENTS.into()));
}

/// A change that got no lock must leave no open transaction on a connection of the pool.
#[tokio::test]
async fn a_lock_that_is_not_given_spoils_no_connection() {
    let Some(server) = Postgres::start_with(&["statement_timeout=200"]) else { return };
    let pool = PgPoolOptions::new().max_connections(2).connect(&server.url()).await.unwrap();
    let store = SqlStore::postgres(pool.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let uuid = CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap();
    let digest = Sha256::digest(user().as_str());
    let lock = i32::from_be_bytes(digest[..4].try_into().unwrap());
    let mut other = PgConnection::connect(&server.url()).await.unwrap();
    let held =
        format!("SET statement_timeout = 0; BEGIN; SELECT pg_advisory_xact_lock({}, {lock})", 0x63_72_64_63);
    sqlx::raw_sql(AssertSqlSafe(held)).execute(&mut other).await.unwrap();
    for _ in 0..6 {
        store.rename(&user(), &uuid, "x").await.unwrap_err();
    }
    let neighbour = UserId::new("us-eve").unwrap();
    for _ in 0..6 {
        let renamed = store.rename(&neighbour, &uuid, "x").await;
        assert_eq!(renamed.unwrap(), Changed::Missing, "another user waits for nobody");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    for _ in 0..6 {
        assert_eq!(store.rename(&user(), &uuid, "x").await.unwrap(), Changed::Missing);
    }
}
