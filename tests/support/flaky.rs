//! A store that fails so many times when it is told to.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::store::{MemoryStore, Record, Sharing, Slot, StoreError};
use credential_code::{Insertion, OneTimeStore};

#[derive(Debug)]
pub(crate) struct Flaky<R: Record> {
    inner: MemoryStore<R>,
    pub(crate) failing_inserts: AtomicU32,
    pub(crate) failing_takes: AtomicU32,
}

impl<R: Record> Default for Flaky<R> {
    fn default() -> Self {
        Self { inner: MemoryStore::new(1000), failing_inserts: 0.into(), failing_takes: 0.into() }
    }
}

fn fail(left: &AtomicU32) -> Result<(), StoreError> {
    match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        Ok(_) => Err(StoreError::new("flaky", "it was told to fail")),
        Err(_) => Ok(()),
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Flaky<R> {
    fn sharing(&self) -> Sharing {
        Sharing::ThisProcess
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        fail(&self.failing_inserts)?;
        self.inner.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        fail(&self.failing_takes)?;
        self.inner.take(slot, now).await
    }
}
