//! Servers that stop, stall, or drop their connections, while people add credentials.

use std::fmt;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::engines::Engines;
use crate::load::{Flow, Load};
use crate::person::{Outcome, Person, Seen};
use crate::support::servers::Directory;
use crate::worker::Worker;

const BEFORE: Duration = Duration::from_millis(500);
const AFTERWARDS: Duration = Duration::from_secs(3);
const SECOND: Duration = Duration::from_secs(1);
const STALL: Duration = Duration::from_secs(2);

/// Runs the load while `fault` happens. `fault` returns when the servers are back.
async fn disturb(what: &str, longest: Duration, fault: impl AsyncFnOnce(&mut Engines)) -> Option<Figures> {
    let mut engines = Engines::start().await?;
    let directory = Directory::new("workers");
    let sockets = ["a", "b"].map(|name| directory.path().join(name));
    let [postgres, redis] = engines.tcp_urls();
    let start = |socket| Worker::start(&postgres, &redis, socket);
    let _workers = tokio::task::block_in_place(|| sockets.each_ref().map(|socket| start(socket)));
    let load = Load::start(sockets.to_vec());
    tokio::time::sleep(BEFORE).await;
    fault(&mut engines).await;
    let back = Instant::now();
    tokio::time::sleep(AFTERWARDS).await;
    let (flows, seen, ledger) = load.stop().await;
    let figures = Figures::of(&flows, &seen, back);
    println!("{what}: {figures}, {}", ledger.check(&engines).await);
    assert!(figures.slowest_answer < longest, "{:?}", figures.slowest_answer);
    assert!(figures.first_flow < SECOND, "{:?}", figures.first_flow);
    assert!(figures.last_unavailable < SECOND, "{:?}", figures.last_unavailable);
    Some(figures)
}

/// The answers that people saw.
struct Figures {
    unavailable: usize,
    slowest_answer: Duration,
    /// The time from the return of the servers to the end of the first flow that started after it.
    first_flow: Duration,
    /// The time from the return of the servers to the last request that was answered with 503.
    last_unavailable: Duration,
}

impl Figures {
    fn of(flows: &[Flow], seen: &[Seen], back: Instant) -> Self {
        let unavailable: Vec<&Seen> = seen.iter().filter(|seen| seen.is_unavailable).collect();
        let first = flows.iter().filter(|flow| flow.started >= back).map(|flow| flow.ended).min();
        let last = unavailable.iter().map(|seen| seen.asked.saturating_duration_since(back)).max();
        Self {
            unavailable: unavailable.len(),
            slowest_answer: seen.iter().map(|seen| seen.answered - seen.asked).max().unwrap(),
            first_flow: first.expect("flows go on") - back,
            last_unavailable: last.unwrap_or_default(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unavailable, slowest_answer, first_flow, last_unavailable } = self;
        write!(
            f,
            "{unavailable} answers of 503, the slowest answer after {slowest_answer:.1?}; when the servers were back, \
             the first flow was done after {first_flow:.1?}, the last 503 was for a question at {last_unavailable:.1?}"
        )
    }
}

fn wait(duration: Duration) {
    tokio::task::block_in_place(|| std::thread::sleep(duration));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_crashes_and_starts_again() {
    let fault = async |engines: &mut Engines| {
        engines.postgres.crash();
        // Longer than anybody waits.
        wait(6 * SECOND);
        tokio::task::block_in_place(|| engines.postgres.start_again());
    };
    let Some(figures) = disturb("PostgreSQL crashed for 6 s", 7 * SECOND, fault).await else { return };
    assert!(figures.unavailable > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_crashes_and_starts_again() {
    let fault = async |engines: &mut Engines| {
        engines.redis.kill();
        wait(STALL);
        tokio::task::block_in_place(|| engines.redis.start_again());
    };
    let Some(figures) = disturb("Redis crashed for 2 s", 5 * SECOND, fault).await else { return };
    assert!(figures.unavailable > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_drop_every_connection() {
    const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let fault = async |engines: &mut Engines| {
        for _ in 0..5 {
            let mut postgres = PgConnection::connect(&engines.postgres.url()).await.unwrap();
            sqlx::raw_sql(END).execute(&mut postgres).await.unwrap();
            let mut redis = engines.redis.connection();
            redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).exec(&mut redis).unwrap();
            wait(Duration::from_millis(100));
        }
    };
    disturb("every connection dropped, 5 times in 0.5 s", 5 * SECOND, fault).await;
}

/// The requests wait for it: the stall is shorter than the five seconds that PostgreSQL has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_stalls() {
    let fault = async |engines: &mut Engines| {
        engines.postgres.freeze();
        wait(STALL);
        engines.postgres.thaw();
    };
    disturb("PostgreSQL stalled for 2 s", 6 * SECOND, fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stalls() {
    let fault = async |engines: &mut Engines| {
        engines.redis.freeze();
        wait(STALL);
        engines.redis.thaw();
    };
    let Some(figures) = disturb("Redis stalled for 2 s", 5 * SECOND, fault).await else { return };
    assert!(figures.unavailable > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_outlive_redis_and_stay_spent_where_it_writes_everything_down() {
    let Some(mut engines) = Engines::start().await else { return };
    let directory = Directory::new("workers");
    let socket = directory.path().join("worker");
    let [postgres, redis] = engines.tcp_urls();
    let _worker = tokio::task::block_in_place(|| Worker::start(&postgres, &redis, &socket));
    let person = Person::new([socket]);
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(person.mint().await.unwrap()["code"].clone());
    }
    for is_spent in [false, true] {
        tokio::task::block_in_place(|| {
            engines.redis.kill();
            engines.redis.start_again();
        });
        let back = Instant::now();
        // A mint spends none of these codes, and shows when Redis is used again.
        while matches!(person.mint().await, Outcome::Refused(503)) {
            assert!(back.elapsed() < SECOND);
        }
        for code in &codes {
            match person.exchange(code).await {
                Outcome::Ok(_) => assert!(!is_spent),
                Outcome::Refused(403) => assert!(is_spent),
                other => panic!("{other:?}"),
            }
        }
    }
}
