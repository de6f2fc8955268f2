#[cfg(feature = "memory")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::enrolment::{Changes, Enrolments};
use crate::event::{Event, Listener};
use crate::once::PurseKeeper;
use crate::site::BuildError;
use crate::site::builder::set;
#[cfg(feature = "memory")]
use crate::site::check;
use crate::store::{
    EnrolmentLedger, MemoryLedger, PurseStore, RecordStore, SealedStore, SharedStore, SlotKeys,
};
#[cfg(feature = "memory")]
use crate::store::{Evicted, MemoryStore};

/// How many enrolments a site in one process keeps, unless its storage sets another number.
const OWN_ENROLMENTS: u64 = 100_000;

/// The place where a site keeps its short-lived data: its one-time records, its enrolments and its
/// budgets (rate limits). It also holds the keys by which records are found, and the clock that
/// decides when one has expired.
///
/// One value sets all of it for every flow of a site, so no two flows disagree. A shared store
/// comes with the keys that its processes share.
///
/// ```
/// use credential_code::Storage;
///
/// let storage = Storage::in_memory_of(10_000);
/// # drop(storage);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Storage {
    records: Records,
    keys: Option<SlotKeys>,
    clock: Option<Arc<dyn Clock>>,
    /// The setter that was called twice.
    twice: Option<&'static str>,
}

#[derive(Debug)]
enum Records {
    #[cfg(feature = "memory")]
    InMemory {
        capacity: u64,
    },
    InProcess(Arc<dyn RecordStore>),
    Shared(Box<Shared>),
}

#[derive(Debug)]
struct Shared {
    store: Arc<dyn RecordStore>,
    ledger: Arc<dyn EnrolmentLedger>,
    budgets: Option<Arc<dyn PurseStore>>,
    keys: SlotKeys,
    clock: Arc<dyn Clock>,
}

impl Storage {
    /// Keeps everything in this process, under a random key: up to 100 000 records of each kind. A
    /// restart loses the outstanding codes, and undo links unless it has [keys](Self::with_keys).
    #[cfg(feature = "memory")]
    pub fn in_memory() -> Self {
        Self::in_memory_of(100_000)
    }

    /// Does the same for up to that many records of each kind.
    #[cfg(feature = "memory")]
    pub fn in_memory_of(capacity: u64) -> Self {
        Self::of(Records::InMemory { capacity })
    }

    /// Keeps records in a store of your own that no other process sees, under a random key. Keeps
    /// enrolments and budgets in this process. The store gets records unencrypted. A store outside
    /// this process is [shared](Self::shared).
    pub fn in_process(store: impl RecordStore) -> Self {
        Self::of(Records::InProcess(Arc::new(store)))
    }

    /// Keeps records, enrolments and budgets in a store that other processes share. Each of them
    /// needs these keys. All data is sealed under them before the store gets it.
    pub fn shared(store: impl SharedStore + PurseStore, keys: SlotKeys) -> Self {
        let store = Arc::new(store);
        Self::shared_apart(store.clone(), store, keys)
    }

    /// Keeps records and enrolments in one shared store, and budgets in another.
    pub fn shared_apart(records: impl SharedStore, budgets: impl PurseStore, keys: SlotKeys) -> Self {
        Self::over(records, Some(Arc::new(budgets)), keys)
    }

    /// Keeps records and enrolments in a store that other processes share, and budgets in this
    /// process.
    pub fn shared_records(store: impl SharedStore, keys: SlotKeys) -> Self {
        Self::over(store, None, keys)
    }

    fn over(store: impl SharedStore, budgets: Option<Arc<dyn PurseStore>>, keys: SlotKeys) -> Self {
        let clock = store.clock();
        let store = Arc::new(SealedStore::new(store, keys.clone()));
        let shared = Shared { ledger: store.clone(), store, budgets, keys, clock };
        Self::of(Records::Shared(Box::new(shared)))
    }

    fn of(records: Records) -> Self {
        Self { records, keys: None, clock: None, twice: None }
    }

    /// Sets the keys of a storage in this process. Default: a random key. It ends with the process,
    /// and every undo link with it. A shared storage has keys already.
    pub fn with_keys(mut self, keys: SlotKeys) -> Self {
        set(&mut self.keys, keys, "with_keys", &mut self.twice);
        self
    }

    /// Sets the clock. Default: the shared store's, or the system's.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        set(&mut self.clock, Arc::new(clock), "with_clock", &mut self.twice);
        self
    }

    /// Opens the storage. The store in memory tells the listener of records that it had to drop.
    pub(super) fn open(self, listener: &Listener) -> Result<Open, BuildError> {
        if let Some(setter) = self.twice {
            return Err(BuildError::Twice(setter));
        }
        let system = || Arc::new(SystemClock) as Arc<dyn Clock>;
        let (records, ledger, keys, clock, purses) = match self.records {
            #[cfg(feature = "memory")]
            Records::InMemory { capacity } => {
                check(capacity > 0, "in_memory_of", "a store holds at least one record")?;
                let clock = self.clock.unwrap_or_else(system);
                let store: Arc<dyn RecordStore> =
                    Arc::new(in_memory(capacity, clock.clone(), listener.clone()));
                let ledger = own_ledger(capacity, listener);
                (store, ledger, own_keys(self.keys)?, clock, PurseKeeper::in_this_process())
            }
            Records::InProcess(store) => {
                let clock = self.clock.unwrap_or_else(system);
                let ledger = own_ledger(OWN_ENROLMENTS, listener);
                (store, ledger, own_keys(self.keys)?, clock, PurseKeeper::in_this_process())
            }
            Records::Shared(_) if self.keys.is_some() => {
                let reason = "a shared storage has keys already";
                return Err(BuildError::Contradiction { one: "with_keys", other: "shared", reason });
            }
            Records::Shared(shared) => {
                let Shared { store, ledger, budgets, keys, clock } = *shared;
                let purses = match budgets {
                    Some(store) => PurseKeeper::shared(store, keys.clone()),
                    None => PurseKeeper::in_this_process(),
                };
                (store, (ledger, Changes::MadeElsewhere), keys, self.clock.unwrap_or(clock), purses)
            }
        };
        let (ledger, changes) = ledger;
        let enrolments = Enrolments::new(ledger, changes, clock.clone(), listener.clone());
        Ok(Open { records, enrolments, keys, clock, purses })
    }
}

fn own_keys(keys: Option<SlotKeys>) -> Result<SlotKeys, BuildError> {
    keys.map_or_else(|| Ok(SlotKeys::random()?), Ok)
}

/// Returns a ledger in this process. When it is full, it tells the listener which enrolment it had
/// to forget.
fn own_ledger(capacity: u64, listener: &Listener) -> (Arc<dyn EnrolmentLedger>, Changes) {
    let listener = listener.clone();
    let ledger = MemoryLedger::with_listener(capacity, move |user, enrolment| {
        let enrolment = Some(enrolment);
        listener.tell(&Event::Evicted { records: "enrolments", user, enrolment });
    });
    (Arc::new(ledger), Changes::MadeHere)
}

#[cfg(feature = "memory")]
fn in_memory(capacity: u64, clock: Arc<dyn Clock>, listener: Listener) -> MemoryStore {
    MemoryStore::with_eviction_listener(capacity, move |evicted| {
        if clock.now() < evicted.expires_at {
            let Evicted { records, user, enrolment, .. } = evicted;
            let tell = || listener.tell(&Event::Evicted { records, user, enrolment });
            // moka never again calls a listener that panicked. The hook has reported the panic, and
            // this happens in the middle of somebody else's insertion.
            let _ = catch_unwind(AssertUnwindSafe(tell));
        }
    })
}

/// Storage in use.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) records: Arc<dyn RecordStore>,
    pub(super) enrolments: Enrolments,
    pub(super) keys: SlotKeys,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) purses: PurseKeeper,
}
