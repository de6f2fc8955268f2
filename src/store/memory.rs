use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::error::StoreError;
use crate::model::{EnrolmentId, Insertion, UserId};
use crate::store::{
    ClearRecord, CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Slot,
    UserAction,
};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// No record of the flow lives longer, so moka may drop a record that nobody took. `take` decides
/// by the flow's clock long before.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);

/// So many locks that two insertions seldom wait for each other.
const INSERTION_LOCKS: usize = 64;

/// The store of a site that runs in one process: a bounded [moka] cache for each kind of record.
///
/// `take` uses moka's `remove`. If several calls race, one empties the removed entry. `take`
/// compares the expiry itself, because `remove` also returns expired entries that were not evicted
/// yet. The eviction policy is LRU. moka's default, TinyLFU, would refuse the *new* records when
/// the cache is full, and so every fresh code.
///
/// [moka]: https://docs.rs/moka
#[derive(Debug)]
pub struct MemoryStore(Shelves);

/// A shelf for each kind of record. It is public only for technical reasons: do not name it.
#[allow(unnameable_types)]
#[derive(Debug)]
pub struct Shelves {
    pub(super) codes: Shelf<CodeGrant>,
    pub(super) registrations: Shelf<PendingRegistration>,
    pub(super) challenges: Shelf<PendingAction>,
    pub(super) actions: Shelf<UserAction>,
    pub(super) approvals: Shelf<PendingApproval>,
}

/// A record that was dropped before its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evicted<'a> {
    pub(crate) records: &'static str,
    pub(crate) user: &'a UserId,
    pub(crate) enrolment: Option<&'a EnrolmentId>,
    pub(crate) expires_at: SystemTime,
}

pub(super) type OnEviction = Arc<dyn Fn(Evicted<'_>) + Send + Sync>;

impl MemoryStore {
    /// Creates a store of at most about `capacity` records of each kind.
    pub fn new(capacity: u64) -> Self {
        Self::with_eviction_listener(capacity, |_| {})
    }

    /// Creates the same store, and tells the closure which record it dropped because it was full.
    /// The call comes during an insertion, so it must not wait for another one.
    pub(crate) fn with_eviction_listener(
        capacity: u64,
        evicted: impl Fn(Evicted<'_>) + Send + Sync + 'static,
    ) -> Self {
        let evicted: OnEviction = Arc::new(evicted);
        Self(Shelves {
            codes: Shelf::new(capacity, evicted.clone()),
            registrations: Shelf::new(capacity, evicted.clone()),
            challenges: Shelf::new(capacity, evicted.clone()),
            actions: Shelf::new(capacity, evicted.clone()),
            approvals: Shelf::new(capacity, evicted),
        })
    }
}

#[async_trait]
impl<R: ClearRecord> OneTimeStore<R> for MemoryStore {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        Ok(R::shelf(&self.0).insert(slot, record))
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        Ok(R::shelf(&self.0).take(slot).filter(|record| now < record.expires_at()))
    }
}

/// The records of one kind.
#[allow(unnameable_types)]
pub struct Shelf<R: ClearRecord> {
    records: Cache<Slot, Held<R>, BuildHasherDefault<SlotHasher>>,
    // moka looks for a key and inserts it in two steps. Between them, another call could insert the
    // same key.
    insertion_locks: Box<[Mutex<()>; INSERTION_LOCKS]>,
}

/// A record until it is taken. It is shared, so moka's own clones of an entry hold no copies of the
/// record.
type Held<R> = Arc<Mutex<Option<R>>>;

impl<R: ClearRecord> Shelf<R> {
    fn new(capacity: u64, evicted: OnEviction) -> Self {
        let records = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(LONGEST_LIFE)
            .eviction_listener(move |_, held: Held<R>, cause| match cause {
                RemovalCause::Size => {
                    if let Some(record) = lock(&held).take() {
                        let (user, expires_at) = (record.user(), record.expires_at());
                        let enrolment = record.enrolment();
                        evicted(Evicted { records: R::NAME, user, enrolment, expires_at });
                    }
                }
                RemovalCause::Expired | RemovalCause::Explicit | RemovalCause::Replaced => {}
            })
            .build_with_hasher(BuildHasherDefault::default());
        Self { records, insertion_locks: Box::new([const { Mutex::new(()) }; INSERTION_LOCKS]) }
    }

    fn insert(&self, slot: Slot, record: R) -> Insertion {
        let [.., last] = *slot.as_bytes();
        let _inserting = lock(&self.insertion_locks[usize::from(last) % INSERTION_LOCKS]);
        if self.records.contains_key(&slot) {
            return Insertion::Duplicate;
        }
        self.records.insert(slot, Arc::new(Mutex::new(Some(record))));
        Insertion::Created
    }

    fn take(&self, slot: Slot) -> Option<R> {
        self.records.remove(&slot).and_then(|held| lock(&held).take())
    }
}

impl<R: ClearRecord> fmt::Debug for Shelf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("records", &R::NAME).finish_non_exhaustive()
    }
}

/// Locks a mutex. No code under these locks panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the first bytes of a slot unchanged. Nobody can choose them, since a slot is a hash
/// already, under a secret key.
#[derive(Default)]
struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn write(&mut self, slot: &[u8]) {
        self.0 = slot.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }

    /// Ignores the length, which all slots share.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
#[path = "../../tests/unit/shelf.rs"]
mod tests;
