//! A store that fails as often as it is told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::Storage;
use credential_code::clock::{Clock, SystemClock};
use credential_code::error::StoreError;
use credential_code::model::{EnrolmentId, Insertion, Stage};
use credential_code::store::{
    Entry, EntryChange, OneTimeStore, Record, SharedLedger, SharedStore, Slot, SlotKey, SlotKeys, Transition,
};

use crate::table::Table;

#[derive(Debug)]
pub(crate) struct Flaky {
    inner: Table,
    failing: Mutex<HashMap<(Verb, &'static str), u32>>,
    /// The kind of records whose insertions never end.
    hanging: Mutex<Option<&'static str>>,
    /// The kind of records that stay when they are taken, as in an engine that forgets.
    forgetful: Mutex<Option<&'static str>>,
    /// Whether every call yields before its effect and after it, as behind a network.
    yields: AtomicBool,
    /// How often an enrolment was looked up.
    finds: AtomicUsize,
}

/// The name under which failures of the ledger are counted.
const LEDGER: &str = "enrolments";

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Verb {
    Insert,
    Take,
    Enter,
    Advance,
    /// Inserts, and loses the answer.
    Lose,
    /// Advances, and loses the answer.
    Forget,
    Find,
}

impl Flaky {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: Table::default(),
            failing: Mutex::default(),
            hanging: Mutex::default(),
            forgetful: Mutex::default(),
            yields: AtomicBool::new(false),
            finds: AtomicUsize::new(0),
        })
    }

    pub(crate) fn storage(self: &Arc<Self>) -> Storage {
        Storage::shared_records(self.clone(), SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]))
    }

    pub(crate) fn fail_inserts<R: Record>(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Insert, R::NAME), times);
    }

    /// Lets insertions take effect and lose their answers.
    pub(crate) fn lose_inserts<R: Record>(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Lose, R::NAME), times);
    }

    pub(crate) fn fail_takes<R: Record>(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Take, R::NAME), times);
    }

    pub(crate) fn hang_inserts<R: Record>(&self) {
        *self.hanging.lock().unwrap() = Some(R::NAME);
    }

    pub(crate) fn forget_takes<R: Record>(&self) {
        *self.forgetful.lock().unwrap() = Some(R::NAME);
    }

    pub(crate) fn yield_at_each_call(&self) {
        self.yields.store(true, Ordering::Relaxed);
    }

    async fn pause(&self) {
        if self.yields.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn recover(&self) {
        *self.hanging.lock().unwrap() = None;
    }

    pub(crate) fn fail_entries(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Enter, LEDGER), times);
    }

    pub(crate) fn fail_advances(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Advance, LEDGER), times);
    }

    pub(crate) fn forget_advances(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Forget, LEDGER), times);
    }

    pub(crate) fn finds(&self) -> usize {
        self.finds.load(Ordering::Relaxed)
    }

    pub(crate) fn fail_finds(&self, times: u32) {
        self.failing.lock().unwrap().insert((Verb::Find, LEDGER), times);
    }

    fn fail<R: Record>(&self, verb: Verb) -> Result<(), StoreError> {
        self.fail_at(verb, R::NAME)
    }

    fn fail_at(&self, verb: Verb, name: &'static str) -> Result<(), StoreError> {
        match self.failing.lock().unwrap().get_mut(&(verb, name)) {
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
        let hangs = *self.hanging.lock().unwrap() == Some(R::NAME);
        if hangs {
            std::future::pending::<()>().await;
        }
        self.pause().await;
        let inserted = self.inner.insert(slot, record).await;
        self.pause().await;
        self.fail::<R>(Verb::Lose)?;
        inserted
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.fail::<R>(Verb::Take)?;
        self.pause().await;
        let taken = self.inner.take(slot, now).await?;
        self.pause().await;
        let forgets = *self.forgetful.lock().unwrap() == Some(R::NAME);
        if let (true, Some(record)) = (forgets, &taken) {
            let _ = self.inner.insert(slot, R::clone(record)).await?;
        }
        Ok(taken)
    }
}

#[async_trait]
impl SharedLedger for Flaky {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        self.fail_at(Verb::Enter, LEDGER)?;
        self.pause().await;
        let entered = self.inner.enter(entry).await;
        // An engine behind a network yields here, too.
        tokio::task::yield_now().await;
        entered
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        self.fail_at(Verb::Advance, LEDGER)?;
        self.pause().await;
        let advanced = self.inner.advance(owner, id, from, change).await;
        self.pause().await;
        self.fail_at(Verb::Forget, LEDGER)?;
        advanced
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        self.fail_at(Verb::Find, LEDGER)?;
        self.pause().await;
        self.inner.find(owner, id).await
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        self.fail_at(Verb::Find, LEDGER)?;
        self.inner.entries(owner, now).await
    }
}

impl SharedStore for Flaky {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}
