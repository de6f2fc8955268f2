//! A shared store in this process. It keeps bytes, as engines do.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::clock::{Clock, SystemClock};
use credential_code::error::StoreError;
use credential_code::model::{EnrolmentId, Insertion, Stage};
use credential_code::store::{
    Entry, EntryChange, OneTimeStore, Record, SharedLedger, SharedStore, Slot, Transition, codec,
};

#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By kind and slot.
    pub(crate) records: Mutex<HashMap<(&'static str, Slot), Vec<u8>>>,
    pub(crate) entries: Mutex<Vec<Entry>>,
}

impl Table {
    /// Returns the slots of a kind.
    pub(crate) fn slots<R: Record>(&self) -> Vec<Slot> {
        let records = self.records.lock().unwrap();
        records.keys().filter(|(name, _)| *name == R::NAME).map(|(_, slot)| *slot).collect()
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Table {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let bytes = codec::encode(&record)?;
        let mut records = self.records.lock().unwrap();
        if records.contains_key(&(R::NAME, slot)) {
            return Ok(Insertion::Duplicate);
        }
        records.insert((R::NAME, slot), bytes);
        Ok(Insertion::Created)
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let taken = self.records.lock().unwrap().remove(&(R::NAME, slot));
        let record: Option<R> = taken.map(|bytes| codec::decode(&bytes)).transpose()?;
        Ok(record.filter(|record| now < record.expires_at()))
    }
}

#[async_trait]
impl SharedLedger for Table {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        if entries.iter().any(|held| held.owner == entry.owner && held.id == entry.id) {
            return Ok(Insertion::Duplicate);
        }
        entries.push(entry);
        Ok(Insertion::Created)
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        Ok(match entries.iter_mut().find(|held| held.owner == owner && held.id == *id) {
            Some(held) if from.contains(&held.stage) => {
                change.apply_to(held);
                Transition::Made(held.clone())
            }
            Some(held) => Transition::Elsewhere(held.clone()),
            None => Transition::Missing,
        })
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().find(|held| held.owner == owner && held.id == *id).cloned())
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.entries.lock().unwrap().clone();
        entries.retain(|held| held.owner == owner && now < held.gone_at);
        // Of two at one instant, the one that was entered last comes first.
        entries.reverse();
        entries.sort_by_key(|held| Reverse(held.created_at));
        Ok(entries)
    }
}

impl SharedStore for Table {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}
