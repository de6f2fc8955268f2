//! Two processes, with 64 tasks in each, race for one code and then for its challenge, over and
//! over. Others end an enrolment while it adds a credential.
//!
//! The processes are this test binary again, started on a test that is ignored otherwise. They read
//! what to race for on their standard input, a line at a time. They answer on their standard error.
//! So both race for the same thing at the same time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use credential_code::code::{
    ApproveRequest, EnrolmentRequest, ExchangeRequest, Expiration, MintRequest, RegisterRequest,
    RegistrationChallenge,
};
use credential_code::error::{Error, ErrorKind};
use credential_code::host::Caller;
use credential_code::model::{Approval, ChallengeId, Code, CredentialKind, EnrolmentId, Stage, User};
use credential_code::site::SiteBuilder;
use credential_code::store::{SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{CodeFlow, RelyingParty, Site};
use tokio::task::JoinSet;

use crate::support::{ORIGIN, PARTY, plenty, user};

const TASKS: usize = 64;
/// The variable with which the test tells a racer what it shares with the others.
const SHARED: &str = "CREDENTIAL_CODE_TEST_SHARED";

/// Creates a flow as each of the processes has it. The test adds what they share.
fn flow(add: impl FnOnce(SiteBuilder) -> SiteBuilder) -> CodeFlow {
    CodeFlow::new(&site(add), plenty()).unwrap()
}

fn site(add: impl FnOnce(SiteBuilder) -> SiteBuilder) -> Site {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    add(site_builder(&host).events(|_| {})).build().unwrap()
}

/// Returns the keys that both processes have.
pub(crate) fn keys() -> SlotKeys {
    SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[])
}

fn in_a_minute() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 60
}

/// Holds the race. `racer` is the path of the test that calls [`race`], and `shared` is what that
/// test is told.
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
        let won = both(&mut racers, &format!("exchange {TASKS} {}", code.reveal()));
        let [challenge] = &won[..] else { panic!("round {round}: {won:?} were given for one code") };
        let won = both(&mut racers, &format!("register {TASKS} {challenge}"));
        assert_eq!(won.len(), 1, "round {round}: {won:?} were made of one challenge");
    }
}

/// Holds a race of two processes for one enrolment after the other. One process revokes it. The
/// other exchanges its code, registers for it, or approves what waits. `racer` is the path of the
/// test that calls [`race`].
pub(crate) async fn hold_race_with_revocation(
    racer: &str,
    shared: &str,
    rounds: usize,
    add: impl FnOnce(SiteBuilder) -> SiteBuilder,
) {
    let (caller, site) = (Caller::new(user()), site(add));
    let plain = CodeFlow::new(&site, plenty()).unwrap();
    let asking = CodeFlow::new(&site, plenty().approval(Approval::Asked)).unwrap();
    let mut racers = [Racer::start(racer, shared), Racer::start(racer, shared)];
    let mut won = [[0; 2]; 3];
    for round in 0..3 * rounds {
        let against = round % 3;
        let flow = if against == 2 { &asking } else { &plain };
        let request = MintRequest::new(Expiration::from_unix(in_a_minute()).unwrap());
        let minted = flow.mint(&caller, request).await.unwrap();
        let id = minted.enrolment;
        let step = match against {
            0 => format!("exchange 1 {}", minted.code.reveal()),
            1 => {
                let opened = open(flow, minted.code).await;
                format!("register 1 {} {}", opened.challenge_id.reveal(), opened.challenge.as_str())
            }
            _ => {
                let opened = open(flow, minted.code).await;
                flow.register(answer(&opened)).await.unwrap();
                format!("approve {id}")
            }
        };
        let lines = [format!("revoke {id}"), step];
        // Each process is told first as often as the other.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for racer in order {
            writeln!(racers[racer].input, "{}", lines[racer]).unwrap();
        }
        let [revoked, done] = racers.each_mut().map(|racer| racer.answer());
        won[against][0] += revoked.len();
        won[against][1] += done.len();
        match (against, &revoked[..], &done[..]) {
            // The challenge that was bought first is worth nothing.
            (0, [_], [bought]) => {
                let (challenge_id, challenge) = bought.split_once(' ').unwrap();
                let late = plain.register(register_request(challenge_id, challenge)).await;
                assert_eq!(late.unwrap_err().kind(), ErrorKind::InvalidChallenge, "round {round}");
            }
            (0, [_], []) | (1 | 2, [_], []) | (1 | 2, [], [_]) => {}
            _ => panic!("round {round}: {revoked:?} and {done:?} of {lines:?}"),
        }
        let seen = plain.enrolment(&caller, EnrolmentRequest::new(id), None).await.unwrap();
        let end = if revoked.is_empty() { Stage::Added } else { Stage::Revoked };
        assert_eq!(seen.stage, end, "round {round}");
    }
    println!("revoked, and exchanged, registered, approved: {won:?}");
}

async fn open(flow: &CodeFlow, code: Code) -> RegistrationChallenge {
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    flow.exchange(ExchangeRequest::new(code, CredentialKind::Key, party)).await.unwrap()
}

fn answer(opened: &RegistrationChallenge) -> RegisterRequest {
    register_request(opened.challenge_id.reveal(), opened.challenge.as_str())
}

fn register_request(challenge_id: &str, challenge: &str) -> RegisterRequest {
    let proof = KeyClient::p256().attest(CredentialKind::Key, challenge);
    RegisterRequest::new(ChallengeId::new(challenge_id), "laptop", proof, None).unwrap()
}

async fn revoke(flow: &CodeFlow, id: &str) {
    let request = EnrolmentRequest::new(EnrolmentId::new(id).unwrap());
    match flow.revoke(&Caller::new(user()), request).await {
        Ok(enrolment) => eprintln!("won {}", enrolment.stage),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
    }
    eprintln!("end of it");
}

async fn approve(flow: &CodeFlow, id: &str) {
    let request = ApproveRequest::new(EnrolmentId::new(id).unwrap());
    match flow.approve(&Caller::new(user()), request).await {
        Ok(credential) => eprintln!("won {}", credential.uuid),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
    }
    eprintln!("end of it");
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

    /// Returns what its tasks won, once all of them are done.
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

/// Returns what [`hold_race`] told this process. `None` means that the test was started by hand.
pub(crate) fn shared() -> Option<String> {
    std::env::var(SHARED).ok()
}

/// Races for everything that it is told to, until its input ends.
pub(crate) async fn race(add: impl FnOnce(SiteBuilder) -> SiteBuilder) {
    let flow = flow(add);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["exchange", tasks, code] => exchange(&flow, tasks.parse().unwrap(), code).await,
            ["register", tasks, id, challenge] => {
                register(&flow, tasks.parse().unwrap(), id, challenge).await
            }
            ["revoke", id] => revoke(&flow, id).await,
            ["approve", id] => approve(&flow, id).await,
            _ => panic!("{line:?}"),
        }
    }
}

async fn exchange(flow: &CodeFlow, tasks: usize, code: &str) {
    let code = flow.code_format().parse(code).unwrap();
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    let tasks = (0..tasks).map(|_| {
        let request = ExchangeRequest::new(code.clone(), CredentialKind::Key, party.clone());
        let flow = flow.clone();
        async move {
            let opened = flow.exchange(request).await?;
            Ok(format!("{} {}", opened.challenge_id.reveal(), opened.challenge.as_str()))
        }
    });
    all(tasks, ErrorKind::InvalidCode).await;
}

async fn register(flow: &CodeFlow, tasks: usize, id: &str, challenge: &str) {
    let request = register_request(id, challenge);
    let tasks = (0..tasks).map(|_| {
        let (flow, request) = (flow.clone(), request.clone());
        async move { Ok(flow.register(request).await?.credential.uuid.to_string()) }
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
