//! What a host brings: who is asking, who the users are, where credentials are kept, and which relying parties there are.
//!
//! The traits are dyn-compatible and held as `Arc<dyn …>`, so that no type parameter of a host's leaks into the flow. Expected outcomes
//! are values (`None`, [`Insertion::Duplicate`]); an `Err` is a failure, which the caller sees as a 5xx without any detail: 503 if it is a
//! [`StoreError`](crate::store::StoreError), else 500. No method has a default body: each matters for security, and a host has to decide.
//!
//! They are `async` by [`macro@async_trait`], which an implementation names as well:
//!
//! ```
//! use credential_code::{AuthError, AuthRequest, Authenticator, Caller, UserId, async_trait};
//!
//! /// Trusts the header that a gateway sets, and that nobody else can send.
//! struct BehindGateway;
//!
//! #[async_trait]
//! impl Authenticator for BehindGateway {
//!     async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
//!         let user = request.head.headers.get("x-gateway-user").ok_or(AuthError::Unauthenticated)?;
//!         let user = user.to_str().ok().and_then(|user| UserId::new(user).ok());
//!         user.map(Caller::new).ok_or(AuthError::Unauthenticated)
//!     }
//! }
//! ```

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::ORIGIN;
use http::request::Parts;

use crate::model::{Credential, CredentialId, NewCredential, RelyingParty, User, UserId};
use crate::store::{BoxError, Insertion};

/// The request by which somebody asks for a code, or for something else that needs an [`Authenticator`]. `Debug` shows method and path
/// alone: headers hold the caller's own credentials.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthRequest<'a> {
    /// Method, headers and extensions. In a nested router the URI may lack the prefix that the router stripped: use `path`.
    pub head: &'a Parts,
    /// The full original path, as the client sees it, without the query. A user action signature covers it.
    pub path: &'a str,
    /// The body as it came. A user action signature covers it.
    pub body: &'a [u8],
}

impl<'a> AuthRequest<'a> {
    /// A request, for those who test an [`Authenticator`].
    pub fn new(head: &'a Parts, path: &'a str, body: &'a [u8]) -> Self {
        Self { head, path, body }
    }
}

impl fmt::Debug for AuthRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AuthRequest");
        shown.field("method", &self.head.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// Who is asking.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caller {
    /// The signed-in user.
    pub user: UserId,
}

impl Caller {
    /// That user.
    pub fn new(user: UserId) -> Self {
        Self { user }
    }
}

/// Why nobody in particular is asking.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Nobody is signed in: 401.
    #[error("nobody is signed in")]
    Unauthenticated,
    /// Somebody is, and may not do this: 403. The text is told to them.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// Whoever is asking was wrong too often: 429, and when to come back.
    #[error("too many attempts")]
    TooManyAttempts {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A store that the answer depends on failed: 503, and the source is told to the log alone.
    #[error("a store failed")]
    Unavailable(#[source] BoxError),
    /// The host could not tell: 500, and the source is told to the log alone.
    #[error("the authenticator failed")]
    Other(#[source] BoxError),
}

impl From<BoxError> for AuthError {
    fn from(error: BoxError) -> Self {
        Self::Other(error)
    }
}

/// Tells who is asking for a code, or to sign a user action, from a bearer token, a session cookie, a client certificate.
///
/// Minting a code is as good as adding a credential, so ask for as much as the account's other dangerous actions do: a fresh sign-in, or a
/// signature by an existing credential, which [`UserActions`](crate::UserActions) demands.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who is asking? Called once for each well-formed request to mint, or to either endpoint of user action signing.
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError>;
}

#[async_trait]
impl<A: Authenticator + ?Sized> Authenticator for Arc<A> {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        (**self).authenticate(request).await
    }
}

/// Finds users.
#[async_trait]
pub trait UserDirectory: Send + Sync + 'static {
    /// The user, or `None` if they are gone. Asked at each of the three steps, so that nobody adds a credential to an account
    /// that was closed meanwhile.
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError>;
}

/// Keeps credentials.
#[async_trait]
pub trait CredentialRepository: Send + Sync + 'static {
    /// All credentials of a user, in any order. Their passkeys are excluded when they register another.
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError>;

    /// Stores a credential, in one atomic step, unless one of the same [`id`](Credential::id) exists **for any user**: then nothing
    /// changes and the answer is [`Insertion::Duplicate`]. A unique index does it; a look-up followed by an insertion does not.
    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError>;
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

/// Keeps the signature counters of passkeys: those of [`Fido2Properties::sign_count`](crate::model::Fido2Properties::sign_count).
///
/// A counter that does not grow tells of a cloned authenticator. Most passkeys do not count; for them nothing is ever called.
#[async_trait]
pub trait SignCounters: Send + Sync + 'static {
    /// Sets the counter of a credential if it is lower, in one atomic step: `UPDATE … SET sign_count = $2 WHERE id = $1 AND
    /// sign_count < $2`. A look-up followed by an update lets a clone slip in between. If its answer is
    /// lost, whoever tries again with the same signature is refused as a clone would be, and signs anew.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError>;
}

/// Finds the relying party that a registration is for, when a code is exchanged.
///
/// A [`RelyingPartyList`] finds it by the `Origin` header. A host whose clients say who they are in another way (an app id header)
/// brings its own. If the request has an `Origin` header, it has to be one of the party's whatever the resolver says.
#[async_trait]
pub trait RelyingParties: Send + Sync + 'static {
    /// The relying party, or `None`: then the request is refused, and the code not spent.
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError>;
}

/// A configured list of relying parties.
///
/// The one that lists the request's `Origin` is taken, to the letter; without that header, as native apps and servers ask, the first.
#[derive(Clone, Debug)]
pub struct RelyingPartyList(Vec<Arc<RelyingParty>>);

impl RelyingPartyList {
    /// The parties, the default first.
    pub fn new(parties: impl IntoIterator<Item = RelyingParty>) -> Self {
        Self(parties.into_iter().map(Arc::new).collect())
    }
}

#[async_trait]
impl RelyingParties for RelyingPartyList {
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError> {
        let Some(origin) = request.headers.get(ORIGIN) else {
            return Ok(self.0.first().cloned());
        };
        let origin = origin.to_str().unwrap_or_default();
        Ok(self.0.iter().find(|party| party.origin(origin).is_some()).cloned())
    }
}
