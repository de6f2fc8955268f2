use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, header};
use credential_code::error::BoxError;
use credential_code::host::{
    Advance, AuthError, AuthRequest, Authenticator, Caller, CredentialRepository, SignCounters,
    UserDirectory, async_trait,
};
use credential_code::model::{Credential, CredentialId, Insertion, NewCredential, User, UserId};
use subtle::ConstantTimeEq;

/// One user, who is signed in with one bearer token, and their credentials.
#[derive(Debug)]
pub(crate) struct DemoHost {
    user: User,
    token: String,
    credentials: Mutex<Vec<Credential>>,
}

impl DemoHost {
    pub(crate) fn new(user: User, token: &str, credential: Credential) -> Self {
        Self { user, token: token.to_owned(), credentials: Mutex::new(vec![credential]) }
    }

    /// The one user that there is.
    pub(crate) fn user(&self) -> &User {
        &self.user
    }

    /// What whoever is signed in sends along.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Stores a credential that no code bought, unless it is there.
    pub(crate) fn seed(&self, credential: Credential) {
        let mut credentials = self.stored();
        if credentials.iter().all(|stored| stored.id != credential.id) {
            credentials.push(credential);
        }
    }

    /// Who is signed in, if anybody.
    pub(crate) fn signed_in(&self, headers: &HeaderMap) -> Option<UserId> {
        let token = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        // In constant time, so that nobody finds it byte by byte.
        bool::from(token.ct_eq(self.token.as_bytes())).then(|| self.user.id.clone())
    }

    fn stored(&self) -> MutexGuard<'_, Vec<Credential>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
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
        Ok((self.user.id == *id).then(|| self.user.clone()))
    }
}

#[async_trait]
impl CredentialRepository for DemoHost {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(self.stored().iter().filter(|credential| credential.user == *user).cloned().collect())
    }

    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
        let mut credentials = self.stored();
        if credentials.iter().any(|stored| stored.id == credential.id) {
            return Ok(Insertion::Duplicate);
        }
        credentials.push(credential.into_credential());
        Ok(Insertion::Created)
    }
}

#[async_trait]
impl SignCounters for DemoHost {
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
        let mut credentials = self.stored();
        let passkey =
            credentials.iter_mut().find(|stored| stored.id == *id).and_then(|stored| stored.fido2.as_mut());
        match passkey {
            Some(passkey) if count > passkey.sign_count => {
                passkey.sign_count = count;
                Ok(Advance::Advanced)
            }
            Some(_) | None => Ok(Advance::NotGreater),
        }
    }
}
