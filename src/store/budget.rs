use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::Invalid;
use crate::store::Slot;

/// A number of payments in a period of time. All may be spent at once; then they come back one by
/// one.
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
    /// The greatest tolerated difference between the clocks of those who spend from one purse, in
    /// microseconds. It is ten seconds, which includes the time until the engine hears of a
    /// payment.
    pub const SKEW_MICROS: u64 = 10_000_000;

    /// Creates a budget of at least one payment, in a period of a millisecond to a day.
    pub fn new(count: u32, per: Duration) -> Result<Self, Invalid> {
        let is_sensible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&per);
        let rule = "a budget is at least one, in a millisecond to a day";
        (count > 0 && is_sensible).then_some(Self { count, per }).ok_or(Invalid::new(rule))
    }

    /// Creates a budget of that many payments a minute, and of at least one.
    pub const fn per_minute(count: u32) -> Self {
        Self { count: if count == 0 { 1 } else { count }, per: Duration::from_secs(60) }
    }

    /// Returns the time in which an empty purse becomes whole again, in microseconds.
    pub fn per_micros(self) -> u64 {
        u64::try_from(self.per.as_micros()).unwrap_or(u64::MAX)
    }

    /// Returns the time in which one payment comes back, in microseconds: at least one.
    pub fn interval_micros(self) -> u64 {
        (self.per_micros() / u64::from(self.count)).max(1)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {:?}", self.count, self.per)
    }
}

/// The outcome of a payment. An empty purse is an outcome, not a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Payment {
    /// One was spent.
    Paid,
    /// The purse was empty.
    Refused {
        /// How long until one payment is there again.
        retry_after: Duration,
    },
}

/// Keeps purses, so several processes spend one [`Budget`] together. Each name has a purse, which
/// holds what is left for it.
///
/// A purse is one instant, `whole_at`: the time when it is whole. A purse that was never spent from
/// is whole already. The interval is the time in which one payment comes back. All times are in
/// microseconds:
///
/// ```text
/// spend:      latest   = now + per
///             whole_at = min(whole_at, latest + skew)   a clock set back locks nobody out for long
///             next     = max(whole_at, now) + interval
///             next <= latest   ->  whole_at = next, Paid
///             otherwise        ->  Refused, retry_after = next - latest
/// give_back:  whole_at = whole_at - interval
/// ```
///
/// The skew is [`Budget::SKEW_MICROS`]. Without it, each refusal by a spender whose clock is a
/// little late would return to all others what they have spent.
///
/// Each verb is **one atomic step** of the engine: `INSERT … ON CONFLICT DO UPDATE … RETURNING`, or
/// a script over one key. However many spenders race, they never pay more than the budget has. A
/// purse may be dropped from `whole_at` on. Names come as [`Slot`]s, so the engine sees neither
/// addresses nor users.
///
/// Guesses and mints wait for it, and get a 503 when it fails. Otherwise an attacker who makes the
/// engine fail could guess for free.
///
/// Check a store of your own with `testing::purse_contract`.
#[async_trait]
pub trait PurseStore: fmt::Debug + Send + Sync + 'static {
    /// Spends one payment, if the purse has one.
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError>;

    /// Gives one payment back that was spent. A whole purse stays whole.
    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError>;

    /// Spends one payment of both purses, or of neither, in one call of the engine. A guess pays
    /// for its source and for everybody. If one purse refuses, the answer still says what the other
    /// would do.
    ///
    /// The first purse is decided first. If it refuses, the second is not touched, not even for a
    /// moment. So an empty source, or a caller who hangs up, costs everybody nothing.
    async fn spend_both(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError>;
}
