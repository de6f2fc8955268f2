//! Budgets (rate limits, by the generic cell rate algorithm): how many codes a user may mint, and how often
//! anybody may guess.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::StoreError;
use crate::store::{Budget, Payment, PurseStore, SlotKeys, SlotLabel};

/// A purse for each of any number of names: in this process, or in a store that several share.
#[derive(Debug)]
pub(crate) struct Purses {
    budget: Budget,
    keeper: Keeper,
}

#[derive(Debug)]
enum Keeper {
    ThisProcess(OwnPurses),
    Shared { purses: SharedPurses, label: SlotLabel },
}

/// A store of purses, with the keys that make slots of names.
#[derive(Clone, Debug)]
pub(crate) struct SharedPurses {
    pub(crate) store: Arc<dyn PurseStore>,
    pub(crate) keys: SlotKeys,
}

impl Purses {
    /// Purses for names of that kind.
    pub(crate) fn new(budget: Budget, label: SlotLabel, shared: Option<&SharedPurses>) -> Self {
        Self::among(OwnPurses::MANY, budget, label, shared)
    }

    /// One purse for everybody.
    pub(crate) fn one(budget: Budget, label: SlotLabel, shared: Option<&SharedPurses>) -> Self {
        Self::among(1, budget, label, shared)
    }

    fn among(count: usize, budget: Budget, label: SlotLabel, shared: Option<&SharedPurses>) -> Self {
        let keeper = match shared {
            Some(purses) => Keeper::Shared { purses: purses.clone(), label },
            None => Keeper::ThisProcess(OwnPurses::new(count)),
        };
        Self { budget, keeper }
    }

    /// Spends one of the name's budget.
    pub(crate) async fn spend(&self, name: &str, now: SystemTime) -> Result<Payment, StoreError> {
        match &self.keeper {
            Keeper::ThisProcess(purses) => Ok(purses.of(name).spend(self.budget, now)),
            Keeper::Shared { purses: SharedPurses { store, keys }, label } => {
                store.spend(keys.newest(*label, name.as_bytes()), self.budget, now).await
            }
        }
    }

    /// Gives one back to a name that had spent it.
    pub(crate) async fn give_back(&self, name: &str) {
        match &self.keeper {
            Keeper::ThisProcess(purses) => purses.of(name).give_back(self.budget),
            Keeper::Shared { purses: SharedPurses { store, keys }, label } => {
                // If that fails it stays spent, and comes back by itself.
                let _ = store.give_back(keys.newest(*label, name.as_bytes()), self.budget).await;
            }
        }
    }
}

/// Purses in fixed memory: names are hashed, under a random key, into so many purses that two seldom share one. A table that grew
/// could be filled, and one that evicts could be flushed.
#[derive(Debug)]
struct OwnPurses {
    hasher: RandomState,
    purses: Box<[Purse]>,
}

impl OwnPurses {
    const MANY: usize = 1 << 16;

    fn new(count: usize) -> Self {
        let purses = std::iter::repeat_with(Purse::default).take(count).collect();
        Self { hasher: RandomState::new(), purses }
    }

    fn of(&self, name: &str) -> &Purse {
        let hash = self.hasher.hash_one(name);
        // The remainder of a power of two is within bounds, and the cast keeps the bits that it looks at.
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
        // Later than that it is only after the clock was set back, which is to lock nobody out for long.
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
