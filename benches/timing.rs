//! Asks whether the time of `…/code/init` tells codes apart that do not work: unknown, of another
//! site, spent, expired and revoked ones. It compares samples pair by pair, by Welch's t-test, as
//! dudect does. Everything is in memory, in process, on one thread.
//!
//!     cargo bench --bench timing -- --measure SAMPLES

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use credential_code::clock::Clock;
use credential_code::code::{EnrolmentRequest, ExchangeRequest, Expiration, MintRequest};
use credential_code::error::{BoxError, ErrorKind};
use credential_code::host::Caller;
use credential_code::model::{Code, CodeFormat, CredentialKind, User, UserId};
use credential_code::store::Budget;
use credential_code::testing::{ManualClock, MemoryHost, block_on, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Storage};

/// The last one is a control: nothing but chance can tell it from the first.
const CLASSES: [&str; 6] = ["unknown", "of another site", "spent", "expired", "revoked", "unknown, again"];
/// The classes that nothing may tell apart.
const ALIKE: [usize; 3] = [0, 1, 5];
/// So many of each class are asked of one flow. Then comes a new flow, so the stores stay small.
const CHUNK: usize = 200;
/// The slowest tenth of a pair is left out of one test, since interruptions make it.
const KEPT: f64 = 0.9;
/// Below this, nothing is found.
const LIMIT: f64 = 4.5;

fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let Some(at) = args.iter().position(|argument| argument == "--measure") else {
        println!("Skipped: say how many samples of each class with --measure SAMPLES.");
        return Ok(());
    };
    let most: usize = args.get(at + 1).ok_or("--measure needs a value")?.parse()?;
    let mut order = Order(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs());
    // The first chunk warms up, and is dropped.
    chunk(&mut order)?;
    let mut samples = CLASSES.map(|_| Vec::new());
    while samples[0].len() < most {
        for (class, nanos) in chunk(&mut order)? {
            samples[class].push(nanos);
        }
    }
    if report(&samples).iter().any(|pair| pair.iter().all(|class| ALIKE.contains(class))) {
        return Err("the time tells an unknown code from one of another site".into());
    }
    Ok(())
}

/// Measures a new flow. Returns the class and the nanoseconds of each exchange, in their order.
fn chunk(order: &mut Order) -> Result<Vec<(usize, f64)>, BoxError> {
    let (ours, theirs) = (Ground::new()?, Ground::new()?);
    let expired = ours.codes()?;
    ours.clock.advance(Duration::from_secs(61));
    let (spent, revoked) = (ours.codes()?, ours.codes()?);
    for (code, _) in &spent {
        block_on(ours.flow.exchange(ours.request(code.clone())))?;
    }
    for (_, request) in &revoked {
        block_on(ours.flow.revoke(&ours.caller, request.clone()))?;
    }
    // No site knows the codes of one that is gone.
    let (unknown, again) = (Ground::new()?.codes()?, Ground::new()?.codes()?);
    let classes = [unknown, theirs.codes()?, spent, expired, revoked, again];
    let mut asked: Vec<_> = classes
        .into_iter()
        .enumerate()
        .flat_map(|(class, codes)| codes.into_iter().map(move |(code, _)| (class, code.reveal())))
        .collect();
    order.shuffle(&mut asked);
    let measured = asked.into_iter().map(|(class, typed)| {
        // It is parsed just before, so no class has its code nearer in memory.
        let code = CodeFormat::TYPED.parse(&typed).expect("it was minted");
        let request = ours.request(code);
        let started = Instant::now();
        let answer = block_on(ours.flow.exchange(request));
        let nanos = started.elapsed().as_nanos() as f64;
        assert_eq!(answer.err().map(|error| error.kind()), Some(ErrorKind::InvalidCode));
        (class, nanos)
    });
    Ok(measured.collect())
}

/// A site of its own, whose budgets are out of the way.
struct Ground {
    clock: ManualClock,
    flow: CodeFlow,
    caller: Caller,
    party: Arc<RelyingParty>,
}

impl Ground {
    fn new() -> Result<Self, BoxError> {
        let user = UserId::new("us-ada")?;
        let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
        let clock = ManualClock::new();
        let site = site_builder(&host)
            .storage(Storage::in_memory().with_clock(clock.clone()))
            .events(|_| {})
            .build()?;
        let plenty = Budget::new(u32::MAX, Duration::from_secs(86_400))?;
        let policy = CodePolicy::default().codes_per_user(plenty).misses(plenty).misses_per_source(plenty);
        let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
        let flow = CodeFlow::new(&site, policy)?;
        Ok(Self { clock, flow, caller: Caller::new(user), party: Arc::new(party) })
    }

    fn codes(&self) -> Result<Vec<(Code, EnrolmentRequest)>, BoxError> {
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        let expiration = Expiration::from_unix(now + 60)?;
        let mint = || {
            let minted = block_on(self.flow.mint(&self.caller, MintRequest::new(expiration)))?;
            Ok((minted.code, EnrolmentRequest::new(minted.enrolment)))
        };
        (0..CHUNK).map(|_| mint()).collect()
    }

    fn request(&self, code: Code) -> ExchangeRequest {
        let mut request = ExchangeRequest::new(code, CredentialKind::Key, self.party.clone());
        request.source = Some("192.0.2.1".to_owned());
        request
    }
}

/// Numbers without a pattern (SplitMix64).
struct Order(u64);

impl Order {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.next() as usize % (last + 1));
        }
    }
}

/// Prints the result of each pair of classes. Returns the pairs that differ.
fn report(samples: &[Vec<f64>; CLASSES.len()]) -> Vec<[usize; 2]> {
    let mut different = Vec::new();
    println!("{} samples of each class", samples[0].len());
    for (name, of_class) in CLASSES.iter().zip(samples) {
        println!("{name:>16}: median {:.0} ns", percentile(of_class.clone(), 0.5));
    }
    println!("{:>34} {:>10} {:>14}", "", "t of all", "without slow");
    for (first, name) in CLASSES.iter().enumerate() {
        for (second, other) in CLASSES.iter().enumerate().skip(first + 1) {
            let pair = [&samples[first], &samples[second]];
            let limit = percentile(pair.into_iter().flatten().copied().collect(), KEPT);
            let kept: [Vec<f64>; 2] =
                pair.map(|of_class| of_class.iter().copied().filter(|nanos| *nanos <= limit).collect());
            let (of_all, of_kept) = (welch(pair[0], pair[1]), welch(&kept[0], &kept[1]));
            let differs = of_all.abs().max(of_kept.abs()) >= LIMIT;
            let found = if differs { "differs" } else { "" };
            println!("{:>34} {of_all:>10.1} {of_kept:>14.1} {found}", format!("{name} / {other}"));
            different.extend(differs.then_some([first, second]));
        }
    }
    different
}

fn percentile(mut nanos: Vec<f64>, part: f64) -> f64 {
    nanos.sort_unstable_by(f64::total_cmp);
    nanos[((nanos.len() - 1) as f64 * part) as usize]
}

/// Returns the t of Welch's test.
fn welch(one: &[f64], other: &[f64]) -> f64 {
    let [(mean, error), (of_other, error_of_other)] = [one, other].map(|nanos| {
        let count = nanos.len() as f64;
        let mean = nanos.iter().sum::<f64>() / count;
        let variance = nanos.iter().map(|nanos| (nanos - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (mean - of_other) / (error + error_of_other).sqrt()
}
