use crate::error::Error;
use crate::store::{
    ClearRecord, CodeGrant, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Slot,
    UserAction,
};

/// How often a record may be put back.
const MOST_RETURNS: u8 = 5;

/// A record with the slot that it was taken from.
#[derive(Debug)]
pub(crate) struct Taken<R> {
    pub(crate) slot: Slot,
    pub(crate) record: R,
}

/// The reason why a step was refused, and what remains of the record that it took.
#[derive(Debug)]
pub(crate) struct Refusal<R> {
    pub(crate) error: Error,
    pub(crate) remains: Remains<R>,
}

/// The part of a record that is put back after a refusal.
#[derive(Debug)]
pub(crate) enum Remains<R> {
    /// Nothing: the record is spent.
    Nothing,
    /// The record, as it was taken.
    AsItWas,
    /// The record, as if it had not been taken: this try does not count.
    Unspent,
    /// The record, changed.
    Changed(R),
}

impl<R> Refusal<R> {
    /// Creates a refusal that leaves the record spent.
    pub(crate) fn for_good(error: impl Into<Error>) -> Self {
        Self { error: error.into(), remains: Remains::Nothing }
    }

    /// Creates a refusal after which the caller may try again with the same record.
    pub(crate) fn put_back(error: impl Into<Error>) -> Self {
        Self { error: error.into(), remains: Remains::AsItWas }
    }

    /// Creates a refusal that never counts as a try.
    pub(crate) fn unspent(error: impl Into<Error>) -> Self {
        Self { error: error.into(), remains: Remains::Unspent }
    }

    /// Creates a refusal that puts the record back only if the failure was ours.
    pub(crate) fn of_failures(error: impl Into<Error>) -> Self {
        let error = error.into();
        if error.is_failure() { Self::put_back(error) } else { Self::for_good(error) }
    }
}

impl<R: Returns> Taken<R> {
    /// Puts back what remains. It may be taken again until the record's own expiry.
    pub(super) async fn put_back(self, remains: Remains<R>, store: &dyn OneTimeStore<R>) {
        let record = match remains {
            Remains::Nothing => None,
            Remains::Unspent => Some(self.record),
            Remains::AsItWas => self.record.returned(),
            Remains::Changed(record) => record.returned(),
        };
        if let Some(record) = record {
            // If that fails as well, nothing is left to do: the person starts anew.
            let _ = store.insert(self.slot, record).await;
        }
    }
}

/// A record that counts how often it was put back.
pub(crate) trait Returns: ClearRecord {
    /// Returns the record to put back, or `None` if it was put back too often.
    fn returned(self) -> Option<Self>;
}

macro_rules! returns {
    ($($record:ident)*) => {$(
        impl Returns for $record {
            fn returned(self) -> Option<Self> {
                (self.returns < MOST_RETURNS).then(|| Self { returns: self.returns + 1, ..self })
            }
        }
    )*};
}

returns!(CodeGrant PendingRegistration PendingAction PendingApproval);

impl Returns for UserAction {
    /// Redeeming is final.
    fn returned(self) -> Option<Self> {
        None
    }
}
