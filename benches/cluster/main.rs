//! Measures complete flows per second, through one process and then through two over the same
//! PostgreSQL and Redis. It also shows who had the processor meanwhile. The processes are those of
//! `examples/cluster`, without a budget.
//!
//! Two things can be the limit. One is the machine, when all of its cores are busy. The other is a
//! server that waits for its disk: it uses little of a core and waits for none.

#![allow(dead_code, reason = "what is the example's has more uses there")]

#[path = "../../examples/cluster/src/client.rs"]
mod client;
mod cpu;
#[path = "../../examples/cluster/src/engines.rs"]
mod engines;
#[path = "../../examples/cluster/src/options.rs"]
mod options;
#[path = "../../examples/cluster/src/processes.rs"]
mod processes;
#[path = "../../tests/support/servers/mod.rs"]
mod servers;
#[path = "../../examples/cluster/src/worker.rs"]
mod worker;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use credential_code::error::BoxError;
use credential_code::model::{User, UserId};
use credential_code::store::{Budget, SqlStore};
use credential_code::{CodeFlow, CodePolicy};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::engines::Engines;
use crate::options::Options;
use crate::processes::{Processes, Ring};

/// This many people work at once.
const PEOPLE: usize = 32;
const WARM_UP: Duration = Duration::from_secs(2);

fn main() -> Result<(), BoxError> {
    if let Some(name) = worker::name() {
        return serve(&name);
    }
    let mut args: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(at) = args.iter().position(|argument| argument == "--measure") else {
        println!("Skipped: say for how long with --measure SECONDS.");
        return Ok(());
    };
    let seconds = args.get(at + 1).ok_or("--measure needs a value")?.parse()?;
    args.drain(at..at + 2);
    measure(Options::from_args(args.into_iter())?, Duration::from_secs(seconds))
}

/// Runs one of the processes.
#[tokio::main(flavor = "current_thread")]
async fn serve(name: &str) -> Result<(), BoxError> {
    let plenty = Budget::new(u32::MAX, Duration::from_secs(86_400))?;
    let policy = CodePolicy::default()
        .codes_per_user(plenty)
        .misses_per_source(plenty)
        .misses(plenty)
        .credentials_per_user(usize::MAX);
    let site = worker::builder().await?.events(|_| {}).build()?;
    worker::serve(HeaderValue::from_str(name)?, CodeFlow::new(&site, policy)?).await
}

#[tokio::main]
async fn measure(options: Options, time: Duration) -> Result<(), BoxError> {
    let engines = Engines::start(options.engines)?;
    let store = SqlStore::connect_postgres(&engines.postgres_url).await?;
    store.migrate().await?;
    store.put_user(&User::new(UserId::new(worker::ADA)?, "ada@example.com")).await?;
    let one = flows_per_second(1, &engines, time).await?;
    let two = flows_per_second(2, &engines, time).await?;
    println!("Two processes do {:.2} times as much as one.", two / one);
    Ok(())
}

async fn flows_per_second(count: usize, engines: &Engines, time: Duration) -> Result<f64, BoxError> {
    let processes = Processes::start(count, engines, &Ring::random()?, "http://localhost")?;
    let client = Arc::new(Client::new(processes.addresses()));
    let done = Arc::new(AtomicU64::new(0));
    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        let (client, done) = (client.clone(), done.clone());
        people.spawn(async move {
            loop {
                if let Err(error) = client.add_credential(|_, _| {}).await {
                    return error;
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    sleep(WARM_UP, &mut people).await?;
    let (flows, before, started) = (done.load(Ordering::Relaxed), cpu::by_name(), Instant::now());
    sleep(time, &mut people).await?;
    let took = started.elapsed().as_secs_f64();
    let rate = (done.load(Ordering::Relaxed) - flows) as f64 / took;

    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{count} process(es): {rate:.0} flows per second. Of {cores} cores,");
    for (name, after) in cpu::by_name() {
        let before = before.get(&name).copied().unwrap_or_default();
        let [had, wanted] = [after.ran - before.ran, after.waited - before.waited].map(|time| time / took);
        println!("  {name} had {had:.2}, and waited for {wanted:.2} more;");
    }
    Ok(rate)
}

/// Lets people work for a while, unless one of them is refused.
async fn sleep(time: Duration, people: &mut JoinSet<BoxError>) -> Result<(), BoxError> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(refused) = people.join_next() => Err(refused?),
    }
}
