use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{UnexpectedRow, Value, micros};
use crate::store::{Budget, Payment, PurseStore, Slot};

#[async_trait]
impl PurseStore for SqlStore {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        let (now, per, interval) = (micros(now), whole(budget.per_micros()), whole(budget.interval_micros()));
        let values = [
            Value::Bytes(purse.as_bytes()),
            Value::Integer(now),
            Value::Integer(per),
            Value::Integer(interval),
            Value::Integer(whole(Budget::SKEW_MICROS)),
        ];
        let row = self.fetch_one(&self.statements.spend, &values).await?;
        let mut row = row.ok_or(UnexpectedRow).map_err(|error| self.failed(error))?;
        let mut integer = || row.integer().map_err(|error| self.failed(error));
        match (integer()?, integer()?) {
            (_, 1) => Ok(Payment::Paid),
            (whole_at, _) => {
                let micros = whole_at.saturating_add(interval).saturating_sub(now).saturating_sub(per);
                Ok(Payment::Refused { retry_after: Duration::from_micros(micros.unsigned_abs()) })
            }
        }
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        let values = [Value::Bytes(purse.as_bytes()), Value::Integer(whole(budget.interval_micros()))];
        self.execute(&self.statements.give_back, &values).await.map(drop)
    }
}

/// No budget is for longer than a day, so nothing is cut.
fn whole(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}
