//! Where one-time records lie: two verbs, create-only [`insert`](OneTimeStore::insert) and atomic
//! [`take`](OneTimeStore::take).
//!
//! Everything in the flow that may be used once is a record behind a [`Slot`]: what a code is worth ([`CodeGrant`]), what is
//! remembered between exchange and register ([`PendingRegistration`]), and the same two of user actions ([`UserAction`],
//! [`PendingAction`]). A store needs no other verb. There is no `get`, because
//! whoever looks first and deletes afterwards lets two racers win.
//!
//! 1. **A store never sees a live code.** A [`Slot`] is an HMAC of the secret under a [`SlotKeys`] ring that the store does not
//!    have; whoever reads the store can neither list codes nor try them offline.
//! 2. **One winner.** Of any number of racing `take`s of a slot, one returns the record.
//! 3. **Expired is absent.** `take` compares the record's own expiry with the `now` that the flow passes in. Flows that [share](Sharing) a store
//!    go by its clock, so one clock decides.
//! 4. **Bounded.** [`MemoryStore`] has a capacity; what falls out is an event that the host sees. Engines drop what has expired.
//!
//! Which store to choose: [`manual::stores`](crate::manual::stores).
//!
//! A store of your own is checked by the conformance suite of the feature `test-util`.

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod background;
mod budget;
pub mod codec;
mod engine_clock;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod kept_clock;
#[cfg(feature = "memory")]
mod memory;
mod record;
#[cfg(feature = "redis")]
pub mod redis;
mod sharing;
mod slot;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use self::background::Background;
pub use self::budget::{Budget, Payment, PurseStore};
pub use self::codec::UnreadableRecord;
pub use self::engine_clock::EngineClock;
#[cfg(feature = "memory")]
pub use self::memory::MemoryStore;
pub use self::record::{CodeGrant, PendingAction, PendingRegistration, Record, UserAction};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use self::sharing::Sharing;
pub(crate) use self::slot::SlotLabel;
pub use self::slot::{Slot, SlotKey, SlotKeys};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::{InvalidName, SqlStore, TableNames};

/// A failure's source, as tower and axum box theirs.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What became of an insertion. A duplicate is an outcome, not a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Insertion {
    /// Nothing was there; now this is.
    Created,
    /// Something was there, and still is.
    Duplicate,
}

/// A store could not answer, or not with a record.
#[derive(Debug, thiserror::Error)]
#[error("the {store} store {kind}")]
pub struct StoreError {
    store: &'static str,
    kind: StoreErrorKind,
    source: BoxError,
}

/// What is to be done about a [`StoreError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store could not answer. The flow says 503, and puts back what it had taken.
    Failed,
    /// A record was taken and can't be read. The flow refuses it like a code that does not work: it is spent, and whoever asked again would get
    /// nothing else.
    Unreadable,
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Unreadable => "had a record that can't be read",
        })
    }
}

impl StoreError {
    /// A failure of the named store.
    pub fn new(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, kind: StoreErrorKind::Failed, source: source.into() }
    }

    /// The named store had a record that can't be read, and has it no more.
    pub fn unreadable(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, kind: StoreErrorKind::Unreadable, source: source.into() }
    }

    /// What is to be done about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// What fails in the background has only the log to tell.
    #[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
    pub(crate) fn warn(&self, what: &'static str) {
        #[cfg(feature = "tracing")]
        tracing::warn!(error = %self, reason = %self.source, "{what}");
        #[cfg(not(feature = "tracing"))]
        let _ = what;
    }
}

impl From<UnreadableRecord> for StoreError {
    fn from(error: UnreadableRecord) -> Self {
        Self::unreadable(error.records(), error)
    }
}

/// A store of records that may be taken once.
#[async_trait]
pub trait OneTimeStore<R: Record>: fmt::Debug + Send + Sync + 'static {
    /// Who else sees the records.
    fn sharing(&self) -> Sharing;

    /// Lays a record into an empty slot. [`Insertion::Duplicate`] leaves the old record untouched.
    ///
    /// The record may be dropped once it has expired ([`Record::expires_at`]), and must not be dropped earlier without telling
    /// anybody.
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError>;

    /// Removes and returns the record, in one atomic step. Absent, already taken and expired at `now` are all `None`. A record that was
    /// removed and can't be read is [`StoreError::unreadable`].
    ///
    /// An expired record is removed as well, so that a clock which goes back does not bring it back: remove by the slot alone, and
    /// compare the expiry of what was removed.
    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError>;
}

#[async_trait]
impl<R: Record, S: OneTimeStore<R> + ?Sized> OneTimeStore<R> for Arc<S> {
    fn sharing(&self) -> Sharing {
        (**self).sharing()
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        (**self).insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        (**self).take(slot, now).await
    }
}
