//! Measures how many flows honest people complete while others overload the server, and how much
//! memory the server takes. The server, the honest people and the attackers are three processes,
//! which share the machine.

mod crowd;
mod people;
mod server;
#[path = "../../tests/support/slow_table.rs"]
mod slow_table;
#[path = "../../tests/support/table.rs"]
#[expect(dead_code, reason = "tests look into it")]
mod table;

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use credential_code::error::BoxError;
use tokio::time::sleep;

use crate::crowd::Attack;
use crate::server::Stores;

/// How long an attack lasts before anything is measured: longer than a slow body is waited for.
const BEFORE: Duration = Duration::from_secs(12);
/// Honest people keep this part of their rate.
const LEAST_RATIO: f64 = 0.5;
/// The server takes no more than so many mebibytes.
const MOST_MEMORY: f64 = 600.0;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().collect();
    let after = |name| arguments.iter().position(|argument| argument == name).map(|at| &arguments[at + 1..]);
    if let Some([stores, ..]) = after("--serve") {
        return server::serve(Stores::named(stores)?).await;
    }
    if let Some([address, attacks @ ..]) = after("--attack") {
        return crowd::attack(address.parse()?, attacks).await;
    }
    let Some([seconds, ..]) = after("--measure") else {
        println!("Skipped: say for how long with --measure SECONDS.");
        return Ok(());
    };
    let time = Duration::from_secs(seconds.parse()?);
    println!("| stores | attack | quiet, flows a second | attacked | ratio | memory, MiB |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for stores in [Stores::Memory, Stores::Slow] {
        for attack in Attack::ALL {
            measure(stores, &[attack], time).await?;
        }
        measure(stores, &Attack::ALL, time).await?;
    }
    Ok(())
}

/// Measures the rate of honest people before attacks and during them.
async fn measure(stores: Stores, attacks: &[Attack], time: Duration) -> Result<(), BoxError> {
    let server = Running::start(&["--serve", stores.name()])?;
    let address = server.first_line.trim().parse()?;
    people::rate(address, Duration::from_secs(2)).await?;
    let quiet = people::rate(address, time).await?;
    let to = server.first_line.trim();
    let names = attacks.iter().map(|attack| attack.name());
    let _attackers = Running::start(&["--attack", to].into_iter().chain(names).collect::<Vec<_>>())?;
    sleep(BEFORE).await;
    let attacked = people::rate(address, time).await?;
    let attack = match attacks {
        [one] => one.name(),
        _ => "all of them",
    };
    let (ratio, memory) = (attacked / quiet, server.mebibytes()?);
    let stores = stores.name();
    println!("| {stores} | {attack} | {quiet:.0} | {attacked:.0} | {ratio:.2} | {memory:.0} |");
    if ratio < LEAST_RATIO || memory > MOST_MEMORY {
        return Err(format!("at least {LEAST_RATIO} of the rate, and at most {MOST_MEMORY} MiB").into());
    }
    Ok(())
}

/// This program again, in another part, until it is dropped.
struct Running {
    child: Child,
    first_line: String,
}

impl Running {
    /// Starts it, and waits for its first line.
    fn start(arguments: &[&str]) -> Result<Self, BoxError> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut first_line = String::new();
        let output = child.stdout.take().ok_or("its output is a pipe")?;
        BufReader::new(output).read_line(&mut first_line)?;
        Ok(Self { child, first_line })
    }

    /// Returns how much memory it takes now.
    fn mebibytes(&self) -> Result<f64, BoxError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already if that fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
