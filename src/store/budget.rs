use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::Invalid;
use crate::store::Slot;

/// So many, in so much time. All may be spent at once; then they come back one by one.
///
/// ```
/// use credential_code::store::Budget;
///
/// assert_eq!(Budget::per_minute(10).to_string(), "10 in 60s");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Budget {
    count: u32,
    per: Duration,
}

impl Budget {
    /// How far apart the clocks of those who spend from one purse may be, in microseconds: ten
    /// seconds, which also has room for what a spender waits until the engine hears of it.
    pub const SKEW_MICROS: u64 = 10_000_000;

    /// Creates a budget of at least one, in a millisecond to a day.
    pub fn new(count: u32, per: Duration) -> Result<Self, Invalid> {
        let is_sensible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&per);
        let rule = "a budget is at least one, in a millisecond to a day";
        (count > 0 && is_sensible).then_some(Self { count, per }).ok_or(Invalid::new(rule))
    }

    /// Creates a budget of that many in a minute, and of at least one.
    pub const fn per_minute(count: u32) -> Self {
        Self { count: if count == 0 { 1 } else { count }, per: Duration::from_secs(60) }
    }

    /// Returns the time in which a purse with nothing left is whole again, in microseconds.
    pub fn per_micros(self) -> u64 {
        u64::try_from(self.per.as_micros()).unwrap_or(u64::MAX)
    }

    /// Returns the time in which one comes back, in microseconds: at least one.
    pub fn interval_micros(self) -> u64 {
        (self.per_micros() / u64::from(self.count)).max(1)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {:?}", self.count, self.per)
    }
}

/// What became of a payment. An empty purse is an outcome, not a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Payment {
    /// One was spent.
    Paid,
    /// There was nothing left.
    Refused {
        /// When there is one again.
        retry_after: Duration,
    },
}

/// Keeps purses, so that several processes spend one [`Budget`] together: what is left of it, for
/// each of any number of names.
///
/// A purse is one instant, `whole_at`, from which on it is whole; one that was never spent from is
/// whole already. With the interval in which one comes back, all in microseconds:
///
/// ```text
/// spend:      latest   = now + per
///             whole_at = min(whole_at, latest + skew)   a clock that was set back locks nobody out for long
///             next     = max(whole_at, now) + interval
///             next <= latest   ->  whole_at = next, Paid
///             otherwise        ->  Refused, retry_after = next - latest
/// give_back:  whole_at = whole_at - interval
/// ```
///
/// The skew is [`Budget::SKEW_MICROS`]. Without it a spender whose clock is a little late would
/// give back to all others what they have spent, with each refusal.
///
/// Each verb is **one atomic step** of the engine: `INSERT … ON CONFLICT DO UPDATE … RETURNING`, a
/// script over one key. Of any number of racers, no more are paid for than the budget has. A purse
/// may be dropped from `whole_at` on. Names come as [`Slot`]s, so that the engine sees neither
/// addresses nor users.
///
/// Guesses and mints wait for it, and are answered with 503 when it fails: who could make the
/// engine fail would guess for free otherwise.
///
/// A store of your own is checked by `testing::purse_contract`.
#[async_trait]
pub trait PurseStore: fmt::Debug + Send + Sync + 'static {
    /// Spends one of what is left, if anything is.
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError>;

    /// Gives one back that was spent. A purse that is whole already stays so.
    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError>;

    /// Spends one of each purse, or of none, in one call of the engine: a guess pays for its source
    /// and for everybody. It says of each purse what it would do, where the other refuses.
    ///
    /// The first is decided first. Where it refuses, the second is not touched, not even for a
    /// moment: a source with nothing left, and a caller who hangs up, cost everybody nothing.
    async fn spend_both(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError>;
}
