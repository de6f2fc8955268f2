use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::model::{
    Approval, Challenge, CheckCode, CredentialId, CredentialKind, CredentialUuid, EnrolmentId, Fido2Policy,
    Insertion, Origin, RelyingParty, Requirement, Scope, UserId,
};
use crate::random;
use crate::store::{
    Awaited, CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Record, Slot,
    UserAction,
};
use crate::testing::race::{at_once, block_on};
use crate::testing::samples;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

const CREATED: &str = "an_empty_slot_takes_a_record \
    (answer `Created` where nothing is stored, after a take too)";
const ONE_CREATES: &str = "of_racing_insertions_one_creates \
    (insert in one atomic step under a unique key)";
const ONE_WINS: &str = "of_racing_takes_one_wins \
    (delete and return in one atomic step, such as `DELETE … RETURNING`)";

/// A record that the suite can create. Every record of the crate implements it.
pub trait Sample: Record + PartialEq {
    /// Returns one of many different records, with that expiry.
    fn sample(number: u8, expires_at: SystemTime) -> Self;
}

impl Sample for CodeGrant {
    fn sample(number: u8, expires_at: SystemTime) -> Self {
        let kinds = Some(vec![CredentialKind::RecoveryKey]);
        let scope = Scope { kinds, longest_life: Some(HOUR), ..Scope::default() };
        Self {
            user: user(number),
            enrolment: enrolment(),
            scope,
            approval: Approval::AskedWithCheckCode,
            began_at: expires_at - HOUR,
            expires_at,
            returns: number,
        }
    }
}

impl Sample for PendingAction {
    fn sample(number: u8, expires_at: SystemTime) -> Self {
        Self {
            user: user(number),
            challenge: Challenge::mint_with_id().expect("the system gives randomness").0,
            binding: random::bytes().expect("the system gives randomness"),
            relying_party: Arc::new(party()),
            user_verification: Requirement::Preferred,
            began_at: expires_at - HOUR,
            expires_at,
            returns: number,
        }
    }
}

impl Sample for UserAction {
    fn sample(number: u8, expires_at: SystemTime) -> Self {
        let credential = CredentialId::new(format!("arn:key/{number}/ü")).expect("a short id is valid");
        let uuid = CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").expect("the sample is valid");
        Self { user: user(number), credential, uuid, began_at: expires_at - HOUR, expires_at }
    }
}

impl Sample for PendingApproval {
    fn sample(number: u8, expires_at: SystemTime) -> Self {
        let user = user(number);
        Self {
            enrolment: enrolment(),
            credential: samples::sample(&user, "ü"),
            user,
            check_code: Some(CheckCode::new("012345").expect("six digits are a check code")),
            attempts_left: number,
            began_at: expires_at - HOUR,
            expires_at,
            returns: number,
            offered: true,
        }
    }
}

impl Sample for PendingRegistration {
    fn sample(number: u8, expires_at: SystemTime) -> Self {
        Self {
            user: user(number),
            enrolment: enrolment(),
            approval: Approval::Asked,
            began_at: expires_at - HOUR,
            kind: CredentialKind::RecoveryKey,
            challenge: Challenge::mint_with_id().expect("the system gives randomness").0,
            relying_party: Arc::new(party()),
            origin: Some(Origin::new(ORIGIN).expect("the sample is valid")),
            fido2: Arc::new(Fido2Policy::default()),
            expires_at,
            returns: number,
            offered: Some(CredentialId::new("ü").expect("a short id is valid")),
            awaited: Some(Awaited { check_code: None, expires_at }),
        }
    }
}

const ORIGIN: &str = "https://app.example.com";

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Exämple \"& Co\"", [ORIGIN]).expect("the sample is valid")
}

fn enrolment() -> EnrolmentId {
    EnrolmentId::of(random::bytes().expect("the system gives randomness"))
}

fn user(number: u8) -> UserId {
    UserId::new(format!("us-{number}-ü")).expect("a short id is valid")
}

/// Returns a time close to now, since an engine may drop records that expired long ago by its own
/// clock. It is no whole second, since a store may not round. A millisecond is the precision of the
/// flow's records.
pub(crate) fn now() -> SystemTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs()) + 123 * MILLISECOND
}

pub(crate) fn slot() -> Slot {
    Slot::from_bytes(random::bytes().expect("the system gives randomness"))
}

/// Asserts every law of a [`OneTimeStore`]. Panics with the first broken law, and says what to
/// change. Run it once for each record. A shared store is tested below a
/// [`SealedStore`](crate::store::SealedStore), as in a site:
///
/// ```
/// # async fn example() {
/// use std::sync::Arc;
/// use credential_code::store::{CodeGrant, MemoryStore, PendingRegistration};
/// use credential_code::testing::store_contract;
///
/// store_contract::<CodeGrant>(Arc::new(MemoryStore::new(10_000))).await;
/// store_contract::<PendingRegistration>(Arc::new(MemoryStore::new(10_000))).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
///
/// Its racers are futures on the caller's own task, so it runs on any runtime that the store needs.
/// It catches every store that awaits between looking and deleting. Its times are about now. A
/// store that needs no runtime should pass [`store_contract_on_threads`] as well.
pub async fn store_contract<R: Sample>(store: Arc<dyn OneTimeStore<R>>) {
    let now = now();
    a_record_is_taken_once_and_unchanged(&*store, now).await;
    an_insertion_never_overwrites(&*store, now).await;
    an_empty_slot_has_nothing(&*store, now).await;
    a_record_is_absent_from_its_expiry_on(&*store, now).await;
    an_expired_record_that_was_asked_for_is_gone(&*store, now).await;
    a_slot_is_free_again_after_take(&*store, now).await;
    slots_that_differ_in_one_bit_do_not_meet(&*store, now).await;
    of_racing_takes_one_wins(&*store, now).await;
    of_racing_insertions_one_creates(&*store, now).await;
}

/// Asserts the laws of racing on real threads, in that many rounds. A few thousand rounds find a
/// race that a few would miss. It is for stores that need no runtime.
pub fn store_contract_on_threads<R: Sample>(store: &Arc<dyn OneTimeStore<R>>, rounds: usize) {
    const RACERS: u8 = 4;
    let now = now();
    let slots: Arc<[Slot]> = std::iter::repeat_with(slot).take(rounds).collect();
    let barrier = Arc::new(Barrier::new(RACERS.into()));
    // The racers live for all rounds. Starting a thread takes longer than the race that it should
    // lose.
    let racers = (0..RACERS).map(|number| {
        let (store, slots, barrier) = (store.clone(), slots.clone(), barrier.clone());
        thread::spawn(move || -> Vec<Race<R>> {
            let race = |slot: &Slot| {
                let sample = R::sample(number, now + HOUR);
                barrier.wait();
                let inserted = block_on(store.insert(*slot, sample.clone())).expect("the store answers");
                barrier.wait();
                let taken = block_on(store.take(*slot, now)).expect("the store answers");
                Race { created: (inserted == Insertion::Created).then_some(sample), taken }
            };
            slots.iter().map(race).collect()
        })
    });
    let racers: Vec<_> = racers.collect();
    let races: Vec<_> = racers.into_iter().map(|racer| racer.join().expect("a racer runs")).collect();
    for round in 0..rounds {
        let created: Vec<_> = races.iter().filter_map(|races| races[round].created.as_ref()).collect();
        assert_eq!(created.len(), 1, "{ONE_CREATES}: round {round}");
        let taken: Vec<_> = races.iter().filter_map(|races| races[round].taken.as_ref()).collect();
        assert_eq!(taken.len(), 1, "{ONE_WINS}: round {round}");
        assert_eq!(taken, created, "{ONE_CREATES}: and is found, round {round}");
    }
}

/// The results of a racer in a round.
struct Race<R> {
    created: Option<R>,
    taken: Option<R>,
}

fn expect_created(outcome: Result<Insertion, crate::error::StoreError>) {
    assert_eq!(outcome.expect("the store answers"), Insertion::Created, "{CREATED}");
}

async fn insert<R: Sample>(store: &dyn OneTimeStore<R>, slot: Slot, record: &R) {
    expect_created(store.insert(slot, record.clone()).await);
}

async fn take<R: Sample>(store: &dyn OneTimeStore<R>, slot: Slot, now: SystemTime) -> Option<R> {
    store.take(slot, now).await.expect("the store answers")
}

async fn a_record_is_taken_once_and_unchanged<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "a_record_is_taken_once_and_unchanged \
        (delete and return in one step, and keep every byte of the record)";
    for lifetime in [MILLISECOND, Duration::from_secs(60), Duration::from_secs(3600)] {
        let (slot, record) = (slot(), R::sample(3, now + lifetime));
        insert(store, slot, &record).await;
        assert_eq!(take(store, slot, now).await, Some(record), "{LAW}: unchanged");
        assert_eq!(take(store, slot, now).await, None, "{LAW}: once");
    }
}

async fn an_insertion_never_overwrites<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "an_insertion_never_overwrites \
        (insert in one step that leaves a taken slot alone and answers `Duplicate`)";
    let (slot, first) = (slot(), R::sample(1, now + MILLISECOND));
    insert(store, slot, &first).await;
    let second = store.insert(slot, R::sample(2, now + MILLISECOND)).await.expect("the store answers");
    assert_eq!(second, Insertion::Duplicate, "{LAW}");
    assert_eq!(take(store, slot, now).await, Some(first), "{LAW}: the old record stays");
}

async fn an_empty_slot_has_nothing<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "an_empty_slot_has_nothing \
        (answer `None` where nothing is stored)";
    assert_eq!(take(store, slot(), now).await, None, "{LAW}");
}

async fn a_record_is_absent_from_its_expiry_on<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "a_record_is_absent_from_its_expiry_on \
        (compare `expires_at` with the `now` that you are given: from that instant on it is gone)";
    let expires_at = now + Duration::from_secs(60);
    for (asked_at, is_there) in [
        (expires_at - MILLISECOND, true),
        (expires_at, false),
        (expires_at + MILLISECOND, false),
        (expires_at + Duration::from_secs(86_400), false),
    ] {
        let slot = slot();
        insert(store, slot, &R::sample(1, expires_at)).await;
        assert_eq!(take(store, slot, asked_at).await.is_some(), is_there, "{LAW}: {asked_at:?}");
    }
}

/// A clock may go back. A record that was answered as expired must not come back with it.
async fn an_expired_record_that_was_asked_for_is_gone<R: Sample>(
    store: &dyn OneTimeStore<R>,
    now: SystemTime,
) {
    const LAW: &str = "an_expired_record_that_was_asked_for_is_gone \
        (delete an expired record too, when it is taken)";
    let slot = slot();
    insert(store, slot, &R::sample(1, now)).await;
    assert_eq!(take(store, slot, now).await, None, "{LAW}");
    assert_eq!(take(store, slot, now - MILLISECOND).await, None, "{LAW}");
}

/// The flow puts back records after failures that are not the caller's fault.
async fn a_slot_is_free_again_after_take<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "a_slot_is_free_again_after_take \
        (keep nothing of what was taken: the flow puts records back)";
    let (slot, record) = (slot(), R::sample(1, now + MILLISECOND));
    for _ in 0..3 {
        insert(store, slot, &record).await;
        let taken = take(store, slot, now).await;
        assert_eq!(taken.as_ref(), Some(&record), "{LAW}");
    }
}

async fn slots_that_differ_in_one_bit_do_not_meet<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    const LAW: &str = "slots_that_differ_in_one_bit_do_not_meet \
        (use all 32 bytes of a slot as the key)";
    let base = *slot().as_bytes();
    let neighbours = (0..32).map(|byte| {
        let mut bytes = base;
        bytes[byte] ^= 1;
        Slot::from_bytes(bytes)
    });
    let slots = neighbours.chain([Slot::from_bytes(base)]);
    let laid: Vec<(Slot, R)> =
        (0..).zip(slots).map(|(number, slot)| (slot, R::sample(number, now + MILLISECOND))).collect();
    for (slot, record) in &laid {
        let inserted = store.insert(*slot, record.clone()).await;
        assert_eq!(inserted.expect("the store answers"), Insertion::Created, "{LAW}");
    }
    for (slot, record) in laid {
        assert_eq!(take(store, slot, now).await, Some(record), "{LAW}: each has its own record");
    }
}

async fn of_racing_takes_one_wins<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    for _ in 0..20 {
        let slot = slot();
        insert(store, slot, &R::sample(1, now + MILLISECOND)).await;
        let winners = at_once((0..16).map(|_| take(store, slot, now))).await;
        assert_eq!(winners.iter().flatten().count(), 1, "{ONE_WINS}");
    }
}

async fn of_racing_insertions_one_creates<R: Sample>(store: &dyn OneTimeStore<R>, now: SystemTime) {
    for _ in 0..20 {
        let slot = slot();
        let samples: Vec<R> = (0..16).map(|number| R::sample(number, now + MILLISECOND)).collect();
        let outcomes = at_once(samples.iter().map(|sample| store.insert(slot, sample.clone()))).await;
        let created: Vec<&R> = outcomes
            .into_iter()
            .zip(&samples)
            .filter(|(outcome, _)| matches!(outcome, Ok(Insertion::Created)))
            .map(|(_, sample)| sample)
            .collect();
        assert_eq!(created.len(), 1, "{ONE_CREATES}");
        assert_eq!(take(store, slot, now).await.as_ref(), Some(created[0]), "{ONE_CREATES}: and is found");
    }
}
