use std::cmp::Reverse;

use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    NewCredential, UserId,
};

/// Keeps credentials.
///
/// Two methods have no body: implement them. The others select some of a user's credentials, and
/// have bodies that load all of them. A repository over a database should override them, so it
/// loads only what was asked for.
#[async_trait]
pub trait CredentialRepository: Send + Sync + 'static {
    /// Returns all credentials of a user, in any order.
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError>;

    /// Stores a credential, in one atomic step. If its [`id`](Credential::id) is taken, or the user
    /// has `most` credentials already, nothing changes.
    ///
    /// - An id is taken if the same user has it. A passkey's id is also taken if a passkey of
    ///   **any** user has it. A key's id is free for every other user: it may be guessed, and
    ///   nobody should be able to take it from them. Use two unique indexes: one over user and id,
    ///   and one over the ids of passkeys. A look-up followed by an insertion is not enough.
    /// - `most` is [`CodePolicy::credentials_per_user`](crate::CodePolicy::credentials_per_user).
    ///   Inactive credentials count.
    /// - If both hold, the answer is [`Addition::Duplicate`]. So the flow can find out a lost
    ///   answer by trying again.
    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError>;

    /// Returns the credential of a user with that id.
    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        let credentials = self.credentials(user).await?;
        Ok(credentials.into_iter().find(|credential| credential.id == *id))
    }

    /// Returns the active passkeys that a user has for a relying party, at most so many, the newest
    /// first. They sign the user's actions, and are not made twice.
    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        let credentials = self.credentials(user).await?;
        Ok(newest(&credentials, most, |credential| is_passkey_of(credential, relying_party_id)))
    }

    /// Returns the active credentials of a user that sign and are not passkeys, at most so many,
    /// the newest first. They sign the user's actions.
    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(newest(&self.credentials(user).await?, most, is_key_that_signs))
    }

    /// Returns how many credentials a user has, inactive ones included. It may stop counting at
    /// `most`.
    async fn count(&self, user: &UserId, most: usize) -> Result<usize, BoxError> {
        Ok(self.credentials(user).await?.len().min(most))
    }
}

/// Returns the newest of some credentials that are active and wanted.
pub(crate) fn newest<'a>(
    credentials: impl IntoIterator<Item = &'a Credential>,
    most: usize,
    is_wanted: impl Fn(&Credential) -> bool,
) -> Vec<CredentialDescriptor> {
    let wanted = credentials.into_iter().filter(|credential| credential.is_active() && is_wanted(credential));
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort_by_key(|credential| Reverse(credential.created_at));
    wanted.into_iter().take(most).map(CredentialDescriptor::from).collect()
}

pub(crate) fn is_passkey_of(credential: &Credential, relying_party_id: &str) -> bool {
    credential.kind == CredentialKind::Fido2 && credential.relying_party_id == relying_party_id
}

pub(crate) fn is_key_that_signs(credential: &Credential) -> bool {
    credential.kind.signs() && credential.kind != CredentialKind::Fido2
}

/// The outcome of storing a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Addition {
    /// It is stored.
    Added,
    /// Its id is taken.
    Duplicate,
    /// The user has as many credentials as they may have.
    Full,
}

/// The demand on a change: what must remain after it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Keep {
    /// Nothing: the last credential may go, as published.
    #[default]
    Nothing,
    /// One active credential that [signs](CredentialKind::signs). A change that would take the last
    /// one does nothing, and the answer is `Last`.
    OneThatSigns,
}

/// The outcome of changing a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Changed {
    /// It was different, and now is as requested.
    Changed,
    /// It was as requested already.
    Unchanged,
    /// The user has no such credential.
    Missing,
    /// It is the last that signs, and one had to be kept.
    Last,
}

/// The outcome of removing a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Removal {
    /// It was there, and is removed.
    Removed,
    /// The user has no such credential.
    Missing,
    /// It is the last that signs, and one had to be kept.
    Last,
}

/// Changes credentials that are stored. With it a site has endpoints for its users' [own
/// credentials](crate::manage). The notice of a new one carries an [undo
/// token](crate::model::UndoToken).
///
/// Each verb is one atomic step, and finds a credential only under its own user. If two racing
/// changes would take the last two credentials, [`Keep::OneThatSigns`] allows only one of them.
#[async_trait]
pub trait CredentialManagement: Send + Sync + 'static {
    /// Makes a credential active, or not. A deactivated one signs nothing from then on.
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError>;

    /// Gives a credential another name. It is never [`Changed::Last`].
    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError>;

    /// Removes a credential. Of any number of racing calls, one gets [`Removed`](Removal::Removed).
    /// It signs nothing from then on.
    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError>;
}

/// Finds a passkey without its user. A sign-in needs it: before a signature, nobody knows who the
/// caller is.
#[async_trait]
pub trait PasskeyDirectory: Send + Sync + 'static {
    /// Returns the passkey with that id, even if it is inactive. No two users have passkeys with
    /// the same id. A credential of another kind is never an answer, since others may have its id.
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError>;
}

/// The outcome for a signature counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Advance {
    /// It was lower, and now is the new one.
    Advanced,
    /// It was not lower, and is unchanged.
    NotGreater,
}

/// Keeps the signature counters of passkeys: those of
/// [`Fido2Properties::sign_count`](crate::model::Fido2Properties::sign_count).
///
/// A counter that does not grow points to a cloned authenticator. Most passkeys do not count, and
/// for them it is never called.
#[async_trait]
pub trait SignCounters: Send + Sync + 'static {
    /// Sets the counter of a passkey if it is lower, in one atomic step:
    /// `UPDATE … SET sign_count = $2 WHERE id = $1 AND kind = 'Fido2' AND sign_count < $2`. A
    /// look-up followed by an update lets a clone slip in between. If the answer is lost, a retry
    /// with the same signature is refused like a clone. The user then signs anew.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError>;
}
