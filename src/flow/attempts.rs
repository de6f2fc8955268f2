//! Budgets: how many codes a user may mint, and how often anybody may guess.
//!
//! A wrong guess hits no record, so nothing can be counted on a code. What is counted are misses: for each source, and for the
//! whole flow. A guess pays before it looks, and gets its payment back when it hits, so that many guesses at once are no way around.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So many, in so much time. All may be spent at once; then they come back one by one.
///
/// ```
/// use credential_code::Budget;
///
/// assert_eq!(Budget::per_minute(10).to_string(), "10 in 60s");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    count: u32,
    per: Duration,
}

impl Budget {
    /// A budget of at least one. `None` when it is zero, or the time is not between a millisecond and a day.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let is_sensible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&per);
        (count > 0 && is_sensible).then_some(Self { count, per })
    }

    /// That many in a minute, and at least one.
    pub const fn per_minute(count: u32) -> Self {
        Self { count: if count == 0 { 1 } else { count }, per: Duration::from_secs(60) }
    }

    fn per_micros(self) -> u64 {
        micros(self.per)
    }

    /// How long it takes until one comes back.
    fn interval_micros(self) -> u64 {
        (self.per_micros() / u64::from(self.count)).max(1)
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {:?}", self.count, self.per)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn now_micros(now: SystemTime) -> u64 {
    micros(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// What is left of a budget, as the one instant at which it will be whole again.
#[derive(Debug, Default)]
struct Purse(AtomicU64);

impl Purse {
    fn spend(&self, budget: Budget, now: SystemTime) -> Result<(), Duration> {
        let now = now_micros(now);
        let latest = now + budget.per_micros();
        // Later than that it is only after the clock was set back, which is to lock nobody out for long.
        self.0.fetch_min(latest, Ordering::AcqRel);
        let spent = |whole_again: u64| whole_again.max(now) + budget.interval_micros();
        let spend = |whole_again| Some(spent(whole_again)).filter(|next| *next <= latest);
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, spend) {
            Ok(_) => Ok(()),
            Err(whole_again) => Err(Duration::from_micros(spent(whole_again).saturating_sub(latest))),
        }
    }

    fn give_back(&self, budget: Budget) {
        self.0.fetch_sub(budget.interval_micros(), Ordering::AcqRel);
    }
}

/// A purse for each of any number of names, in fixed memory: names are hashed, under a random key, into so many purses that two
/// seldom share one. A table that grew could be filled, and one that evicts could be flushed.
#[derive(Debug)]
pub(crate) struct Purses {
    budget: Budget,
    hasher: RandomState,
    purses: Box<[Purse]>,
}

impl Purses {
    const COUNT: usize = 1 << 16;

    pub(crate) fn new(budget: Budget) -> Self {
        let purses = std::iter::repeat_with(Purse::default).take(Self::COUNT).collect();
        Self { budget, hasher: RandomState::new(), purses }
    }

    /// Spends one of the name's budget, or says when there is one again.
    pub(crate) fn spend(&self, name: &str, now: SystemTime) -> Result<(), Duration> {
        self.purse(name).spend(self.budget, now)
    }

    /// Gives one back to a name that had spent it.
    pub(crate) fn give_back(&self, name: &str) {
        self.purse(name).give_back(self.budget);
    }

    fn purse(&self, name: &str) -> &Purse {
        let hash = self.hasher.hash_one(name);
        // The remainder of a power of two is within bounds, and the cast keeps the bits that it looks at.
        &self.purses[hash as usize % Self::COUNT]
    }
}

/// The two miss budgets.
#[derive(Debug)]
pub(crate) struct Attempts {
    of_source: Purses,
    of_flow: (Budget, Purse),
}

impl Attempts {
    pub(crate) fn new(of_source: Budget, of_flow: Budget) -> Self {
        Self { of_source: Purses::new(of_source), of_flow: (of_flow, Purse::default()) }
    }

    /// Pays for one guess. It stays paid unless it is [forgiven](Attempt::forgive), also when the guesser hangs up.
    pub(crate) fn begin<'a>(
        &'a self,
        source: Option<&'a str>,
        now: SystemTime,
    ) -> Result<Attempt<'a>, Exhausted> {
        if let Some(source) = source {
            self.of_source
                .spend(source, now)
                .map_err(|retry_after| Exhausted { scope: BudgetScope::Source, retry_after })?;
        }
        let (budget, purse) = &self.of_flow;
        purse.spend(*budget, now).map_err(|retry_after| {
            if let Some(source) = source {
                self.of_source.give_back(source);
            }
            Exhausted { scope: BudgetScope::Flow, retry_after }
        })?;
        Ok(Attempt { attempts: self, source })
    }
}

/// A guess that was paid for.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    source: Option<&'a str>,
}

impl Attempt<'_> {
    /// Gives the payment back: the guess hit, or it was not the guesser's fault that nobody could tell.
    pub(crate) fn forgive(self) {
        if let Some(source) = self.source {
            self.attempts.of_source.give_back(source);
        }
        let (budget, purse) = &self.attempts.of_flow;
        purse.give_back(*budget);
    }
}

/// Whose budget it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BudgetScope {
    /// Misses of one source.
    Source,
    /// Misses of everybody.
    Flow,
    /// Codes of one user, or their user actions.
    User,
}

/// A budget has nothing left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exhausted {
    pub(crate) scope: BudgetScope,
    pub(crate) retry_after: Duration,
}
