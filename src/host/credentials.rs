use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::{
    Credential, CredentialId, CredentialStatus, CredentialUuid, Insertion, NewCredential, UserId,
};

/// Keeps credentials.
#[async_trait]
pub trait CredentialRepository: Send + Sync + 'static {
    /// All credentials of a user, in any order. Their passkeys are excluded when they register
    /// another.
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError>;

    /// Stores a credential, in one atomic step, unless one of the same [`id`](Credential::id)
    /// exists **for any user**: then nothing changes and the answer is [`Insertion::Duplicate`]. A
    /// unique index does it; a look-up followed by an insertion does not.
    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError>;
}

/// What became of a credential that was to be changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Changed {
    /// It was otherwise, and now is as asked.
    Changed,
    /// It was so already.
    Unchanged,
    /// The user has no such credential.
    Missing,
}

/// What became of a credential that was to be removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Removal {
    /// It was there, and is no more.
    Removed,
    /// The user has no such credential.
    Missing,
}

/// Changes credentials that are stored. With it a site has endpoints for its users'
/// [own credentials](crate::manage), and the notice of a new one carries an
/// [undo token](crate::model::UndoToken).
///
/// Each verb is one atomic step, and finds a credential under its own user alone.
#[async_trait]
pub trait CredentialManagement: Send + Sync + 'static {
    /// Makes a credential active, or not. One that is deactivated signs nothing from then on.
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
    ) -> Result<Changed, BoxError>;

    /// Gives a credential another name.
    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError>;

    /// Removes a credential. Of any number of racing calls, one is told that it was
    /// [`Removed`](Removal::Removed). It signs nothing from then on.
    async fn remove(&self, user: &UserId, uuid: &CredentialUuid) -> Result<Removal, BoxError>;
}

/// What became of a signature counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Advance {
    /// It was lower, and now is the new one.
    Advanced,
    /// It was not lower, and still is what it was.
    NotGreater,
}

/// Keeps the signature counters of passkeys: those of
/// [`Fido2Properties::sign_count`](crate::model::Fido2Properties::sign_count).
///
/// A counter that does not grow tells of a cloned authenticator. Most passkeys do not count; for
/// them nothing is ever called.
#[async_trait]
pub trait SignCounters: Send + Sync + 'static {
    /// Sets the counter of a credential if it is lower, in one atomic step: `UPDATE … SET
    /// sign_count = $2 WHERE id = $1 AND sign_count < $2`. A look-up followed by an update lets a
    /// clone slip in between. If its answer is lost, a retry with the same signature is
    /// refused as a clone would be, and the user signs anew.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError>;
}
