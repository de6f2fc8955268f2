use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use credential_code::error::BoxError;

use crate::engines::Engines;
use crate::worker;

/// The secret that all processes share. It turns a code into the address of a record.
pub(crate) struct Ring(String);

impl Ring {
    /// Draws a new secret, which is good for as long as the processes run. Keep yours in your
    /// configuration, and make it with `openssl rand -hex 32`.
    pub(crate) fn random() -> Result<Self, BoxError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self(key.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

/// This program, run several times, as workers.
#[derive(Debug)]
pub(crate) struct Processes(Vec<Process>);

#[derive(Debug)]
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Processes {
    /// Starts this many workers, and waits until each has said where it listens.
    pub(crate) fn start(
        count: usize,
        engines: &Engines,
        ring: &Ring,
        origin: &str,
    ) -> Result<Self, BoxError> {
        let start = |number| {
            let mut command = Command::new(std::env::current_exe()?);
            // Not on the command line, which everybody on the machine can read.
            command.env(worker::NAME, format!("worker-{number}"));
            command.env(worker::POSTGRES, &engines.postgres_url).env(worker::REDIS, &engines.redis_url);
            command.env(worker::SLOT_KEYS, &ring.0).env(worker::ORIGIN, origin);
            // The worker ends when its standard input ends, so it never outlives this process.
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut line = String::new();
            BufReader::new(child.stdout.take().ok_or("it has a standard output")?).read_line(&mut line)?;
            let address = line.trim_end().parse().map_err(|_| "a worker did not start")?;
            Ok(Process { child, address })
        };
        (1..=count).map(start).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|process| process.address).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
