//! Measures what outstanding challenges cost: how long an exchange takes while there are many, and
//! how much memory each of them holds.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credential_code::code::{ExchangeRequest, Expiration, MintRequest, MintedCode};
use credential_code::host::Caller;
use credential_code::model::{CredentialKind, User, UserId};
use credential_code::store::Budget;
use credential_code::testing::{MemoryHost, block_on, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};

const COUNTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// The exchanges that are timed together, and how often.
const BATCH: usize = 200;
const BATCHES: usize = 50;

struct Bench {
    flow: CodeFlow,
    caller: Caller,
    party: Arc<RelyingParty>,
    expiration: Expiration,
}

impl Bench {
    fn new() -> Self {
        let user = UserId::new("us-1").expect("an id");
        let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
        let plenty = Budget::new(u32::MAX, Duration::from_secs(86_400)).expect("a budget");
        let storage = Storage::in_memory_of(2_000_000);
        let site = site_builder(&host).events(|_| {}).storage(storage).build().expect("the site is complete");
        let policy = CodePolicy::default()
            .codes_per_user(plenty)
            .code_lifetime(Duration::from_secs(600))
            .challenge_lifetime(Duration::from_secs(3600));
        let flow = CodeFlow::new(&site, policy).expect("the policy holds");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let expiration = Expiration::from_unix(now + 590).expect("a time");
        let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]);
        Self { flow, caller: Caller::new(user), party: Arc::new(party.expect("a party")), expiration }
    }

    fn mint(&self) -> MintedCode {
        block_on(self.flow.mint(&self.caller, MintRequest::new(self.expiration))).expect("a code")
    }

    fn exchange(&self, minted: MintedCode) {
        let request = ExchangeRequest::new(minted.code, CredentialKind::Key, self.party.clone());
        block_on(self.flow.exchange(request)).expect("a challenge");
    }

    /// Returns the median of the batches' means.
    fn time_of_exchange(&self) -> Duration {
        let mut means: Vec<_> = (0..BATCHES)
            .map(|_| {
                let minted: Vec<_> = (0..BATCH).map(|_| self.mint()).collect();
                let start = Instant::now();
                minted.into_iter().for_each(|minted| self.exchange(minted));
                start.elapsed() / BATCH as u32
            })
            .collect();
        means.sort();
        means[BATCHES / 2]
    }
}

fn main() {
    // `cargo test` only checks that a bench starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for count in COUNTS {
        let bench = Bench::new();
        let held = allocation_counter::measure(|| (0..count).for_each(|_| bench.exchange(bench.mint())));
        let bytes = held.bytes_current / count as i64;
        println!("outstanding/{count}/memory {bytes} bytes");
        println!("outstanding/{count}/exchange {} ns", bench.time_of_exchange().as_nanos());
    }
}
