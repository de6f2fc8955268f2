use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::{EnrolmentId, Insertion, Stage};
use crate::store::{Slot, Transition};

/// An enrolment as a shared ledger keeps it. The ledger compares, sorts and forgets by the
/// unencrypted fields. It can read nothing else.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The owner: a keyed hash of the user.
    pub owner: Slot,
    /// The id of the enrolment.
    pub id: EnrolmentId,
    /// Its stage.
    pub stage: Stage,
    /// When it began.
    pub created_at: SystemTime,
    /// When its stage ends automatically.
    pub expires_at: SystemTime,
    /// When the ledger may forget it.
    pub gone_at: SystemTime,
    /// How many wrong check codes are still allowed.
    pub attempts_left: Option<u8>,
    /// The session in which it began, sealed.
    pub session: Option<Arc<[u8]>>,
    /// How the code was entered, sealed.
    pub opening: Option<Arc<[u8]>>,
    /// The credential that was made, sealed.
    pub credential: Option<Arc<[u8]>>,
}

impl Entry {
    /// Creates an entry at the stage `Waiting`, without sealed parts.
    pub fn new(
        owner: Slot,
        id: EnrolmentId,
        created_at: SystemTime,
        expires_at: SystemTime,
        gone_at: SystemTime,
    ) -> Self {
        Self {
            owner,
            id,
            stage: Stage::Waiting,
            created_at,
            expires_at,
            gone_at,
            attempts_left: None,
            session: None,
            opening: None,
            credential: None,
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("owner", &self.owner)
            .field("id", &self.id)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A change of an entry. A member that is `None` leaves the old value unchanged.
#[derive(Clone)]
#[non_exhaustive]
pub struct EntryChange {
    /// The new stage.
    pub stage: Stage,
    /// When the ledger may forget the enrolment.
    pub gone_at: SystemTime,
    /// When the new stage ends automatically.
    pub expires_at: Option<SystemTime>,
    /// How many wrong check codes are still allowed.
    pub attempts_left: Option<u8>,
    /// How the code was entered, sealed.
    pub opening: Option<Arc<[u8]>>,
    /// The credential that was made, sealed.
    pub credential: Option<Arc<[u8]>>,
}

impl EntryChange {
    /// Creates a change of the stage alone.
    pub fn new(stage: Stage, gone_at: SystemTime) -> Self {
        Self { stage, gone_at, expires_at: None, attempts_left: None, opening: None, credential: None }
    }

    /// Applies the change, for ledgers that hold entries as values.
    pub fn apply_to(self, entry: &mut Entry) {
        let Self { stage, gone_at, expires_at, attempts_left, opening, credential } = self;
        entry.stage = stage;
        entry.gone_at = gone_at;
        entry.expires_at = expires_at.unwrap_or(entry.expires_at);
        entry.attempts_left = attempts_left.or(entry.attempts_left);
        entry.opening = opening.or(entry.opening.take());
        entry.credential = credential.or(entry.credential.take());
    }
}

impl fmt::Debug for EntryChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryChange").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// Keeps enrolments for several processes, or for one after a restart. A site turns it into an
/// [`EnrolmentLedger`](crate::store::EnrolmentLedger), with the same three laws. The site hides the
/// user, and seals the parts that the ledger need not compare.
///
/// Check a ledger of your own with `testing::ledger_contract` over a
/// [`SealedStore`](crate::store::SealedStore). An `Arc` or a `Box` of a ledger is a ledger too.
#[async_trait]
pub trait SharedLedger: fmt::Debug + Send + Sync + 'static {
    /// Enters a new entry. [`Insertion::Duplicate`] leaves the old one untouched.
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError>;

    /// Changes an entry if it is at one of these stages, in one atomic step, and returns its new
    /// state.
    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError>;

    /// Returns the owner's entry with that id. One that may be forgotten may still be there.
    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError>;

    /// Returns the owner's entries that are not gone at `now`, the newest first. It returns
    /// [`MOST_LISTED`](crate::model::Enrolment::MOST_LISTED) at most.
    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError>;
}
