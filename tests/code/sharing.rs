//! Stores that several processes share: what a flow over one needs, and which clock counts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::clock::Clock;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::{BoxError, ErrorKind, StoreError};
use credential_code::host::Caller;
use credential_code::model::{CredentialKind, EnrolmentId, Insertion, Stage, User};
use credential_code::site::BuildError;
use credential_code::store::{
    Budget, EngineClock, Entry, EntryChange, MemoryStore, OneTimeStore, Payment, PurseStore, Record,
    SharedLedger, SharedStore, Slot, SlotKey, SlotKeys, Transition,
};
use credential_code::testing::{ManualClock, MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site, Storage};
use tokio::task::yield_now;

use crate::support::{self, ORIGIN, PARTY, World, user};
use crate::table::Table;

/// An engine that several processes use, and its clock. A request that reached it is done, even if
/// nobody waits for the answer.
#[derive(Debug)]
pub(crate) struct Engine {
    records: Table,
    clock: ManualClock,
    takes: AtomicUsize,
    /// Where records were laid and looked for.
    slots: Mutex<Vec<Slot>>,
    /// Whether every second take fails.
    pub(crate) staggers: AtomicBool,
}

impl Engine {
    /// Returns how often a record was asked for.
    pub(crate) fn takes(&self) -> usize {
        self.takes.load(Ordering::Relaxed)
    }

    /// Where records were laid and looked for, in that order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.slots.lock().unwrap().clone()
    }

    pub(crate) fn new() -> Arc<Self> {
        let (takes, staggers) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (clock, slots) = (ManualClock::new(), Mutex::default());
        Arc::new(Self { records: Table::default(), clock, takes, slots, staggers })
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Engine {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.slots.lock().unwrap().push(slot);
        let inserted = self.records.insert(slot, record).await;
        yield_now().await;
        inserted
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.slots.lock().unwrap().push(slot);
        let is_second = self.takes.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        if is_second && self.staggers.load(Ordering::Relaxed) {
            return Err(StoreError::new("an engine", "away"));
        }
        let taken = self.records.take(slot, now).await;
        yield_now().await;
        taken
    }
}

#[async_trait]
impl SharedLedger for Engine {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        let entered = self.records.enter(entry).await;
        yield_now().await;
        entered
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        let advanced = self.records.advance(owner, id, from, change).await;
        yield_now().await;
        advanced
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        self.records.find(owner, id).await
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        self.records.entries(owner, now).await
    }
}

impl SharedStore for Engine {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }
}

/// Purses of an engine that is away.
#[derive(Debug)]
struct Away;

#[async_trait]
impl PurseStore for Away {
    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        Err(StoreError::new("purses", "away"))
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        Err(StoreError::new("purses", "away"))
    }

    async fn spend_both(&self, _: [(Slot, Budget); 2], _: SystemTime) -> Result<[Payment; 2], StoreError> {
        Err(StoreError::new("purses", "away"))
    }
}

/// Purses of an engine that takes its time.
#[derive(Debug)]
struct Slow(ManualClock, Duration);

#[async_trait]
impl PurseStore for Slow {
    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        self.0.advance(self.1);
        Ok(Payment::Paid)
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        Ok(())
    }

    async fn spend_both(&self, _: [(Slot, Budget); 2], _: SystemTime) -> Result<[Payment; 2], StoreError> {
        self.0.advance(self.1);
        Ok([Payment::Paid; 2])
    }
}

fn key(byte: u8) -> SlotKey {
    SlotKey::new([byte; 32]).unwrap()
}

fn keys() -> SlotKeys {
    SlotKeys::new(&key(7), &[])
}

fn over(storage: Storage) -> Result<Site, BuildError> {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    site_builder(&host).events(|_| {}).storage(storage).build()
}

/// A contradiction can't be written. A shared store comes with its keys, and one that nobody shares
/// has none. All other combinations are built.
#[test]
fn a_site_is_built_over_each_kind_of_storage() {
    over(Storage::in_memory()).unwrap();
    over(Storage::in_process(MemoryStore::new(10))).unwrap();
    over(Storage::shared_records(Engine::new(), keys())).unwrap();
    over(Storage::shared_apart(Engine::new(), Away, keys())).unwrap();
}

#[tokio::test]
async fn a_store_of_the_hosts_own_in_this_process_needs_no_key() {
    let site = over(Storage::in_process(MemoryStore::new(10)).with_clock(ManualClock::new())).unwrap();
    let flow = CodeFlow::new(&site, CodePolicy::default()).unwrap();
    let engine = Engine::new();
    let code = mint(&flow, &engine).await;
    assert!(works(&flow, &code).await);
    assert!(!works(&flow, &code).await);
}

/// Creates a process of a flow whose records are in that engine.
fn process(engine: &Arc<Engine>, keys: SlotKeys) -> CodeFlow {
    let site = over(Storage::shared_records(engine.clone(), keys)).unwrap();
    CodeFlow::new(&site, CodePolicy::default()).unwrap()
}

async fn mint(process: &CodeFlow, engine: &Engine) -> String {
    let since_epoch = engine.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let request = MintRequest::new(Expiration::from_unix(since_epoch.as_secs() + 60).unwrap());
    process.mint(&Caller::new(user()), request).await.unwrap().code.reveal()
}

async fn works(process: &CodeFlow, code: &str) -> bool {
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    let code = process.code_format().parse(code).unwrap();
    let opened = process.exchange(ExchangeRequest::new(code, CredentialKind::Key, party)).await;
    opened.inspect_err(|error| assert_eq!(error.kind(), ErrorKind::InvalidCode)).is_ok()
}

/// The clock of this machine is years ahead of the engine's. It neither revives nor kills anything.
#[tokio::test]
async fn the_engines_clock_is_the_one_that_counts() {
    let engine = Engine::new();
    let (one, other) = (process(&engine, keys()), process(&engine, keys()));
    for (waited, is_good) in [(0, true), (59_999, true), (60_000, false)] {
        let code = mint(&one, &engine).await;
        engine.clock.advance(Duration::from_millis(waited));
        assert_eq!(works(&other, &code).await, is_good, "after {waited} ms");
    }
}

/// A code is worth nothing from its expiry on, however long the request waits for the budget.
#[tokio::test]
async fn a_code_that_expires_while_a_guess_is_paid_for_is_gone() {
    for (stall, is_good) in [(29_999, true), (30_000, false)] {
        let engine = Engine::new();
        let slow = Slow(engine.clock.clone(), Duration::from_millis(stall));
        let storage = Storage::shared_apart(engine.clone(), slow, keys());
        let process = CodeFlow::new(&over(storage).unwrap(), CodePolicy::default()).unwrap();
        // Minting waits as well, so half of the minute is over when the code is there.
        let start = engine.clock.now();
        let code = mint(&process, &engine).await;
        engine.clock.set(start + Duration::from_secs(30));
        assert_eq!(works(&process, &code).await, is_good, "{stall} ms");
    }
}

#[tokio::test]
async fn a_rotation_loses_no_code_that_is_outstanding() {
    let engine = Engine::new();
    let before = process(&engine, SlotKeys::new(&key(1), &[]));
    let reads_new = process(&engine, SlotKeys::new(&key(1), &[key(2)]));
    let writes_new = process(&engine, SlotKeys::new(&key(2), &[key(1)]));
    let after = process(&engine, SlotKeys::new(&key(2), &[]));
    // At each step of the rotation, every process finds the records of that step and of the step
    // before.
    for (writer, reader) in [
        (&before, &before),
        (&before, &reads_new),
        (&reads_new, &before),
        (&reads_new, &writes_new),
        (&writes_new, &reads_new),
        (&writes_new, &after),
        (&after, &writes_new),
    ] {
        let code = mint(writer, &engine).await;
        assert!(works(reader, &code).await);
        assert!(!works(writer, &code).await, "and once");
    }
    // A rotation that skips a step loses codes.
    for (writer, reader) in
        [(&before, &after), (&after, &before), (&writes_new, &before), (&reads_new, &after)]
    {
        let code = mint(writer, &engine).await;
        assert!(!works(reader, &code).await, "a key that is not in the ring reads nothing");
    }
}

/// Otherwise somebody who can make the engine fail would guess for free.
#[tokio::test]
async fn nobody_guesses_while_nobody_can_tell_what_is_left() {
    let storage = Storage::shared_apart(Engine::new(), Away, keys());
    let world = World::with(|setup| setup.storage(storage));
    world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(503, "unavailable");
    let body = serde_json::json!({ "expiration": world.unix(60) });
    world.post_json(support::MINT, &body).await.assert_refused(503, "unavailable");
}

fn ready(time: SystemTime) -> impl Future<Output = Result<SystemTime, BoxError>> {
    std::future::ready(Ok(time))
}

#[tokio::test]
async fn an_engine_clock_tells_the_engines_time_and_not_the_machines() {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let (clock, asked) =
        (EngineClock::new("an engine", ready(then)).await.unwrap(), std::time::Instant::now());
    let told = clock.now().duration_since(then).unwrap();
    assert!(told <= asked.elapsed() + EngineClock::SLOWEST, "{told:?}");
    let later = then + Duration::from_secs(3600);
    clock.ask(ready(later)).await.unwrap();
    assert!(clock.now() >= later - EngineClock::SLOWEST);
    clock.ask(async { Err("away".into()) }).await.unwrap_err();
    assert!(clock.now() >= later - EngineClock::SLOWEST, "the last answer holds");
}

#[tokio::test]
async fn an_answer_that_took_too_long_is_not_believed() {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let clock = EngineClock::new("an engine", ready(then)).await.unwrap();
    let slow = async {
        tokio::time::sleep(EngineClock::SLOWEST + Duration::from_millis(10)).await;
        Ok(then + Duration::from_secs(3600))
    };
    clock.ask(slow).await.unwrap_err();
    assert!(clock.now() < then + Duration::from_secs(60));
}

#[test]
fn a_slot_key_is_written_in_hexadecimal_digits() {
    assert!(SlotKey::from_hex(&"0aF9".repeat(16)).is_ok());
    for text in ["0a".repeat(31), "0g".repeat(32), "0a".repeat(32) + "0", "0a".repeat(32) + "\n"] {
        assert!(SlotKey::from_hex(&text).is_err(), "{text:?}");
    }
}
