use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, header};
use credential_code::error::BoxError;
use credential_code::host::{
    Addition, Advance, AuthError, AuthRequest, Authenticator, Caller, Changed, CredentialManagement,
    CredentialRepository, Keep, Removal, SignCounters, UserDirectory, async_trait,
};
use credential_code::model::{
    Credential, CredentialId, CredentialStatus, CredentialUuid, NewCredential, User, UserId,
};
use subtle::ConstantTimeEq;

/// Two users and their credentials. Each user is signed in with one bearer token.
#[derive(Debug)]
pub(crate) struct DemoHost {
    members: [Member; 2],
    kept: Mutex<Kept>,
}

/// The credentials that exist, and those that were removed. Nothing brings a removed one back, but
/// a notice can still name it.
#[derive(Debug, Default)]
struct Kept {
    credentials: Vec<Credential>,
    removed: Vec<Credential>,
}

/// The outcome for a credential that no code bought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seeding {
    /// The credential is stored.
    Stored,
    /// The user removed it, so it stays away.
    WasRemoved,
}

/// A user, and what they send along when they are signed in.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) user: User,
    pub(crate) token: String,
}

impl DemoHost {
    pub(crate) fn new(members: [Member; 2], credentials: Vec<Credential>) -> Self {
        Self { members, kept: Mutex::new(Kept { credentials, removed: Vec::new() }) }
    }

    /// Returns the user that app 1 signs in. The other one shows what one user can see of another.
    pub(crate) fn first(&self) -> &Member {
        &self.members[0]
    }

    /// Returns the user of that id, if there is one.
    pub(crate) fn find(&self, id: &UserId) -> Option<&User> {
        self.members.iter().map(|member| &member.user).find(|user| user.id == *id)
    }

    /// Stores a credential that no code bought, unless it is there or was removed.
    pub(crate) fn seed(&self, credential: Credential) -> Seeding {
        let Kept { credentials, removed } = &mut *self.kept();
        if removed.iter().any(|gone| gone.id == credential.id) {
            return Seeding::WasRemoved;
        }
        if credentials.iter().all(|stored| stored.id != credential.id) {
            credentials.push(credential);
        }
        Seeding::Stored
    }

    /// Returns the credential of that uuid, even if it was removed.
    pub(crate) fn known(&self, uuid: &CredentialUuid) -> Option<Credential> {
        let kept = self.kept();
        kept.credentials.iter().chain(&kept.removed).find(|credential| credential.uuid == *uuid).cloned()
    }

    /// Returns the credential that the closure accepts, if there is one.
    pub(crate) fn stored(&self, is_it: impl Fn(&Credential) -> bool) -> Option<Credential> {
        self.kept().credentials.iter().find(|stored| is_it(stored)).cloned()
    }

    /// Returns the user who is signed in, if anybody is.
    pub(crate) fn signed_in(&self, headers: &HeaderMap) -> Option<UserId> {
        let token = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        // Compares in constant time, so that nobody finds the token byte by byte.
        let mut members = self.members.iter();
        let member = members.find(|member| token.ct_eq(member.token.as_bytes()).into())?;
        Some(member.user.id.clone())
    }

    /// Changes a credential. The closure tells whether it changed anything.
    fn change(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        change: impl FnOnce(&mut Credential) -> bool,
    ) -> Changed {
        let mut kept = self.kept();
        let found = kept.credentials.iter_mut().find(|stored| stored.user == *user && stored.uuid == *uuid);
        match found.map(change) {
            Some(true) => Changed::Changed,
            Some(false) => Changed::Unchanged,
            None => Changed::Missing,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for DemoHost {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        self.signed_in(&request.head.headers).map(Caller::new).ok_or(AuthError::Unauthenticated)
    }
}

#[async_trait]
impl UserDirectory for DemoHost {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        Ok(self.find(id).cloned())
    }
}

#[async_trait]
impl CredentialRepository for DemoHost {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(self.kept().credentials.iter().filter(|credential| credential.user == *user).cloned().collect())
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        let credentials = &mut self.kept().credentials;
        if credentials.iter().any(|stored| stored.takes_id_of(&credential)) {
            return Ok(Addition::Duplicate);
        }
        if credentials.iter().filter(|stored| stored.user == credential.user).count() >= most {
            return Ok(Addition::Full);
        }
        credentials.push(credential.into_credential());
        Ok(Addition::Added)
    }
}

/// The policy of this example keeps nothing, so `Keep` says nothing here.
#[async_trait]
impl CredentialManagement for DemoHost {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        _: Keep,
    ) -> Result<Changed, BoxError> {
        Ok(self.change(user, uuid, |stored| std::mem::replace(&mut stored.status, status) != status))
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        Ok(self.change(user, uuid, |stored| std::mem::replace(&mut stored.name, name.to_owned()) != name))
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, _: Keep) -> Result<Removal, BoxError> {
        let Kept { credentials, removed } = &mut *self.kept();
        let found = credentials.iter().position(|stored| stored.user == *user && stored.uuid == *uuid);
        Ok(found.map_or(Removal::Missing, |at| {
            removed.push(credentials.remove(at));
            Removal::Removed
        }))
    }
}

#[async_trait]
impl SignCounters for DemoHost {
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
        let mut kept = self.kept();
        let passkey = kept
            .credentials
            .iter_mut()
            .find(|stored| stored.id == *id)
            .and_then(|stored| stored.fido2.as_mut());
        match passkey {
            Some(passkey) if count > passkey.sign_count => {
                passkey.sign_count = count;
                Ok(Advance::Advanced)
            }
            Some(_) | None => Ok(Advance::NotGreater),
        }
    }
}
