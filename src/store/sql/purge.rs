use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Value, micros};

impl SqlStore {
    /// How long an expired row stays, so that a purge whose clock is ahead removes nothing that lives by another's.
    pub const PURGE_SLACK: Duration = Duration::from_secs(60 * 60);

    /// How many rows the background task removes in one statement.
    const BATCH: u32 = 1000;

    /// Removes records that expired more than [`PURGE_SLACK`](Self::PURGE_SLACK) ago: at most so many, the oldest first, in one statement. Says
    /// how many there were; fewer than the batch, and there are no more.
    ///
    /// Any number of processes may purge at once. Expired records are worth nothing to anybody, so a purge that is late costs space
    /// alone.
    pub async fn purge(&self, now: SystemTime, batch: u32) -> Result<u64, StoreError> {
        let before = now.checked_sub(Self::PURGE_SLACK).unwrap_or(SystemTime::UNIX_EPOCH);
        let values = [Value::Integer(micros(before)), Value::Integer(batch.into())];
        self.execute(&self.statements.purge_records, &values).await
    }

    /// Purges in the background, now and each time that so long has passed on the clock, until the answer is dropped. A purge that
    /// fails is made up for by the next.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn_purge(&self, clock: Arc<dyn Clock>, every: Duration) -> PurgeTask {
        let store = self.clone();
        PurgeTask(tokio::spawn(async move {
            loop {
                // A batch at a time, so that requests have their turn in between.
                while let Ok(purged) = store.purge(clock.now(), Self::BATCH).await
                    && purged == u64::from(Self::BATCH)
                {}
                clock.sleep(every).await;
            }
        }))
    }
}

/// A purge in the background, which ends when this is dropped.
#[must_use = "dropping it ends the purge"]
pub struct PurgeTask(JoinHandle<()>);

impl Drop for PurgeTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for PurgeTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurgeTask")
    }
}
