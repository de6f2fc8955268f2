//! Budgets (rate limits, by the generic cell rate algorithm). They bound how many codes a user may
//! mint, and how often anybody may guess.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::StoreError;
use crate::store::{Budget, Payment, PurseStore, Slot, SlotKeys, SlotLabel};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, PoisonError};

/// The number of purses of each kind. Names are hashed into this many purses, so nobody can fill a
/// table with names.
const PURSES: usize = 1 << 16;

/// How long a refusal by a shared purse is believed without asking again.
const REMEMBERED: Duration = Duration::from_secs(1);
const REMEMBERED_MICROS: u64 = 1_000_000;

/// The place of a site's purses: this process, or a store that several processes share.
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

    /// Returns the purses of that kind and that budget. Two budgets never share a purse: each would
    /// misread the instant that the other wrote.
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

/// One purse for each name.
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

/// The purse of a name.
enum NamedPurse<'a> {
    Own(&'a Purse),
    Shared(SharedPurse<'a>),
}

/// A purse in a store, and the last refusal that is remembered of it.
struct SharedPurse<'a> {
    store: &'a dyn PurseStore,
    slot: Slot,
    refusal: &'a Refusal,
}

impl Purses {
    fn of(&self, name: &str) -> NamedPurse<'_> {
        match &self.kept {
            Kept::ThisProcess(purses) => NamedPurse::Own(purses.of(name)),
            Kept::Shared { store, keys, label, refusals } => {
                let number = keys.purse_number(*label, self.budget, name);
                let slot = keys.purse(*label, self.budget, number);
                let refusal = &refusals.0[usize::from(number)];
                NamedPurse::Shared(SharedPurse { store: &**store, slot, refusal })
            }
        }
    }

    /// Lets a payment ask the store, or returns for how long the purse is known to refuse. A
    /// payment that was let in either asks or calls [`ask_again`](Self::ask_again).
    pub(crate) fn admit(&self, name: &str, now: SystemTime) -> Result<(), Duration> {
        match self.of(name) {
            NamedPurse::Own(_) => Ok(()),
            NamedPurse::Shared(purse) => purse.refusal.admit(micros(now)),
        }
    }

    /// Lets the next payment ask.
    pub(crate) fn ask_again(&self, name: &str) {
        match self.of(name) {
            NamedPurse::Own(_) => {}
            NamedPurse::Shared(purse) => purse.refusal.ask_again(),
        }
    }

    /// Spends one from the name's budget.
    pub(crate) async fn spend(&self, name: &str, now: SystemTime) -> Result<Payment, StoreError> {
        match self.of(name) {
            NamedPurse::Own(purse) => Ok(purse.spend(self.budget, now)),
            NamedPurse::Shared(purse) => {
                let payment = purse.store.spend(purse.slot, self.budget, now).await;
                purse.refusal.hear(payment.as_ref().ok(), now);
                payment
            }
        }
    }

    /// Spends one from the budgets of both names, or from neither.
    pub(crate) async fn spend_both(
        [first, second]: [&Self; 2],
        [name, other]: [&str; 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        match (first.of(name), second.of(other)) {
            (NamedPurse::Shared(one), NamedPurse::Shared(another)) => {
                let charges = [(one.slot, first.budget), (another.slot, second.budget)];
                let payments = one.store.spend_both(charges, now).await;
                let of = |place: usize| payments.as_ref().ok().map(|payments| &payments[place]);
                one.refusal.hear(of(0), now);
                another.refusal.hear(of(1), now);
                payments
            }
            // Purses in this process answer at once. If the first refuses, the second spends
            // nothing.
            (_, _) => {
                let of_first = first.spend(name, now).await?;
                if of_first != Payment::Paid {
                    return Ok([of_first, Payment::Paid]);
                }
                let of_second = second.spend(other, now).await?;
                if of_second != Payment::Paid {
                    first.give_back(name).await;
                }
                Ok([of_first, of_second])
            }
        }
    }

    /// Gives one back to a name that spent it.
    pub(crate) async fn give_back(&self, name: &str) {
        match self.of(name) {
            NamedPurse::Own(purse) => purse.give_back(self.budget),
            NamedPurse::Shared(purse) => {
                // If that fails it stays spent, and comes back with time.
                let _ = purse.store.give_back(purse.slot, self.budget).await;
                purse.refusal.ask_again();
            }
        }
    }
}

/// Until when each shared purse is known to be empty. That is believed for a second at most. So a
/// flood of refused guesses makes only a few calls a second to the store. If another process gives
/// something back, this process sees it a second later.
#[derive(Debug)]
pub(crate) struct Refusals(Box<[Refusal]>);

/// For a second after something came back, one payment asks at a time. The others are refused:
/// nearly all of a flood would ask for the same one.
#[derive(Debug, Default)]
struct Refusal {
    /// When the purse has something again.
    until: AtomicU64,
    /// Until when nobody else asks. It is zero if there was no refusal lately.
    believed_until: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self(std::iter::repeat_with(Refusal::default).take(PURSES).collect())
    }
}

impl Refusal {
    fn admit(&self, now: u64) -> Result<(), Duration> {
        let believed_until = self.believed_until.load(Ordering::Acquire);
        if believed_until == 0 {
            return Ok(());
        }
        let until = self.until.load(Ordering::Acquire);
        let believed = believed_until.saturating_sub(now);
        // A later time appears only after the clock was set back.
        if until.saturating_add(REMEMBERED_MICROS) <= now || believed > REMEMBERED_MICROS {
            self.believed_until.store(0, Ordering::Release);
            return Ok(());
        }
        let asking_until = now + REMEMBERED_MICROS;
        let asks = believed == 0
            && self
                .believed_until
                .compare_exchange(believed_until, asking_until, Ordering::AcqRel, Ordering::Acquire)
                .is_ok();
        let left = until.saturating_sub(now).max(believed).max(1);
        if asks { Ok(()) } else { Err(Duration::from_micros(left)) }
    }

    fn ask_again(&self) {
        self.believed_until.fetch_min(1, Ordering::AcqRel);
    }

    /// Remembers the answer of the store, if there was one.
    fn hear(&self, payment: Option<&Payment>, now: SystemTime) {
        match payment {
            Some(Payment::Refused { retry_after }) => {
                let now = Duration::from_micros(micros(now));
                let after =
                    |wait: Duration| u64::try_from(now.saturating_add(wait).as_micros()).unwrap_or(u64::MAX);
                self.until.store(after(*retry_after), Ordering::Release);
                self.believed_until.store(after((*retry_after).min(REMEMBERED)), Ordering::Release);
            }
            Some(Payment::Paid) | None => self.ask_again(),
        }
    }
}

/// Purses in fixed memory. A random key hashes names into so many purses that two names seldom
/// share one. An attacker could fill a table that grew, and flush one that evicts.
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
        // The remainder of a power of two is within bounds, and the cast keeps the bits that
        // matter.
        &self.purses[hash as usize % self.purses.len()]
    }
}

/// The rest of a budget, as one instant: the time when it is whole again.
#[derive(Debug, Default)]
struct Purse(AtomicU64);

impl Purse {
    fn spend(&self, budget: Budget, now: SystemTime) -> Payment {
        let now = micros(now);
        let latest = now + budget.per_micros();
        // It is later only after the clock was set back. That must not lock anybody out for long.
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

#[cfg(test)]
#[path = "../../tests/unit/rate_limit.rs"]
mod tests;
