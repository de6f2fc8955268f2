//! A table in another process, or what it looks like from here: each answer comes after a delay.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::clock::{Clock, SystemClock};
use credential_code::error::StoreError;
use credential_code::model::{EnrolmentId, Insertion, Stage};
use credential_code::store::{
    Entry, EntryChange, OneTimeStore, Record, SharedLedger, SharedStore, Slot, Transition,
};
use tokio::time::sleep;

use crate::table::Table;

/// How long each answer takes.
pub(crate) const ANSWER: Duration = Duration::from_millis(20);

/// Records and enrolments that answer slowly.
#[derive(Debug, Default)]
pub(crate) struct SlowTable(Table);

#[async_trait]
impl<R: Record> OneTimeStore<R> for SlowTable {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        sleep(ANSWER).await;
        self.0.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        sleep(ANSWER).await;
        self.0.take(slot, now).await
    }
}

#[async_trait]
impl SharedLedger for SlowTable {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        sleep(ANSWER).await;
        self.0.enter(entry).await
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        sleep(ANSWER).await;
        self.0.advance(owner, id, from, change).await
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        sleep(ANSWER).await;
        self.0.find(owner, id).await
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        sleep(ANSWER).await;
        self.0.entries(owner, now).await
    }
}

impl SharedStore for SlowTable {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}
