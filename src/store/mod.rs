//! Where one-time records lie: two verbs, create-only [`insert`](OneTimeStore::insert) and atomic
//! [`take`](OneTimeStore::take).
//!
//! Everything in the flow that may be used once is a record behind a [`Slot`]: what a code is worth
//! ([`CodeGrant`]), what is remembered between exchange and register ([`PendingRegistration`]), and
//! the same two of user actions ([`UserAction`], [`PendingAction`]). A store needs no other verb.
//! There is no `get`, because looking first and deleting afterwards lets two racers win.
//!
//! 1. **A store never sees a live code.** A [`Slot`] is an HMAC of the secret under a [`SlotKeys`]
//!    ring that the store does not have. A reader of the store can neither list codes nor try
//!    them offline.
//! 2. **One winner.** Of any number of racing `take`s of a slot, one returns the record.
//! 3. **Expired is absent.** `take` compares the record's own expiry with the `now` that the flow
//!    passes in. Sites over a [`SharedStore`] go by its clock, so one clock decides.
//! 4. **Sealed.** A [`SharedStore`] gets its records [sealed](Sealed). Who reads it learns no user,
//!    and what was moved or altered in it does not open.
//! 5. **Bounded.** [`MemoryStore`] has a capacity; what falls out is an event that the host sees.
//!    Engines drop what has expired.
//!
//! Which store to choose: [`manual::stores`](crate::manual::stores).
//!
//! A store of your own is checked by the conformance suite of the feature `test-util`.

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod background;
mod budget;
pub mod codec;
mod engine_clock;
mod forward;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod kept_clock;
mod ledger;
#[cfg(feature = "memory")]
mod memory;
mod memory_ledger;
mod parts;
mod record;
#[cfg(feature = "redis")]
mod redis_store;
mod seal;
mod sealed_store;
mod shared_ledger;
mod slot;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::model::Insertion;

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use self::background::Background;
pub use self::budget::{Budget, Payment, PurseStore};
use self::codec::UnreadableRecord;
pub use self::engine_clock::EngineClock;
pub use self::ledger::{Change, EnrolmentLedger, Transition};
#[cfg(feature = "memory")]
pub(crate) use self::memory::Evicted;
#[cfg(feature = "memory")]
pub use self::memory::MemoryStore;
pub use self::memory_ledger::MemoryLedger;
pub use self::record::{
    Awaited, ClearRecord, CodeGrant, PendingAction, PendingApproval, PendingRegistration, Record, UserAction,
};
#[cfg(feature = "redis")]
pub use self::redis_store::{RedisStore, RedisStoreBuilder};
pub use self::seal::Sealed;
pub use self::sealed_store::SealedStore;
pub use self::shared_ledger::{Entry, EntryChange, SharedLedger};
pub(crate) use self::slot::SlotLabel;
pub use self::slot::{Slot, SlotKey, SlotKeys};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::{InvalidName, SqlStore, TableNames};

impl From<UnreadableRecord> for StoreError {
    fn from(error: UnreadableRecord) -> Self {
        Self::unreadable(error.records(), error)
    }
}

/// A store of records that may be taken once. An `Arc` and a `Box` of a store are one too.
#[async_trait]
pub trait OneTimeStore<R: Record>: fmt::Debug + Send + Sync + 'static {
    /// Lays a record into an empty slot. [`Insertion::Duplicate`] leaves the old record untouched.
    ///
    /// The record may be dropped once it has expired ([`Record::expires_at`]), and must not be
    /// dropped earlier without telling anybody.
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError>;

    /// Removes and returns the record, in one atomic step. Absent, already taken and expired at
    /// `now` are all `None`. A record that was removed and can't be read is
    /// [`StoreError::unreadable`].
    ///
    /// An expired record is removed as well, so that a clock which goes back does not bring it
    /// back: remove by the slot alone, and compare the expiry of what was removed.
    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError>;
}

/// A store of every record that a site has, in clear. Nobody implements it: a [`OneTimeStore`] of
/// each record is one.
pub trait RecordStore:
    OneTimeStore<CodeGrant>
    + OneTimeStore<PendingRegistration>
    + OneTimeStore<PendingAction>
    + OneTimeStore<UserAction>
    + OneTimeStore<PendingApproval>
{
}

impl<S> RecordStore for S where
    S: OneTimeStore<CodeGrant>
        + OneTimeStore<PendingRegistration>
        + OneTimeStore<PendingAction>
        + OneTimeStore<UserAction>
        + OneTimeStore<PendingApproval>
{
}

/// A store of every record that a site has, [sealed](Sealed). Nobody implements it: a
/// [`OneTimeStore`] of each is one.
pub trait SealedRecordStore:
    OneTimeStore<Sealed<CodeGrant>>
    + OneTimeStore<Sealed<PendingRegistration>>
    + OneTimeStore<Sealed<PendingAction>>
    + OneTimeStore<Sealed<UserAction>>
    + OneTimeStore<Sealed<PendingApproval>>
{
}

impl<S> SealedRecordStore for S where
    S: OneTimeStore<Sealed<CodeGrant>>
        + OneTimeStore<Sealed<PendingRegistration>>
        + OneTimeStore<Sealed<PendingAction>>
        + OneTimeStore<Sealed<UserAction>>
        + OneTimeStore<Sealed<PendingApproval>>
{
}

/// A store that other processes see too, or this one after a restart.
///
/// A site over one goes by its clock, so that all processes agree on when a code has expired. It
/// never sees anything in clear but kinds, stages and times.
pub trait SharedStore: SealedRecordStore + SharedLedger {
    /// Returns the clock that every process over this store goes by: an [`EngineClock`], or the
    /// [`SystemClock`](crate::clock::SystemClock) if they all run on one machine.
    fn clock(&self) -> Arc<dyn Clock>;
}
