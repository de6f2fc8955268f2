//! `kill -9` at any point of the flow.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use crate::engines::{Engines, POSTGRES_SOCKET, postgres_url};
use crate::ledger::{Ledger, is_stored};
use crate::person::{Outcome, Person, answer};
use crate::relay::{Cut, Fuse, Relay};
use crate::support::servers::Directory;
use crate::worker::Worker;

const POINTS: u32 = 200;
const SEED: u64 = 5;

/// A worker behind relays with one fuse. The relays stand before both servers and before the
/// worker.
struct Lane<'a> {
    engines: &'a Engines,
    directory: Directory,
    running: Option<Running>,
}

struct Running {
    worker: Worker,
    fuse: Fuse,
    _relays: [Relay; 3],
}

impl<'a> Lane<'a> {
    fn new(engines: &'a Engines) -> Self {
        Self { engines, directory: Directory::new("lane"), running: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the worker, also after a kill. The bytes that were under way are gone.
    fn start(&mut self) -> Fuse {
        self.running = None;
        let fuse = Fuse::new();
        let relays = [
            Relay::start(&self.path(POSTGRES_SOCKET), self.engines.postgres_socket(), &fuse),
            Relay::start(&self.path("redis"), self.engines.redis_socket(), &fuse),
            Relay::start(&self.path("http"), self.path("worker"), &fuse),
        ];
        let (postgres, redis) =
            (postgres_url(self.directory.path()), format!("unix://{}", self.path("redis").display()));
        let socket = self.path("worker");
        let worker = tokio::task::block_in_place(|| Worker::start(&postgres, &redis, &socket));
        self.running = Some(Running { worker, fuse: fuse.clone(), _relays: relays });
        fuse
    }

    fn person(&self) -> Person {
        Person::new([self.path("http")])
    }

    /// Sends the request, kills the worker at that point, and starts it again. Returns what the
    /// client saw.
    async fn kill_during(
        &mut self,
        point: (u32, Cut),
        request: impl Future<Output = Outcome> + Send + 'static,
    ) -> Outcome {
        let mut running = self.running.take().expect("it runs");
        running.fuse.arm(point.0, point.1);
        let mut asked = tokio::spawn(request);
        let early = tokio::select! {
            () = running.fuse.blown() => None,
            seen = &mut asked => Some(seen.unwrap()),
        };
        tokio::task::block_in_place(|| running.worker.kill());
        drop(running);
        let seen = match early {
            Some(seen) => seen,
            None => asked.await.unwrap(),
        };
        self.start();
        seen
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    Mint,
    Exchange,
    Register,
}

/// The outcome of a kill.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fate {
    /// The answer was seen before the kill, and its promise holds.
    Answered,
    /// The answer was lost. The code or challenge of the step is unspent, and works.
    Undone,
    /// The answer was lost. The code or challenge of the step is spent, and nothing came of it.
    Wasted,
    /// The answer was lost. Nobody knows whether the step made something. (A mint without an answer
    /// is asked for again in any case.)
    Unheard,
}

/// Every step of the flow lies between these.
const REACHED: [(Step, Fate); 6] = [
    (Step::Mint, Fate::Unheard),
    (Step::Exchange, Fate::Undone),
    (Step::Exchange, Fate::Wasted),
    (Step::Register, Fate::Undone),
    (Step::Register, Fate::Wasted),
    (Step::Register, Fate::Unheard),
];

const STEPS: [Step; 3] = [Step::Mint, Step::Exchange, Step::Register];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound)).unwrap()
    }
}

/// Runs a whole flow without a fault. Returns how many pieces passed in each step.
async fn undisturbed(person: &Person, ledger: &Ledger, fuse: &Fuse) -> [u32; 3] {
    let mut passed = vec![fuse.passed()];
    let code = person.mint().await.unwrap()["code"].clone();
    passed.push(fuse.passed());
    let challenge = person.exchange(&code).await.unwrap();
    passed.push(fuse.passed());
    ledger.acknowledge(&person.register(&answer(&challenge, &ledger.code())).await.unwrap());
    passed.push(fuse.passed());
    [0, 1, 2].map(|step| passed[step + 1] - passed[step])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_anywhere_loses_nothing_and_sells_nothing_twice() {
    let Some(engines) = Engines::start().await else { return };
    let (ledger, mut random, started) = (Ledger::default(), Random(SEED), Instant::now());
    let mut lane = Lane::new(&engines);
    let mut fuse = lane.start();
    let mut found: BTreeMap<(Step, Fate), u32> = BTreeMap::new();
    for _ in 0..POINTS {
        let pieces = undisturbed(&lane.person(), &ledger, &fuse).await;
        let step = STEPS[random.below(3) as usize];
        let cut = [Cut::Before, Cut::Within, Cut::After][random.below(3) as usize];
        let point = (random.below(pieces[step as usize]), cut);
        let fate = match step {
            Step::Mint => kill_mint(&mut lane, point).await,
            Step::Exchange => kill_exchange(&mut lane, point, &ledger).await,
            Step::Register => kill_register(&mut lane, point, &ledger).await,
        };
        *found.entry((step, fate)).or_default() += 1;
        fuse = lane.running.as_ref().expect("it was started again").fuse.clone();
    }
    undisturbed(&lane.person(), &ledger, &fuse).await;
    println!("{POINTS} kills in {:?}: {}", started.elapsed(), ledger.check(&engines).await);
    for ((step, fate), times) in &found {
        println!("  {times:3} at {step:?}: {fate:?}");
    }
    assert!(REACHED.iter().all(|point| found.contains_key(point)), "the points are everywhere");
}

async fn kill_mint(lane: &mut Lane<'_>, point: (u32, Cut)) -> Fate {
    let person = lane.person();
    match lane.kill_during(point, async move { person.mint().await }).await {
        Outcome::Ok(minted) => {
            lane.person().exchange(&minted["code"]).await.unwrap();
            Fate::Answered
        }
        Outcome::Lost => Fate::Unheard,
        Outcome::Refused(status) => panic!("{status}"),
    }
}

async fn kill_exchange(lane: &mut Lane<'_>, point: (u32, Cut), ledger: &Ledger) -> Fate {
    let (person, name) = (lane.person(), ledger.code());
    let code = person.mint().await.unwrap()["code"].clone();
    let asked = code.clone();
    let seen = lane.kill_during(point, async move { person.exchange(&asked).await }).await;
    let person = lane.person();
    let (challenge, fate) = match seen {
        Outcome::Ok(challenge) => (Some(challenge), Fate::Answered),
        Outcome::Lost => match person.exchange(&code).await {
            Outcome::Ok(challenge) => (Some(challenge), Fate::Undone),
            Outcome::Refused(403) => (None, Fate::Wasted),
            other => panic!("{other:?}"),
        },
        Outcome::Refused(status) => panic!("{status}"),
    };
    if let Some(challenge) = challenge {
        ledger.acknowledge(&person.register(&answer(&challenge, &name)).await.unwrap());
        assert_sold_out(&person, &code, &challenge, &name).await;
    }
    fate
}

async fn kill_register(lane: &mut Lane<'_>, point: (u32, Cut), ledger: &Ledger) -> Fate {
    let (person, name) = (lane.person(), ledger.code());
    let code = person.mint().await.unwrap()["code"].clone();
    let challenge = person.exchange(&code).await.unwrap();
    let body = answer(&challenge, &name);
    let asked = body.clone();
    let seen = lane.kill_during(point, async move { person.register(&asked).await }).await;
    let person = lane.person();
    let fate = match seen {
        Outcome::Ok(credential) => {
            ledger.acknowledge(&credential);
            Fate::Answered
        }
        Outcome::Lost => match person.register(&body).await {
            Outcome::Ok(credential) => {
                ledger.acknowledge(&credential);
                Fate::Undone
            }
            Outcome::Refused(403) => match is_stored(lane.engines, &name).await {
                true => Fate::Unheard,
                false => Fate::Wasted,
            },
            other => panic!("{other:?}"),
        },
        Outcome::Refused(status) => panic!("{status}"),
    };
    assert_sold_out(&person, &code, &challenge, &name).await;
    fate
}

/// Asserts that neither the code nor its challenge buys anything more.
async fn assert_sold_out(person: &Person, code: &Value, challenge: &Value, name: &str) {
    let code = person.exchange(code).await;
    assert!(matches!(code, Outcome::Refused(403)), "{code:?}");
    let challenge = person.register(&answer(challenge, name)).await;
    assert!(matches!(challenge, Outcome::Refused(403)), "{challenge:?}");
}
