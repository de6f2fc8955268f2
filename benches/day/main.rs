//! A day of an attacker, by a clock that this bench moves.
//!
//! One account mints and begins as fast as its budgets let it. A botnet guesses as fast as
//! everybody's budget lets it, from ever new sources. All budgets are the defaults. Each hour the
//! bench prints what is held, and what an honest flow costs. It stops where that exceeds the bounds
//! of `docs/stores.md`.

#[path = "../../tests/support/servers/mod.rs"]
mod servers;
#[path = "../raw/statements.rs"]
mod statements;
mod world;

use std::env;
use std::time::{Duration, Instant, SystemTime};

use credential_code::Storage;
use credential_code::error::BoxError;
use credential_code::store::{SlotKey, SlotKeys, SqlStore};
use credential_code::testing::ManualClock;
use servers::Directory;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::statements::Statements;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
/// How often expired rows are purged, in seconds.
const PURGED_EVERY: u64 = 600;
/// How many honest flows are timed each hour: fewer than a user's budget.
const HONEST_FLOWS: usize = 5;

/// From this hour on, memory grows no more: what lives longest is gone after two and a quarter.
const STEADY: u64 = 3;
/// By how much memory may differ from that hour's: by what allocators keep back.
const SLACK: f64 = 1.10;

/// A row stays for an hour after it expired, and until the next purge: 70 minutes.
///
/// An account has 10 codes at once and 10 a minute, which live for a minute. It begins 60 times at
/// once and 60 times a minute, and what it began lives for five.
const MOST_RECORDS: i64 = (10 + 10 * (1 + 70)) + (60 + 60 * (5 + 70));
/// An enrolment is kept for an hour after it expired, and is gone then.
const MOST_ENROLMENTS: i64 = (10 + 10 * (1 + 60 + 70)) + (60 + 60 * (5 + 60 + 70)) + HONEST_ENROLMENTS;
const HONEST_ENROLMENTS: i64 = 3 * HONEST_FLOWS as i64;
/// A guess leaves the purse of its source, which is whole again at once. All are one of 65 536.
const MOST_PURSES: i64 = (600 + 600 * 71) + 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let Some(at) = args.iter().position(|argument| argument == "--hours") else {
        println!("Skipped: say for how long with --hours 24.");
        return Ok(());
    };
    let hours = args.get(at + 1).ok_or("--hours needs a value")?.parse()?;
    let statements = Statements::subscribe();
    let directory = Directory::new("day");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options(&directory)).await?;
    let store = SqlStore::sqlite(pool.clone());
    store.migrate().await?;
    let storage = Storage::shared(store.clone(), SlotKeys::new(&SlotKey::new([7; 32])?, &[]));
    attack("SQLite", storage, Some((&store, &pool)), &statements, hours).await?;
    // What nobody takes is dropped after an hour of the machine's own clock, which is not moved. So
    // this store has room for the codes of three hours, instead of 100 000 records.
    attack("memory", Storage::in_memory_of(1800), None, &statements, hours).await
}

/// What is flushed to the disk is no part of this, and would take most of the time.
fn options(directory: &Directory) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(directory.path().join("day.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
}

async fn attack(
    engine: &str,
    storage: Storage,
    shared: Option<(&SqlStore, &SqlitePool)>,
    statements: &Statements,
    hours: u64,
) -> Result<(), BoxError> {
    let clock = ManualClock::new();
    let mut world = World::new(storage, &clock)?;
    let started = Instant::now();
    println!("\n| {engine}, hour | guesses | records | enrolments | purses | MiB | an honest flow | |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut steady = None;
    let mut work = None;
    for second in 0..=hours * 3600 {
        if second % PURGED_EVERY == 0
            && let Some((store, _)) = shared
        {
            purge(store, world.now()).await?;
        }
        if second % 3600 == 0 {
            let honest = Honest::measure(&world, statements).await?;
            let held = Held::measure(shared.map(|(_, pool)| pool)).await?;
            println!(
                "| {} | {} | {} | {} | {} | {:.1} | {} statements | {:.1?} |",
                second / 3600,
                world.guesses(),
                held.records,
                held.enrolments,
                held.purses,
                held.mebibytes,
                honest.statements,
                honest.median
            );
            held.check();
            assert_eq!(honest.statements, *work.get_or_insert(honest.statements), "the same work each hour");
            assert_eq!(world.evicted(), 0, "what lives is evicted");
            if second / 3600 >= STEADY {
                let most = SLACK * *steady.get_or_insert(held.mebibytes);
                assert!(held.mebibytes <= most, "memory grows to {:.1} MiB", held.mebibytes);
            }
        }
        world.attack().await?;
        clock.advance(SECOND);
    }
    println!("\n{engine}: {hours} hours took {:.0?}.", started.elapsed());
    Ok(())
}

async fn purge(store: &SqlStore, now: SystemTime) -> Result<(), BoxError> {
    const BATCH: u32 = 1000;
    while store.purge(now, BATCH).await? == u64::from(BATCH) {}
    Ok(())
}

/// What an honest flow costs.
struct Honest {
    statements: usize,
    median: Duration,
}

impl Honest {
    async fn measure(world: &World, statements: &Statements) -> Result<Self, BoxError> {
        let (done, sent) = statements.of(world.add_credential()).await;
        done?;
        let mut taken = Vec::new();
        for _ in 1..HONEST_FLOWS {
            let asked = Instant::now();
            world.add_credential().await?;
            taken.push(asked.elapsed());
        }
        taken.sort_unstable();
        Ok(Self { statements: sent.len(), median: taken[taken.len() / 2] })
    }
}

/// What is held: rows of a shared store, and the memory of this process.
#[derive(Default)]
struct Held {
    records: i64,
    enrolments: i64,
    purses: i64,
    mebibytes: f64,
}

impl Held {
    async fn measure(pool: Option<&SqlitePool>) -> Result<Self, BoxError> {
        let mebibytes = resident_mebibytes().unwrap_or_default();
        let Some(pool) = pool else { return Ok(Self { mebibytes, ..Self::default() }) };
        let counts = "SELECT (SELECT COUNT(*) FROM credential_code_records), \
             (SELECT COUNT(*) FROM credential_code_enrolments), (SELECT COUNT(*) FROM credential_code_purses)";
        let (records, enrolments, purses) = sqlx::query_as(counts).fetch_one(pool).await?;
        Ok(Self { records, enrolments, purses, mebibytes })
    }

    fn check(&self) {
        let Self { records, enrolments, purses, .. } = *self;
        assert!(records <= MOST_RECORDS, "{records} records");
        assert!(enrolments <= MOST_ENROLMENTS, "{enrolments} enrolments");
        assert!(purses <= MOST_PURSES, "{purses} purses");
    }
}

/// Where the system tells.
fn resident_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}
