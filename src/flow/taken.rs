use std::time::SystemTime;

use crate::flow::Error;
use crate::store::{OneTimeStore, Record, Slot, StoreError};

/// How often a record may be put back.
pub(crate) const MOST_RETURNS: u8 = 5;

/// A record with the slot that it was taken from, so that it can be put back there.
#[derive(Debug)]
pub(crate) struct Taken<R> {
    pub(crate) slot: Slot,
    pub(crate) record: R,
}

/// Takes a record from the first of the slots that has one.
pub(crate) async fn take<R: Record>(
    store: &dyn OneTimeStore<R>,
    slots: impl Iterator<Item = Slot>,
    now: SystemTime,
) -> Result<Option<Taken<R>>, StoreError> {
    for slot in slots {
        if let Some(record) = store.take(slot, now).await? {
            return Ok(Some(Taken { slot, record }));
        }
    }
    Ok(None)
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
