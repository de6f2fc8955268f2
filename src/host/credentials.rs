use std::cmp::Reverse;

use async_trait::async_trait;

use crate::error::BoxError;
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    NewCredential, UserId,
};

/// Keeps credentials.
///
/// Two methods are a repository. The others select some of a user's credentials, and have bodies
/// that load all of them. A repository over a database overrides them, so that nothing is loaded
/// that nobody asked for.
#[async_trait]
pub trait CredentialRepository: Send + Sync + 'static {
    /// Returns all credentials of a user, in any order.
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError>;

    /// Stores a credential, in one atomic step, unless its [`id`](Credential::id) is taken, or the
    /// user has `most` credentials already. Then nothing changes.
    ///
    /// - An id is taken if the same user has it. That of a passkey is taken, too, if a passkey of
    ///   **any** user has it. That of a key is free for every other user: it may be guessed, and
    ///   nobody should be able to take it from them. Use two unique indexes: one over user and id,
    ///   and one over the ids of passkeys. A look-up followed by an insertion is not enough.
    /// - `most` is [`CodePolicy::credentials_per_user`](crate::CodePolicy::credentials_per_user).
    ///   Inactive credentials count.
    /// - If both hold, the answer is [`Addition::Duplicate`]: a lost answer is found out by trying
    ///   once more.
    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError>;

    /// Returns the credential of a user that has that id.
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

    /// Returns the active credentials of a user that sign and are no passkeys, at most so many, the
    /// newest first. They sign the user's actions.
    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(newest(&self.credentials(user).await?, most, is_key_that_signs))
    }

    /// Returns how many credentials a user has, inactive ones too. It may stop counting at `most`.
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

/// What became of a credential that was to be stored.
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

/// What a change has to leave behind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Keep {
    /// Nothing: the last credential may go, as published.
    #[default]
    Nothing,
    /// One active credential that [signs](CredentialKind::signs). What takes the last one changes
    /// nothing, and is told so by `Last`.
    OneThatSigns,
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
    /// It is the last that signs, and one had to be kept.
    Last,
}

/// What became of a credential that was to be removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Removal {
    /// It was there, and is no more.
    Removed,
    /// The user has no such credential.
    Missing,
    /// It is the last that signs, and one had to be kept.
    Last,
}

/// Changes credentials that are stored. With it a site has endpoints for its users'
/// [own credentials](crate::manage), and the notice of a new one carries an
/// [undo token](crate::model::UndoToken).
///
/// Each verb is one atomic step, and finds a credential under its own user alone. Of two racing
/// changes that would take the last two credentials, [`Keep::OneThatSigns`] lets one through.
#[async_trait]
pub trait CredentialManagement: Send + Sync + 'static {
    /// Makes a credential active, or not. One that is deactivated signs nothing from then on.
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError>;

    /// Gives a credential another name. It is never [`Changed::Last`].
    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError>;

    /// Removes a credential. Of any number of racing calls, one is told that it was
    /// [`Removed`](Removal::Removed). It signs nothing from then on.
    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError>;
}

/// Finds a passkey without its user. A sign-in needs it: until somebody signed, nobody knows who
/// asks.
#[async_trait]
pub trait PasskeyDirectory: Send + Sync + 'static {
    /// Returns the passkey that has that id, inactive ones too: no two have the same, among all users.
    /// A credential of another kind is never an answer, since others may have its id.
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError>;
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
    /// Sets the counter of a passkey if it is lower, in one atomic step: `UPDATE … SET sign_count = $2
    /// WHERE id = $1 AND kind = 'Fido2' AND sign_count < $2`. A look-up followed by an update lets a
    /// clone slip in between. If its answer is lost, a retry with the same signature is
    /// refused as a clone would be, and the user signs anew.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError>;
}
