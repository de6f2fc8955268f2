//! Two processes, with 64 tasks in each, race for one code and then for its challenge, over and over.
//!
//! The processes are this test binary again, started on a test that is ignored otherwise. They are told what to race for on their
//! standard input, a line at a time, and answer on their standard error, so that both race for the same thing at the same time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use credential_code::code::{ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::error::Error;
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::{ChallengeId, CredentialKind, User};
use credential_code::site::SiteBuilder;
use credential_code::store::{SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{CodeFlow, RelyingParty};
use tokio::task::JoinSet;

use crate::support::{ORIGIN, PARTY, plenty, user};

const TASKS: usize = 64;
/// Where a racer finds what it shares with the others: whatever the test wants to tell it.
const SHARED: &str = "CREDENTIAL_CODE_TEST_SHARED";

/// A flow as each of the processes has it. What they share is for the test to add.
fn flow(add: impl FnOnce(SiteBuilder) -> SiteBuilder) -> CodeFlow {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let site = add(site_builder(&host).events(|_| {})).build().unwrap();
    CodeFlow::new(&site, plenty()).unwrap()
}

/// The keys that both processes have.
pub(crate) fn keys() -> SlotKeys {
    SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[])
}

fn in_a_minute() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 60
}

/// Holds the race: `racer` is the path of the test that calls [`race`], and `shared` is what that test is told.
pub(crate) async fn hold_race(
    racer: &str,
    shared: &str,
    rounds: usize,
    add: impl FnOnce(SiteBuilder) -> SiteBuilder,
) {
    let flow = flow(add);
    let mut racers = [Racer::start(racer, shared), Racer::start(racer, shared)];
    for round in 0..rounds {
        let request = MintRequest::new(Expiration::from_unix(in_a_minute()).unwrap());
        let code = flow.mint(&Caller::new(user()), request).await.unwrap().code;
        let won = both(&mut racers, &format!("exchange {}", code.reveal()));
        let [challenge] = &won[..] else { panic!("round {round}: {won:?} were given for one code") };
        let won = both(&mut racers, &format!("register {challenge}"));
        assert_eq!(won.len(), 1, "round {round}: {won:?} were made of one challenge");
    }
}

/// Sends a line to both racers, and returns what their tasks won.
fn both(racers: &mut [Racer; 2], line: &str) -> Vec<String> {
    for racer in &mut *racers {
        writeln!(racer.input, "{line}").unwrap();
    }
    racers.iter_mut().flat_map(Racer::answer).collect()
}

#[derive(Debug)]
struct Racer {
    process: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStderr>,
}

impl Racer {
    fn start(test: &str, shared: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture"]).env(SHARED, shared);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = streams.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stderr.take().unwrap());
        Self { process, input, output: BufReader::new(output) }
    }

    /// What its tasks won, once all of them are through.
    fn answer(&mut self) -> Vec<String> {
        let mut won = Vec::new();
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            match line.trim_end().split_once(' ') {
                Some(("won", what)) => won.push(what.to_owned()),
                Some(("end", _)) => return won,
                _ => panic!("a racer said {line:?}"),
            }
        }
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What [`hold_race`] told this process. `None` if the test was started by hand.
pub(crate) fn shared() -> Option<String> {
    std::env::var(SHARED).ok()
}

/// Races for whatever it is told to, until there is nothing more.
pub(crate) async fn race(add: impl FnOnce(SiteBuilder) -> SiteBuilder) {
    let flow = flow(add);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["exchange", code] => exchange(&flow, code).await,
            ["register", id, challenge] => register(&flow, id, challenge).await,
            _ => panic!("{line:?}"),
        }
    }
}

async fn exchange(flow: &CodeFlow, code: &str) {
    let code = flow.code_format().parse(code).unwrap();
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    let tasks = (0..TASKS).map(|_| {
        let request = ExchangeRequest::new(code.clone(), CredentialKind::Key, party.clone());
        let flow = flow.clone();
        async move {
            let opened = flow.exchange(request).await?;
            Ok(format!("{} {}", opened.challenge_id.reveal(), opened.challenge.as_str()))
        }
    });
    all(tasks, ErrorKind::InvalidCode).await;
}

async fn register(flow: &CodeFlow, id: &str, challenge: &str) {
    let proof = KeyClient::p256().attest(CredentialKind::Key, challenge);
    let tasks = (0..TASKS).map(|_| {
        let request = RegisterRequest::new(ChallengeId::new(id), "laptop", proof.clone(), None).unwrap();
        let flow = flow.clone();
        async move { Ok(flow.register(request).await?.uuid.to_string()) }
    });
    all(tasks, ErrorKind::InvalidChallenge).await;
}

async fn all<F>(tasks: impl Iterator<Item = F>, refused: ErrorKind)
where
    F: Future<Output = Result<String, Error>> + Send + 'static,
{
    for outcome in tasks.collect::<JoinSet<_>>().join_all().await {
        match outcome {
            Ok(won) => eprintln!("won {won}"),
            Err(error) if error.kind() == refused => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    eprintln!("end of it");
}
