use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::error::StoreError;
use crate::store::Background;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Value, micros};

impl SqlStore {
    /// How long an expired row stays. So a purge whose clock is ahead removes nothing that is alive
    /// by another clock.
    pub const PURGE_SLACK: Duration = Duration::from_secs(60 * 60);

    /// How many rows the background task removes in one statement.
    const BATCH: u32 = 1000;

    /// Removes a bounded number of rows that ended more than [`PURGE_SLACK`](Self::PURGE_SLACK)
    /// ago. These are expired records and enrolments that are gone, the oldest first, and purses
    /// that are whole. Returns how many there were. If there were fewer than the batch, none are
    /// left.
    ///
    /// Any number of processes may purge at once. Such rows are worth nothing to anybody, so a late
    /// purge costs only space.
    pub async fn purge(&self, now: SystemTime, batch: u32) -> Result<u64, StoreError> {
        let before =
            Value::Integer(micros(now.checked_sub(Self::PURGE_SLACK).unwrap_or(SystemTime::UNIX_EPOCH)));
        let statements = &self.statements;
        let mut purged = 0;
        for purge in [&statements.purge_records, &statements.purge_enrolments, &statements.purge_purses] {
            let rest = i64::from(batch).saturating_sub_unsigned(purged);
            purged += self.execute(purge, &[before, Value::Integer(rest)]).await?;
        }
        Ok(purged)
    }

    /// Purges in the background: now, and at each interval of the clock, until the returned value
    /// is dropped. The clock is the store's [own](Self::clock), unless a test moves one. If a purge
    /// fails, the next one does its work, and the feature `tracing` logs a warning.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn_purge(&self, clock: Arc<dyn Clock>, every: Duration) -> Background {
        let store = self.clone();
        Background::spawn(async move {
            loop {
                match store.purge(clock.now(), Self::BATCH).await {
                    // It purges a batch at a time, so requests have their turn in between.
                    Ok(purged) if purged == u64::from(Self::BATCH) => continue,
                    Ok(_) => {}
                    Err(error) => error.warn("expired rows were not purged"),
                }
                clock.sleep(every).await;
            }
        })
    }
}
