//! A store that fails so many times when it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::Storage;
use credential_code::clock::{Clock, SystemClock};
use credential_code::error::StoreError;
use credential_code::model::Insertion;
use credential_code::store::{MemoryStore, OneTimeStore, Record, SharedStore, Slot, SlotKey, SlotKeys};

#[derive(Debug)]
pub(crate) struct Flaky {
    inner: MemoryStore,
    failing: Mutex<HashMap<(Verb, &'static str), u32>>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Verb {
    Insert,
    Take,
}

impl Flaky {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { inner: MemoryStore::new(1000), failing: Mutex::default() })
    }

    pub(crate) fn storage(self: &Arc<Self>) -> Storage {
        Storage::shared_records(self.clone(), SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]))
    }

    pub(crate) fn fail_inserts<R: Record>(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Insert, R::NAME), times);
    }

    pub(crate) fn fail_takes<R: Record>(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Take, R::NAME), times);
    }

    fn fail<R: Record>(&self, verb: Verb) -> Result<(), StoreError> {
        match self.failing.lock().unwrap().get_mut(&(verb, R::NAME)) {
            Some(left @ 1..) => {
                *left -= 1;
                Err(StoreError::new("flaky", "it was told to fail"))
            }
            Some(0) | None => Ok(()),
        }
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Flaky {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.fail::<R>(Verb::Insert)?;
        self.inner.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.fail::<R>(Verb::Take)?;
        self.inner.take(slot, now).await
    }
}

impl SharedStore for Flaky {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}
