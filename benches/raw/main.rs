//! Whole flows per second over each engine, beside the engine alone. The other side sends the same
//! statements and commands without this crate: in the same order, as durable, over as many
//! connections. The difference is the cost of this crate, its check of a signature included.
//!
//! Both sides have the same people. Each of them makes a key and signs with it.

mod commands;
mod connection;
mod flow;
mod least_host;
mod names;
mod sent;
#[path = "../../tests/support/servers/mod.rs"]
mod servers;
mod statements;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use credential_code::error::BoxError;
use credential_code::store::{RedisStore, SqlStore};
use servers::Directory;
use servers::postgres::Postgres;
use servers::redis::Redis;
use tokio::task::JoinSet;

use crate::commands::Commands;
use crate::connection::{Connection, Shared, open_postgres, open_sqlite};
use crate::flow::Flow;
use crate::least_host::LeastHost;
use crate::sent::{Raw, Sent};
use crate::statements::Statements;

/// So many people at once.
const PEOPLE: usize = 32;
/// So many users, that none is full: 256 credentials each.
const USERS: u64 = 10_000;
/// How long each side has its turn.
const TURN: Duration = Duration::from_secs(1);
/// Connections of a store that `connect_postgres` made, and of one that `open_sqlite` did.
const TO_POSTGRES: usize = 10;
const TO_SQLITE: usize = 1;
/// As in `examples/cluster`: Redis writes each command to its disk before it answers.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Somebody who adds one credential after the other.
pub(crate) trait Person: Send + 'static {
    /// Adds one to that user.
    fn add_credential(&mut self, user: u64) -> impl Future<Output = Result<(), BoxError>> + Send;
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let Some(at) = args.iter().position(|argument| argument == "--measure") else {
        println!("Skipped: say for how long with --measure SECONDS.");
        return Ok(());
    };
    let time = Duration::from_secs(args.get(at + 1).ok_or("--measure needs a value")?.parse()?);
    let statements = Statements::subscribe();
    println!("| engine | connections | of a flow | raw, flows a second | whole flows a second | ratio |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");

    let directory = Directory::new("raw");
    let path = directory.path().join("raw.db");
    let store = SqlStore::open_sqlite(&path).await?;
    measure_sql("SQLite", store, TO_SQLITE, &statements, async || open_sqlite(&path).await, time).await?;
    if let Some(server) = Postgres::start() {
        let store = SqlStore::connect_postgres(&server.url()).await?;
        let open = async || open_postgres(&server.url()).await;
        measure_sql("PostgreSQL", store, TO_POSTGRES, &statements, open, time).await?;
    }
    if let Some(server) = Redis::start_with(&DURABLE) {
        measure_redis(&server, time).await?;
    }
    Ok(())
}

async fn measure_sql<C: Connection>(
    engine: &str,
    store: SqlStore,
    connections: usize,
    statements: &Statements,
    open: impl AsyncFn() -> Result<C, BoxError>,
    time: Duration,
) -> Result<(), BoxError> {
    store.migrate().await?;
    let mut first = open().await?;
    sent::put_users(&store, statements, &mut first).await?;
    let flow = Flow::new(store.clone(), store)?;
    let sent = Arc::new(Sent::hear(&flow, statements, &mut first).await?);
    let mut connected = vec![Shared::new(first)];
    while connected.len() < connections {
        connected.push(Shared::new(open().await?));
    }
    let people = connected.iter().cycle().take(PEOPLE);
    let raw = people.map(|shared| Raw::new(sent.clone(), shared.clone())).collect();
    let mut sides = Sides { raw, whole: vec![flow; PEOPLE] };
    sides.measure(time).await?.print(engine, connections, &format!("{} statements", sent.count()));
    Ok(())
}

async fn measure_redis(server: &Redis, time: Duration) -> Result<(), BoxError> {
    let store = RedisStore::connect(server.url()).await?;
    let flow = Flow::new(store, LeastHost)?;
    let commands = Commands::hear(&flow, server).await?;
    let count = commands.count();
    let mut sides = Sides { raw: vec![commands; PEOPLE], whole: vec![flow; PEOPLE] };
    sides.measure(time).await?.print("Redis", 1, &format!("{count} commands"));
    Ok(())
}

/// Those who tell the engine themselves, and those who go through whole flows.
struct Sides<R, W> {
    raw: Vec<R>,
    whole: Vec<W>,
}

impl<R: Person, W: Person> Sides<R, W> {
    /// Has both take turns, each for that time in all: what is stored, and what else the machine
    /// does, changes for both.
    async fn measure(&mut self, time: Duration) -> Result<Rates, BoxError> {
        let mut rates = Rates::default();
        // The first turns fill caches and prepare statements.
        rate(&mut self.raw).await?;
        rate(&mut self.whole).await?;
        for _ in 0..time.as_secs().max(1) {
            let (raw, whole) = (rate(&mut self.raw).await?, rate(&mut self.whole).await?);
            rates.raw.push(raw);
            rates.whole.push(whole);
            rates.ratio.push(whole / raw);
        }
        Ok(rates)
    }
}

/// Flows a second of both sides, and how the second compares to the first, in each pair of turns.
#[derive(Default)]
struct Rates {
    raw: Vec<f64>,
    whole: Vec<f64>,
    ratio: Vec<f64>,
}

impl Rates {
    fn print(self, engine: &str, connections: usize, of_a_flow: &str) {
        let [raw, whole, ratio] = [self.raw, self.whole, self.ratio].map(median);
        println!("| {engine} | {connections} | {of_a_flow} | {raw:.0} | {whole:.0} | {ratio:.2} |");
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Lets people work for one turn, unless one of them is refused.
async fn rate<P: Person>(people: &mut Vec<P>) -> Result<f64, BoxError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (done, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut working = JoinSet::new();
    for mut person in people.drain(..) {
        let done = done.clone();
        working.spawn(async move {
            while started.elapsed() < TURN {
                person.add_credential(NEXT.fetch_add(1, Ordering::Relaxed) % USERS).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, BoxError>(person)
        });
    }
    while let Some(person) = working.join_next().await {
        people.push(person??);
    }
    Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}
