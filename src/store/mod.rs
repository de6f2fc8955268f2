//! The stores of one-time records. They have two verbs: create-only
//! [`insert`](OneTimeStore::insert) and atomic [`take`](OneTimeStore::take).
//!
//! Everything in the flow that may be used once is a record behind a [`Slot`]. A [`CodeGrant`] says
//! what a code may buy. A [`PendingRegistration`] is kept between exchange and register.
//! [`PendingAction`] and [`UserAction`] are the same two for user actions. A store needs no other
//! verb. There is no `get`: looking first and deleting afterwards would let two racers win.
//!
//! 1. **A store never sees a live code.** A [`Slot`] is an HMAC of the secret under a [`SlotKeys`]
//!    ring that the store does not have. So a reader of the store can neither list codes nor try
//!    them offline.
//! 2. **One winner.** Of any number of racing `take`s of a slot, one returns the record.
//! 3. **Expired means absent.** `take` compares the record's own expiry with the `now` that the
//!    flow passes in. Sites over a [`SharedStore`] use its clock, so one clock decides.
//! 4. **Sealed.** A [`SharedStore`] gets its records [sealed](Sealed) (encrypted and
//!    authenticated). A reader of the store learns no user. A record that was moved or altered
//!    there does not open.
//! 5. **Bounded.** [`MemoryStore`] has a capacity. A record that it drops is an event that the host
//!    sees. Engines drop expired records.
//!
//! To choose a store, read [`manual::stores`](crate::manual::stores).
//!
//! Check a store of your own with the conformance suite of the feature `test-util`.
//!
//! ```
//! use credential_code::store::{SlotKey, SlotKeys};
//!
//! let keys = SlotKeys::new(&SlotKey::generate()?, &[]);
//! assert_eq!(format!("{keys:?}"), "SlotKeys(1)");
//! # Ok::<(), std::io::Error>(())
//! ```

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

/// A store of records that may be taken once. An `Arc` or a `Box` of a store is a store too.
#[async_trait]
pub trait OneTimeStore<R: Record>: fmt::Debug + Send + Sync + 'static {
    /// Puts a record into an empty slot. [`Insertion::Duplicate`] leaves the old record untouched.
    ///
    /// The store may drop the record once it has expired ([`Record::expires_at`]). It must not drop
    /// the record earlier without telling anybody.
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError>;

    /// Removes and returns the record, in one atomic step. The answer is `None` if the record is
    /// absent, was taken already, or is expired at `now`. A record that was removed and can't be
    /// read is [`StoreError::unreadable`].
    ///
    /// An expired record is removed as well, so a clock that goes back can't revive it. Therefore
    /// remove by the slot alone, and then compare the expiry of the removed record.
    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError>;
}

/// A store of every record that a site has, unencrypted. Do not implement it: a type that is a
/// [`OneTimeStore`] of each record has it.
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

/// A store of every record that a site has, [sealed](Sealed). Do not implement it: a type that is a
/// [`OneTimeStore`] of each has it.
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
/// A site over such a store uses its clock, so all processes agree on when a code has expired. The
/// store sees only kinds, stages and times unencrypted.
pub trait SharedStore: SealedRecordStore + SharedLedger {
    /// Returns the clock that every process over this store uses. It is an [`EngineClock`], or the
    /// [`SystemClock`](crate::clock::SystemClock) if they all run on one machine.
    fn clock(&self) -> Arc<dyn Clock>;
}
