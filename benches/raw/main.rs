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
use crate::connection::{Connection, open_postgres, open_sqlite};
use crate::flow::Flow;
use crate::least_host::LeastHost;
use crate::sent::{Raw, Sent};
use crate::statements::Statements;

/// So many people at once.
const PEOPLE: usize = 32;
/// So many users, that none is full: 256 credentials each.
const USERS: u64 = 10_000;
/// How often each side has its turn.
const TURNS: u32 = 4;
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
    let mut connected = vec![Raw::new(sent.clone(), first)];
    while connected.len() < connections {
        connected.push(Raw::new(sent.clone(), open().await?));
    }
    let mut sides = Sides { raw: connected, whole: vec![flow; PEOPLE] };
    let rates = sides.measure(time).await?;
    print(engine, connections, &format!("{} statements", sent.count()), rates);
    Ok(())
}

async fn measure_redis(server: &Redis, time: Duration) -> Result<(), BoxError> {
    let store = RedisStore::connect(server.url()).await?;
    let flow = Flow::new(store, LeastHost)?;
    let commands = Commands::hear(&flow, server).await?;
    let count = commands.count();
    let mut sides = Sides { raw: vec![commands; PEOPLE], whole: vec![flow; PEOPLE] };
    let rates = sides.measure(time).await?;
    print("Redis", 1, &format!("{count} commands"), rates);
    Ok(())
}

fn print(engine: &str, connections: usize, of_a_flow: &str, [raw, whole]: [f64; 2]) {
    let ratio = whole / raw;
    println!("| {engine} | {connections} | {of_a_flow} | {raw:.0} | {whole:.0} | {ratio:.2} |");
}

/// Those who tell the engine themselves, and those who go through whole flows.
struct Sides<R, W> {
    raw: Vec<R>,
    whole: Vec<W>,
}

impl<R: Person, W: Person> Sides<R, W> {
    /// Returns the flows a second of both, which take turns: what was stored meanwhile, and what
    /// else the machine does, are the same for both.
    async fn measure(&mut self, time: Duration) -> Result<[f64; 2], BoxError> {
        let (mut raw, mut whole) = (0.0, 0.0);
        // The first turns of both fill caches and prepare statements.
        for turn in 0..=TURNS {
            let of_raw = rate(&mut self.raw, time / TURNS).await?;
            let of_whole = rate(&mut self.whole, time / TURNS).await?;
            if turn > 0 {
                raw += of_raw / f64::from(TURNS);
                whole += of_whole / f64::from(TURNS);
            }
        }
        Ok([raw, whole])
    }
}

/// Lets people work for a while, unless one of them is refused.
async fn rate<P: Person>(people: &mut Vec<P>, time: Duration) -> Result<f64, BoxError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (done, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut working = JoinSet::new();
    for mut person in people.drain(..) {
        let done = done.clone();
        working.spawn(async move {
            while started.elapsed() < time {
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
