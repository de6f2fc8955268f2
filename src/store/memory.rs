use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::store::{Insertion, OneTimeStore, Record, Sharing, Slot, StoreError};

/// No record of the flow lives longer, so moka may drop what nobody came for. `take` decides by the flow's clock long before.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);

/// So many that two insertions seldom wait for each other.
const INSERTION_LOCKS: usize = 64;

/// The store of a flow that runs in one process: a [moka] cache with a bound.
///
/// `take` is moka's `remove`, and of those who race, one empties what it removed. It compares the expiry itself, because `remove` also returns
/// entries that have expired and were not evicted yet. The eviction policy is LRU: moka's default, TinyLFU, would refuse the
/// *new* records when the cache is full, and every fresh code with them.
///
/// [moka]: https://docs.rs/moka
pub struct MemoryStore<R: Record> {
    records: Cache<Slot, Held<R>, BuildHasherDefault<SlotHasher>>,
    // moka looks for a key and inserts it in two steps, between which somebody else could insert the same.
    insertion_locks: Box<[Mutex<()>; INSERTION_LOCKS]>,
}

/// A record until it is taken. Shared, so that moka's own clones of an entry hold no copies of the record.
type Held<R> = Arc<Mutex<Option<R>>>;

impl<R: Record> MemoryStore<R> {
    /// A store of at most about `capacity` records.
    pub fn new(capacity: u64) -> Self {
        Self::with_eviction_listener(capacity, |_| {})
    }

    /// The same, telling the closure which record had to go before its time because the store was full. It is told in the middle of an
    /// insertion, so it must not wait for another one.
    pub fn with_eviction_listener(capacity: u64, evicted: impl Fn(&R) + Send + Sync + 'static) -> Self {
        let records = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(LONGEST_LIFE)
            .eviction_listener(move |_, held: Held<R>, cause| match cause {
                RemovalCause::Size => {
                    let record = lock(&held).take();
                    record.iter().for_each(&evicted);
                }
                RemovalCause::Expired | RemovalCause::Explicit | RemovalCause::Replaced => {}
            })
            .build_with_hasher(BuildHasherDefault::default());
        Self { records, insertion_locks: Box::new([const { Mutex::new(()) }; INSERTION_LOCKS]) }
    }
}

/// Nothing that is done under these locks panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the first bytes of a slot as they are: nobody can choose them, since a slot is a hash already, under a secret key.
#[derive(Default)]
struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn write(&mut self, slot: &[u8]) {
        self.0 = slot.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }

    /// The length, which all slots share.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<R: Record> fmt::Debug for MemoryStore<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &R::NAME).finish_non_exhaustive()
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for MemoryStore<R> {
    fn sharing(&self) -> Sharing {
        Sharing::ThisProcess
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let [.., last] = *slot.as_bytes();
        let _inserting = lock(&self.insertion_locks[usize::from(last) % INSERTION_LOCKS]);
        if self.records.contains_key(&slot) {
            return Ok(Insertion::Duplicate);
        }
        self.records.insert(slot, Arc::new(Mutex::new(Some(record))));
        Ok(Insertion::Created)
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let record = self.records.remove(&slot).and_then(|held| lock(&held).take());
        Ok(record.filter(|record| now < record.expires_at()))
    }
}
