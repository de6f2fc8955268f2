use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Row, UnexpectedRow, Value, micros};
use crate::store::{Budget, Payment, PurseStore, Slot};

#[async_trait]
impl PurseStore for SqlStore {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        let [slot, per, interval] = charge(&purse, budget);
        let values = [slot, Value::Integer(micros(now)), per, interval, skew()];
        let row = self.fetch_one(&self.statements.spend, &values).await?;
        let mut row = row.ok_or(UnexpectedRow).map_err(|error| self.failed(error))?;
        // The slot is the one that was asked for.
        let outcome = row.bytes().and_then(|_| outcome(&mut row, budget, now));
        Ok(outcome.map_err(|error| self.failed(error))?.payment)
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        let [slot, _, interval] = charge(&purse, budget);
        self.execute(&self.statements.give_back, &[slot, interval]).await.map(drop)
    }

    async fn spend_both(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        let [(first, of_first), (second, of_second)] = charges;
        let [slot, per, interval] = charge(&first, of_first);
        let [other_slot, other_per, other_interval] = charge(&second, of_second);
        let now_is = Value::Integer(micros(now));
        let values = [slot, now_is, per, interval, skew(), other_slot, other_per, other_interval];
        let rows = self.fetch(&self.statements.spend_both, &values).await?;
        // A purse without a row was not asked, because the other refused.
        let mut outcomes = [Outcome::NOT_ASKED; 2];
        for mut row in rows {
            let slot = row.bytes().map_err(|error| self.failed(error))?;
            let place = usize::from(slot != first.as_bytes());
            let budget = charges[place].1;
            outcomes[place] = outcome(&mut row, budget, now).map_err(|error| self.failed(error))?;
        }
        let payments = outcomes.map(|outcome| outcome.payment);
        if outcomes[0].is_spent && payments[1] != Payment::Paid {
            self.give_back(first, of_first).await?;
        }
        Ok(payments)
    }
}

fn skew() -> Value<'static> {
    Value::Integer(whole(Budget::SKEW_MICROS))
}

fn charge(purse: &Slot, budget: Budget) -> [Value<'_>; 3] {
    let integer = |micros| Value::Integer(whole(micros));
    [Value::Bytes(purse.as_bytes()), integer(budget.per_micros()), integer(budget.interval_micros())]
}

/// The answer of a statement about a purse.
#[derive(Clone, Copy)]
struct Outcome {
    payment: Payment,
    /// It pays, and was spent from.
    is_spent: bool,
}

impl Outcome {
    const NOT_ASKED: Self = Self { payment: Payment::Paid, is_spent: false };
}

fn outcome(row: &mut Row, budget: Budget, now: SystemTime) -> Result<Outcome, UnexpectedRow> {
    Ok(match (row.integer()?, row.integer()?) {
        (_, 1) => Outcome { payment: Payment::Paid, is_spent: true },
        (whole_at, 0) => {
            let (per, interval) = (whole(budget.per_micros()), whole(budget.interval_micros()));
            let micros = whole_at.saturating_add(interval).saturating_sub(micros(now)).saturating_sub(per);
            let retry_after = Duration::from_micros(micros.unsigned_abs());
            Outcome { payment: Payment::Refused { retry_after }, is_spent: false }
        }
        (_, _) => Outcome::NOT_ASKED,
    })
}

/// Converts microseconds. No budget is for longer than a day, so nothing is cut.
fn whole(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}
