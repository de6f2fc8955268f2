use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::store::{Insertion, OneTimeStore, Record, Sharing, Slot, StoreError};

/// No record of the flow lives longer, so moka may drop what nobody came for. `take` decides by the flow's clock long before.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);

/// The store of a flow that runs in one process: a [moka] cache with a bound.
///
/// `take` is moka's `remove`, of which one racer gets the value, and it compares the expiry itself, because `remove` also returns
/// entries that have expired and were not evicted yet. The eviction policy is LRU: moka's default, TinyLFU, would refuse the
/// *new* records when the cache is full, and every fresh code with them.
///
/// [moka]: https://docs.rs/moka
pub struct MemoryStore<R: Record> {
    // Shared, so that moka's own clones of an entry are counter steps and not copies of the record.
    records: Cache<Slot, Arc<R>>,
}

impl<R: Record> MemoryStore<R> {
    /// A store of at most about `capacity` records.
    pub fn new(capacity: u64) -> Self {
        Self::with_eviction_listener(capacity, |_| {})
    }

    /// The same, telling the closure which record had to go before its time because the store was full.
    pub fn with_eviction_listener(capacity: u64, evicted: impl Fn(&R) + Send + Sync + 'static) -> Self {
        let records = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(LONGEST_LIFE)
            .eviction_listener(move |_, record: Arc<R>, cause| match cause {
                RemovalCause::Size => evicted(&record),
                RemovalCause::Expired | RemovalCause::Explicit | RemovalCause::Replaced => {}
            })
            .build();
        Self { records }
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
        match self.records.entry(slot).or_insert(Arc::new(record)).is_fresh() {
            true => Ok(Insertion::Created),
            false => Ok(Insertion::Duplicate),
        }
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let record = self.records.remove(&slot).map(Arc::unwrap_or_clone);
        Ok(record.filter(|record| now < record.expires_at()))
    }
}
