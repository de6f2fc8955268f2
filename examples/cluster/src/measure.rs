use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use credential_code::BoxError;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::cpu::{self, Usage};
use crate::engines::Engines;
use crate::processes::{Processes, Ring};
use crate::worker::Limits;

/// So many people at once.
const PEOPLE: usize = 32;
const WARM_UP: Duration = Duration::from_secs(2);

/// Counts complete flows through one process, then through two over the same servers, and says who had the processor meanwhile. A machine whose
/// cores are all had is the limit, as is a server that neither waits for a core nor has much of one: it waits for its disk.
pub(crate) async fn run(engines: &Engines, time: Duration) -> Result<(), BoxError> {
    if cfg!(debug_assertions) {
        println!("This build is not optimised: measure with --release.");
    }
    let one = flows_per_second(1, engines, time).await?;
    let two = flows_per_second(2, engines, time).await?;
    println!("Two processes do {:.2} times as much as one.", two / one);
    Ok(())
}

async fn flows_per_second(count: usize, engines: &Engines, time: Duration) -> Result<f64, BoxError> {
    let processes = Processes::start(count, engines, &Ring::random()?, "http://localhost", Limits::Relaxed)?;
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
    let usage = || {
        let mut usage =
            vec![("the processes", processes.ids().into_iter().map(cpu::with_children).sum::<Usage>())];
        usage.extend(engines.process_ids().into_iter().map(|(name, id)| (name, cpu::with_children(id))));
        usage.push(("the people", cpu::alone(std::process::id())));
        usage
    };

    sleep(WARM_UP, &mut people).await?;
    let (flows, before, started) = (done.load(Ordering::Relaxed), usage(), Instant::now());
    sleep(time, &mut people).await?;
    let took = started.elapsed().as_secs_f64();
    let rate = (done.load(Ordering::Relaxed) - flows) as f64 / took;

    println!("{count} process(es): {rate:.0} flows per second. Of {} cores,", cores());
    for ((name, before), (_, after)) in before.into_iter().zip(usage()) {
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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}
