//! Measures how long an honest mint takes while many sources guess, over shared storage. It also
//! counts the rows that the guesses leave.

#[path = "../tests/support/servers/mod.rs"]
mod servers;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::{BoxError, ErrorKind};
use credential_code::host::Caller;
use credential_code::model::{CredentialKind, User, UserId};
use credential_code::store::{Budget, SlotKey, SlotKeys, SqlStore};
use credential_code::testing::{MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};
use servers::Directory;
use servers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

const SOURCES: usize = 200;
const GUESSES_A_SECOND: usize = 1100;
const MINTS_A_SECOND: u32 = 20;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let Some(at) = args.iter().position(|argument| argument == "--measure") else {
        println!("Skipped: say for how long with --measure SECONDS.");
        return Ok(());
    };
    let length = Duration::from_secs(args.get(at + 1).ok_or("--measure needs a value")?.parse()?);
    let directory = Directory::new("flood");
    let sqlite = SqlStore::open_sqlite(directory.path().join("flood.db")).await?;
    measure("SQLite", sqlite, length).await?;
    match Postgres::start() {
        Some(server) => measure("PostgreSQL", SqlStore::connect_postgres(&server.url()).await?, length).await,
        None => Ok(()),
    }
}

async fn measure(engine: &str, store: SqlStore, length: Duration) -> Result<(), BoxError> {
    store.migrate().await?;
    let user = UserId::new("us-ada")?;
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let keys = SlotKeys::new(&SlotKey::new([7; 32])?, &[]);
    let site = site_builder(&host).events(|_| {}).storage(Storage::shared(store.clone(), keys)).build()?;
    let policy = CodePolicy::default().codes_per_user(Budget::per_minute(1_000_000));
    let flow = CodeFlow::new(&site, policy)?;

    let quiet = mints(&flow, &user, length / 4).await?;
    let (refused, wrong) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut guessers = JoinSet::new();
    for source in 0..SOURCES {
        let (flow, refused, wrong) = (flow.clone(), refused.clone(), wrong.clone());
        guessers.spawn(async move { guess(&flow, &source.to_string(), &refused, &wrong).await });
    }
    let flooded = mints(&flow, &user, length).await?;
    guessers.shutdown().await;
    println!(
        "{engine}: a mint takes {quiet:.1?} when it is quiet, {flooded:.1?} in the flood ({:.2} times); \
         {} guesses were wrong, {} refused",
        flooded.as_secs_f64() / quiet.as_secs_f64(),
        wrong.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
    );
    Ok(())
}

/// Returns the median of many mints.
async fn mints(flow: &CodeFlow, user: &UserId, length: Duration) -> Result<Duration, BoxError> {
    let (started, mut taken) = (Instant::now(), Vec::new());
    let mut ticks = interval(Duration::from_secs(1) / MINTS_A_SECOND);
    while started.elapsed() < length {
        ticks.tick().await;
        let in_a_minute = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 60;
        let asked = Instant::now();
        let request = MintRequest::new(Expiration::from_unix(in_a_minute)?);
        flow.mint(&Caller::new(user.clone()), request).await?;
        taken.push(asked.elapsed());
    }
    taken.sort_unstable();
    Ok(taken[taken.len() / 2])
}

/// Guesses for ever, at the share of the rate that this source has.
async fn guess(flow: &CodeFlow, source: &str, refused: &AtomicUsize, wrong: &AtomicUsize) {
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]);
    let party = Arc::new(party.expect("the sample is valid"));
    let code = flow.code_format().parse("ABC-DEF-GHJ").expect("the sample is valid");
    let mut ticks = interval(Duration::from_secs(1) * SOURCES as u32 / GUESSES_A_SECOND as u32);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let mut request = ExchangeRequest::new(code.clone(), CredentialKind::Key, party.clone());
        request.source = Some(source.to_owned());
        match flow.exchange(request).await {
            Err(error) if error.kind() == ErrorKind::TooManyAttempts => {
                refused.fetch_add(1, Ordering::Relaxed)
            }
            Ok(_) | Err(_) => wrong.fetch_add(1, Ordering::Relaxed),
        };
    }
}
