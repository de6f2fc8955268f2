//! Stores that several processes share: what a flow over one demands, and whose clock it goes by.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::clock::{Clock, SystemClock};
use credential_code::flow::{BuildError, CodeFlowBuilder, ExchangeRequest, Expiration};
use credential_code::store::{
    Budget, CodeGrant, EngineClock, MemoryStore, Payment, PurseStore, Record, Sharing, Slot, SlotKey,
    SlotKeys, StoreError,
};
use credential_code::testing::{ManualClock, MemoryHost, action_flow_builder, flow_builder};
use credential_code::{
    Caller, CodeFlow, CredentialKind, ErrorKind, Insertion, OneTimeStore, RelyingParty, User,
};

use crate::support::{MINT, ORIGIN, PARTY, World, user};

/// An engine that several processes use, and its clock.
#[derive(Clone, Debug)]
struct Engine<R: Record> {
    records: Arc<MemoryStore<R>>,
    clock: ManualClock,
}

impl<R: Record> Engine<R> {
    fn new() -> Arc<Self> {
        Arc::new(Self { records: Arc::new(MemoryStore::new(1000)), clock: ManualClock::new() })
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Engine<R> {
    fn sharing(&self) -> Sharing {
        Sharing::Shared(Arc::new(self.clock.clone()))
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.records.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.records.take(slot, now).await
    }
}

/// Purses of an engine that is away.
#[derive(Debug)]
struct Away;

#[async_trait]
impl PurseStore for Away {
    fn sharing(&self) -> Sharing {
        Sharing::Shared(Arc::new(SystemClock))
    }

    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        Err(StoreError::new("purses", "away"))
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        Err(StoreError::new("purses", "away"))
    }
}

fn key(byte: u8) -> SlotKey {
    SlotKey::new([byte; 32]).unwrap()
}

fn keys() -> SlotKeys {
    SlotKeys::new(&key(7), &[])
}

#[test]
fn a_shared_store_and_a_random_key_are_no_flow() {
    let refusal = |change: fn(CodeFlowBuilder) -> CodeFlowBuilder| {
        change(flow_builder(&Arc::default())).build().unwrap_err()
    };
    let refusals = [
        ("code_store", refusal(|builder| builder.code_store(Engine::new()))),
        ("registration_store", refusal(|builder| builder.registration_store(Engine::new()))),
        ("budgets", refusal(|builder| builder.budgets(Arc::new(Away)))),
    ];
    for (setter, refusal) in refusals {
        assert!(matches!(refusal, BuildError::RandomKeys { .. }), "{refusal:?}");
        let said = refusal.to_string();
        assert!(said.contains(&format!("`{setter}`")) && said.contains("call `slot_keys`"), "{said}");
    }
    let stores = flow_builder(&Arc::default()).code_store(Engine::new()).registration_store(Engine::new());
    stores.slot_keys(keys()).build().unwrap();
}

#[test]
fn half_a_shared_flow_is_no_flow() {
    let builder = || flow_builder(&Arc::default()).slot_keys(keys());
    for (builder, shared, alone) in [
        (builder().code_store(Engine::new()), "code_store", "registration_store"),
        (builder().registration_store(Engine::new()), "registration_store", "code_store"),
    ] {
        let said = builder.build().unwrap_err().to_string();
        assert!(
            said.starts_with(&format!("`{shared}` ")) && said.contains(&format!("`{alone}` did not")),
            "{said}"
        );
    }
    let actions = action_flow_builder(&Arc::default()).slot_keys(keys()).action_store(Engine::new());
    assert!(matches!(actions.build().unwrap_err(), BuildError::HalfShared { .. }));
}

#[test]
fn a_shared_store_and_a_random_key_are_no_user_actions() {
    let builder = || action_flow_builder(&Arc::default());
    for builder in [
        builder().challenge_store(Engine::new()),
        builder().action_store(Engine::new()),
        builder().budgets(Arc::new(Away)),
    ] {
        assert!(matches!(builder.build().unwrap_err(), BuildError::RandomKeys { .. }));
    }
    let stores = builder().challenge_store(Engine::new()).action_store(Engine::new());
    stores.slot_keys(keys()).build().unwrap();
}

/// A process of a flow whose codes lie in that engine. No law here looks at registrations.
fn process(engine: &Arc<Engine<CodeGrant>>, keys: SlotKeys) -> CodeFlow {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let stores = flow_builder(&host).code_store(engine.clone()).registration_store(Engine::new());
    stores.slot_keys(keys).build().unwrap()
}

async fn mint(process: &CodeFlow, engine: &Engine<CodeGrant>) -> String {
    let since_epoch = engine.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let expiry = Expiration::from_unix(since_epoch.as_secs() + 60).unwrap();
    let expiry = process.code_expiry(expiry).unwrap();
    process.mint(&Caller::new(user()), expiry, None).await.unwrap().code.reveal()
}

async fn works(process: &CodeFlow, code: &str) -> bool {
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    let code = process.code_format().parse(code).unwrap();
    let opened = process.exchange(ExchangeRequest::new(code, CredentialKind::Key, party), None).await;
    opened.inspect_err(|error| assert_eq!(error.kind(), ErrorKind::InvalidCode)).is_ok()
}

/// The clock of this machine is years ahead of the engine's, and neither revives nor kills anything.
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

#[tokio::test]
async fn a_rotation_loses_no_code_that_is_outstanding() {
    let engine = Engine::new();
    let before = process(&engine, SlotKeys::new(&key(1), &[]));
    let reads_new = process(&engine, SlotKeys::new(&key(1), &[key(2)]));
    let writes_new = process(&engine, SlotKeys::new(&key(2), &[key(1)]));
    let after = process(&engine, SlotKeys::new(&key(2), &[]));
    // Step by step, every process finds what those of the step before and of its own wrote.
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
    // Whoever skips a step loses codes.
    for (writer, reader) in
        [(&before, &after), (&after, &before), (&writes_new, &before), (&reads_new, &after)]
    {
        let code = mint(writer, &engine).await;
        assert!(!works(reader, &code).await, "a key that is not in the ring reads nothing");
    }
}

/// Else whoever can make the engine fail would guess for free.
#[tokio::test]
async fn nobody_guesses_while_nobody_can_tell_what_is_left() {
    let world = World::with(|builder| builder.slot_keys(keys()).budgets(Arc::new(Away)));
    world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(503, "unavailable");
    let body = serde_json::json!({ "expiration": world.unix(60) });
    world.post_json(MINT, &body).await.assert_refused(503, "unavailable");
}

fn ready(time: SystemTime) -> impl Future<Output = Result<SystemTime, credential_code::BoxError>> {
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
    assert!(SlotKey::from_hex(&"0aF9".repeat(16)).is_some());
    for text in ["0a".repeat(31), "0g".repeat(32), "0a".repeat(32) + "0", "0a".repeat(32) + "\n"] {
        assert!(SlotKey::from_hex(&text).is_none(), "{text:?}");
    }
}
