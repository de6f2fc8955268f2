//! Budgets (rate limits, by the generic cell rate algorithm): how many codes a user may mint, and
//! how often anybody may guess.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::StoreError;
use crate::store::{Budget, Payment, PurseStore, SlotKeys, SlotLabel};

/// How many purses there are of each kind, so that nobody fills a table with them: names are hashed
/// into so many.
const PURSES: usize = 1 << 16;

/// How long a refusal of a shared purse is believed without asking.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Where the purses of a site are: in this process, or in a store that several share.
#[derive(Debug)]
pub(crate) enum PurseKeeper {
    ThisProcess(Mutex<HashMap<(SlotLabel, Budget), Arc<OwnPurses>>>),
    Shared {
        store: Arc<dyn PurseStore>,
        keys: SlotKeys,
        kinds: Mutex<HashMap<(SlotLabel, Budget), Arc<Refusals>>>,
    },
}

impl PurseKeeper {
    pub(crate) fn in_this_process() -> Self {
        Self::ThisProcess(Mutex::default())
    }

    pub(crate) fn shared(store: Arc<dyn PurseStore>, keys: SlotKeys) -> Self {
        Self::Shared { store, keys, kinds: Mutex::default() }
    }

    /// Returns the purses of that kind and that budget. Two budgets never spend from one purse:
    /// each would read the instant that the other wrote in its own way.
    pub(crate) fn with(&self, budget: Budget, label: SlotLabel) -> Purses {
        let kept = match self {
            Self::ThisProcess(kinds) => Kept::ThisProcess(of_kind(kinds, budget, label)),
            Self::Shared { store, keys, kinds } => Kept::Shared {
                store: store.clone(),
                keys: keys.clone(),
                label,
                refusals: of_kind(kinds, budget, label),
            },
        };
        Purses { budget, kept }
    }
}

fn of_kind<P: Default>(
    kinds: &Mutex<HashMap<(SlotLabel, Budget), Arc<P>>>,
    budget: Budget,
    label: SlotLabel,
) -> Arc<P> {
    let mut kinds = kinds.lock().unwrap_or_else(PoisonError::into_inner);
    kinds.entry((label, budget)).or_default().clone()
}

/// A purse for each of any number of names.
#[derive(Debug)]
pub(crate) struct Purses {
    budget: Budget,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    ThisProcess(Arc<OwnPurses>),
    Shared { store: Arc<dyn PurseStore>, keys: SlotKeys, label: SlotLabel, refusals: Arc<Refusals> },
}

impl Purses {
    /// Returns for how long a shared purse is known to refuse, without a call to its store.
    pub(crate) fn refused_for(&self, name: &str, now: SystemTime) -> Option<Duration> {
        match &self.kept {
            Kept::ThisProcess(_) => None,
            Kept::Shared { keys, label, refusals, .. } => {
                let number = keys.purse_number(*label, self.budget, name);
                refusals.of(number, micros(now))
            }
        }
    }

    /// Spends one of the name's budget.
    pub(crate) async fn spend(&self, name: &str, now: SystemTime) -> Result<Payment, StoreError> {
        match &self.kept {
            Kept::ThisProcess(purses) => Ok(purses.of(name).spend(self.budget, now)),
            Kept::Shared { store, keys, label, refusals } => {
                let number = keys.purse_number(*label, self.budget, name);
                let slot = keys.purse(*label, self.budget, number);
                let payment = store.spend(slot, self.budget, now).await?;
                if let Payment::Refused { retry_after } = payment {
                    refusals.note(number, now, retry_after);
                }
                Ok(payment)
            }
        }
    }

    /// Gives one back to a name that had spent it.
    pub(crate) async fn give_back(&self, name: &str) {
        match &self.kept {
            Kept::ThisProcess(purses) => purses.of(name).give_back(self.budget),
            Kept::Shared { store, keys, label, refusals } => {
                let number = keys.purse_number(*label, self.budget, name);
                let slot = keys.purse(*label, self.budget, number);
                // If that fails it stays spent, and comes back by itself.
                let _ = store.give_back(slot, self.budget).await;
                // A payment that was refused before may have been noted meanwhile.
                refusals.forget(number);
            }
        }
    }
}

/// Until when each shared purse is known to be empty, which is believed for a second at most. So a
/// flood of refused guesses costs the store a few calls a second, and no more. What another process
/// gives back meanwhile is seen a second later.
#[derive(Debug)]
pub(crate) struct Refusals(Box<[Refusal]>);

#[derive(Debug, Default)]
struct Refusal {
    /// When something comes back.
    until: AtomicU64,
    /// For how long that is believed.
    believed_until: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self(std::iter::repeat_with(Refusal::default).take(PURSES).collect())
    }
}

impl Refusals {
    fn note(&self, number: u16, now: SystemTime, retry_after: Duration) {
        let now = Duration::from_micros(micros(now));
        let after = |wait: Duration| u64::try_from(now.saturating_add(wait).as_micros()).unwrap_or(u64::MAX);
        let refusal = &self.0[usize::from(number)];
        refusal.until.store(after(retry_after), Ordering::Release);
        refusal.believed_until.store(after(retry_after.min(REMEMBERED)), Ordering::Release);
    }

    fn forget(&self, number: u16) {
        self.0[usize::from(number)].believed_until.store(0, Ordering::Release);
    }

    fn of(&self, number: u16, now: u64) -> Option<Duration> {
        let refusal = &self.0[usize::from(number)];
        let believed = refusal.believed_until.load(Ordering::Acquire).checked_sub(now)?;
        // Longer than that it is only after the clock was set back.
        let is_believed = 0 < believed && Duration::from_micros(believed) <= REMEMBERED;
        let left = refusal.until.load(Ordering::Acquire).checked_sub(now)?;
        is_believed.then(|| Duration::from_micros(left))
    }
}

/// Purses in fixed memory: names are hashed, under a random key, into so many purses that two
/// seldom share one. A table that grew could be filled, and one that evicts could be flushed.
#[derive(Debug)]
pub(crate) struct OwnPurses {
    hasher: RandomState,
    purses: Box<[Purse]>,
}

impl Default for OwnPurses {
    fn default() -> Self {
        let purses = std::iter::repeat_with(Purse::default).take(PURSES).collect();
        Self { hasher: RandomState::new(), purses }
    }
}

impl OwnPurses {
    fn of(&self, name: &str) -> &Purse {
        let hash = self.hasher.hash_one(name);
        // The remainder of a power of two is within bounds, and the cast keeps the bits that it
        // looks at.
        &self.purses[hash as usize % self.purses.len()]
    }
}

/// What is left of a budget, as the one instant from which on it is whole.
#[derive(Debug, Default)]
struct Purse(AtomicU64);

impl Purse {
    fn spend(&self, budget: Budget, now: SystemTime) -> Payment {
        let now = micros(now);
        let latest = now + budget.per_micros();
        // Later than that it is only after the clock was set back, which is to lock nobody out for
        // long.
        self.0.fetch_min(latest + Budget::SKEW_MICROS, Ordering::AcqRel);
        let spent = |whole_at: u64| whole_at.max(now) + budget.interval_micros();
        let spend = |whole_at| Some(spent(whole_at)).filter(|next| *next <= latest);
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, spend) {
            Ok(_) => Payment::Paid,
            Err(whole_at) => {
                let retry_after = Duration::from_micros(spent(whole_at).saturating_sub(latest));
                Payment::Refused { retry_after }
            }
        }
    }

    fn give_back(&self, budget: Budget) {
        self.0.fetch_sub(budget.interval_micros(), Ordering::AcqRel);
    }
}

fn micros(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}
