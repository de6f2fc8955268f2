use std::time::SystemTime;

use crate::flow::{Error, Reason};
use crate::store::{
    BoxError, CodeGrant, OneTimeStore, PendingAction, PendingRegistration, Record, Slot, StoreError,
    StoreErrorKind,
};

/// How often a record may be put back.
const MOST_RETURNS: u8 = 5;

/// A record with the slot that it was taken from, so that it can be put back there.
#[derive(Debug)]
pub(crate) struct Taken<R> {
    pub(crate) slot: Slot,
    pub(crate) record: R,
}

/// A record that says how often it was put back.
pub(crate) trait Returns: Record {
    fn returns(&mut self) -> &mut u8;
}

impl Returns for CodeGrant {
    fn returns(&mut self) -> &mut u8 {
        &mut self.returns
    }
}

impl Returns for PendingRegistration {
    fn returns(&mut self) -> &mut u8 {
        &mut self.returns
    }
}

impl Returns for PendingAction {
    fn returns(&mut self) -> &mut u8 {
        &mut self.returns
    }
}

impl<R: Returns> Taken<R> {
    /// It may be taken again, for as long as it could have been.
    pub(crate) async fn put_back(mut self, store: &dyn OneTimeStore<R>) {
        let returns = self.record.returns();
        if *returns < MOST_RETURNS {
            *returns += 1;
            // If that fails as well there is nothing left to do: the person starts anew.
            let _ = store.insert(self.slot, self.record).await;
        }
    }
}

/// Takes a record from the first of the slots that has one.
pub(crate) async fn take<R: Record>(
    store: &dyn OneTimeStore<R>,
    slots: impl Iterator<Item = Slot>,
    now: SystemTime,
) -> Result<Taken<R>, NotTaken> {
    for slot in slots {
        match store.take(slot, now).await {
            Ok(Some(record)) => return Ok(Taken { slot, record }),
            Ok(None) => {}
            Err(error) => return Err(NotTaken::from(error)),
        }
    }
    Err(NotTaken::Missing)
}

/// Why there is no record.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// There was none: a miss.
    Missing,
    /// There was one, which is worth nothing.
    Unreadable(StoreError),
    /// Nobody can tell.
    Failed(StoreError),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Unreadable => Self::Unreadable(error),
            StoreErrorKind::Failed => Self::Failed(error),
        }
    }
}

impl NotTaken {
    /// What the caller is told. `invalid` makes the one refusal of whatever does not work.
    pub(crate) fn into_error(self, invalid: impl FnOnce(BoxError) -> Error) -> Error {
        match self {
            Self::Missing => invalid(Reason::NotFound.into()),
            Self::Unreadable(error) => invalid(error.into()),
            Self::Failed(error) => error.into(),
        }
    }
}

/// What becomes of a challenge whose answer was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spent {
    ForGood,
    PutBack,
}

/// Why an answer was refused, and what becomes of its challenge.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: Error,
    pub(crate) challenge: Spent,
}

impl Refusal {
    pub(crate) fn put_back(error: Error) -> Self {
        Self { error, challenge: Spent::PutBack }
    }
}
