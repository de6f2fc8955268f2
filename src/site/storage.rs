use std::sync::Arc;

use crate::clock::Clock;
#[cfg(feature = "memory")]
use crate::clock::SystemClock;
#[cfg(feature = "memory")]
use crate::event::Event;
use crate::event::Listener;
use crate::once::PurseKeeper;
use crate::site::BuildError;
#[cfg(feature = "memory")]
use crate::site::build_error::check;
use crate::site::builder::set;
#[cfg(feature = "memory")]
use crate::store::MemoryStore;
use crate::store::{PurseStore, RecordStore, SharedStore, SlotKeys};

/// Where a site keeps what lives for minutes: its one-time records and its budgets (rate limits). With them go the
/// keys that records are found by, and the clock that decides when one has expired.
///
/// One value says all of it for every flow of a site, so that no two flows disagree.
///
/// ```
/// use credential_code::Storage;
///
/// let storage = Storage::in_memory().with_capacity(10_000);
/// # drop(storage);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Storage {
    records: Records,
    budgets: Option<Arc<dyn PurseStore>>,
    clock: Option<Arc<dyn Clock>>,
    #[cfg(feature = "memory")]
    capacity: Option<u64>,
    /// The first setter that was called twice.
    twice: Option<&'static str>,
}

#[derive(Debug)]
enum Records {
    #[cfg(feature = "memory")]
    InMemory,
    Shared {
        store: Arc<dyn RecordStore>,
        keys: SlotKeys,
        clock: Arc<dyn Clock>,
    },
}

/// How many records of each kind the store in memory has room for, unless the host says otherwise.
#[cfg(feature = "memory")]
const CAPACITY: u64 = 100_000;

impl Storage {
    /// Keeps everything in this process, under a random key. A restart costs the codes that are outstanding.
    #[cfg(feature = "memory")]
    pub fn in_memory() -> Self {
        Self::of(Records::InMemory)
    }

    /// Keeps records and budgets in a store that other processes share. Every process needs the same keys.
    pub fn shared(store: impl SharedStore + PurseStore, keys: SlotKeys) -> Self {
        let store = Arc::new(store);
        Self::shared_records(store.clone(), keys).with_budget_store(store)
    }

    /// Keeps records in a store that other processes share, and budgets in this process.
    pub fn shared_records(store: impl SharedStore, keys: SlotKeys) -> Self {
        let clock = store.clock();
        Self::of(Records::Shared { store: Arc::new(store), keys, clock })
    }

    fn of(records: Records) -> Self {
        Self {
            records,
            budgets: None,
            clock: None,
            #[cfg(feature = "memory")]
            capacity: None,
            twice: None,
        }
    }

    /// Sets how many records of each kind the store in memory holds. Default: 100 000.
    #[cfg(feature = "memory")]
    pub fn with_capacity(mut self, records: u64) -> Self {
        set(&mut self.capacity, records, "with_capacity", &mut self.twice);
        self
    }

    /// Keeps budgets in a store of their own that other processes share, for [`shared_records`](Self::shared_records).
    ///
    /// It needs shared records, since the key of a store in memory is known to one process alone.
    pub fn with_budget_store(mut self, purses: impl PurseStore) -> Self {
        set(&mut self.budgets, Arc::new(purses), "with_budget_store", &mut self.twice);
        self
    }

    /// Sets the clock. Default: the shared store's, or the system's.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        set(&mut self.clock, Arc::new(clock), "with_clock", &mut self.twice);
        self
    }

    /// Opens it. The store in memory tells the listener of records that it had to drop.
    pub(super) fn open(
        self,
        #[cfg_attr(not(feature = "memory"), expect(unused_variables))] listener: &Listener,
    ) -> Result<Open, BuildError> {
        if let Some(setter) = self.twice {
            return Err(BuildError::Twice(setter));
        }
        match self.records {
            #[cfg(feature = "memory")]
            Records::InMemory => {
                if self.budgets.is_some() {
                    return Err(BuildError::Contradiction {
                        one: "Storage::in_memory",
                        other: "with_budget_store",
                        reason: "no other process finds budgets under a random key; share the records too",
                    });
                }
                let capacity = self.capacity.unwrap_or(CAPACITY);
                check(capacity > 0, "with_capacity", "a store holds at least one record")?;
                let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
                let records = in_memory(capacity, clock.clone(), listener.clone());
                let purses = PurseKeeper::in_this_process();
                Ok(Open { records: Arc::new(records), keys: SlotKeys::random()?, clock, purses })
            }
            #[cfg(feature = "memory")]
            Records::Shared { .. } if self.capacity.is_some() => Err(BuildError::Contradiction {
                one: "with_capacity",
                other: "a shared store",
                reason: "only a store in memory has a capacity",
            }),
            Records::Shared { store, keys, clock } => Ok(Open {
                records: store,
                clock: self.clock.unwrap_or(clock),
                purses: match self.budgets {
                    Some(store) => PurseKeeper::Shared { store, keys: keys.clone() },
                    None => PurseKeeper::in_this_process(),
                },
                keys,
            }),
        }
    }
}

#[cfg(feature = "memory")]
fn in_memory(capacity: u64, clock: Arc<dyn Clock>, listener: Listener) -> MemoryStore {
    MemoryStore::with_eviction_listener(capacity, move |evicted| {
        if clock.now() < evicted.expires_at {
            listener.tell(&Event::Evicted { records: evicted.records, user: evicted.user });
        }
    })
}

/// Storage in use.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) records: Arc<dyn RecordStore>,
    pub(super) keys: SlotKeys,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) purses: PurseKeeper,
}
