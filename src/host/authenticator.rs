use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::request::Parts;

use crate::error::{BoxError, Error, ErrorKind};
use crate::model::{Scope, UserId};

/// A request for a code, or for something else that needs an [`Authenticator`]. `Debug` shows only
/// method and path: headers hold the caller's own credentials.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthRequest<'a> {
    /// The method, headers and extensions. In a nested router the URI may lack the prefix that the
    /// router stripped: use `path`.
    pub head: &'a Parts,
    /// The full original path, as the client sees it, without the query. A user action signature
    /// covers it.
    pub path: &'a str,
    /// The unchanged body. A user action signature covers it.
    pub body: &'a [u8],
}

impl<'a> AuthRequest<'a> {
    /// Creates a request, for a test of an [`Authenticator`], or for an endpoint of your own that
    /// asks one.
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

/// The signed-in user who makes the request. `Debug` does not show the session, whose name may be a
/// secret.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caller {
    /// The signed-in user.
    pub user: UserId,
    /// The limits of a code that they mint, and of additions without a code.
    pub scope: Scope,
    session: Option<Box<str>>,
    since: Option<SystemTime>,
}

impl Caller {
    /// Creates a caller for that user.
    pub fn new(user: UserId) -> Self {
        Self { user, scope: Scope::default(), session: None, since: None }
    }

    /// Sets the session in which they are signed in. Then only that session may approve or refuse a
    /// credential that a code of its own adds.
    ///
    /// The name has to last as long as the session. Some libraries, such as axum-login, give a
    /// session a new id at each sign-in or change of privileges. Then keep a random name of your
    /// own in the session.
    pub fn in_session(self, id: impl Into<Box<str>>) -> Self {
        Self { session: Some(id.into()), ..self }
    }

    /// Sets since when they are signed in. A session from before
    /// [`User::void_before`](crate::model::User::void_before) then adds nothing.
    pub fn since(self, at: SystemTime) -> Self {
        Self { since: Some(at), ..self }
    }

    /// Limits what a code that they mint may buy, and what they may add without one.
    pub fn limited_to(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Returns when their present act began. If the host says when they signed in, it began then.
    pub(crate) fn began_at(&self, now: SystemTime) -> SystemTime {
        self.since.map_or(now, |since| since.min(now))
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Caller");
        shown.field("user", &self.user).field("scope", &self.scope).field("since", &self.since);
        shown.finish_non_exhaustive()
    }
}

/// The reason why there is no caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Nobody is signed in: 401.
    #[error("nobody is signed in")]
    Unauthenticated,
    /// The caller is signed in, but may not do this: 403. The text is shown to them.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// The caller is signed in, but has to prove it again before they may do this: 403
    /// `step_up_required`. A page can tell that from every other refusal. The text is shown to
    /// them.
    #[error("{0}")]
    StepUp(Cow<'static, str>),
    /// The caller was wrong too often: 429, with the time to wait.
    #[error("too many attempts")]
    TooManyAttempts {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A store failed that the answer depends on: 503. The source goes only to the log.
    #[error("a store failed")]
    Unavailable(#[source] BoxError),
    /// The host could not decide: 500. The source goes only to the log.
    #[error("the authenticator failed")]
    Other(#[source] BoxError),
    /// A flow of this crate refused, and has told the listener. The caller gets its answer.
    #[error(transparent)]
    Refused(Error),
}

impl From<BoxError> for AuthError {
    fn from(error: BoxError) -> Self {
        Self::Other(error)
    }
}

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthenticated => Self::new(ErrorKind::Unauthenticated, "Sign in first."),
            AuthError::Forbidden(message) => Self::new(ErrorKind::Forbidden, message),
            AuthError::StepUp(message) => Self::new(ErrorKind::StepUpRequired, message),
            AuthError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            AuthError::Unavailable(source) => Self::unavailable(source),
            AuthError::Other(source) => Self::host(source),
            AuthError::Refused(error) => error,
        }
    }
}

/// Identifies the caller who asks for a code, or who wants to sign a user action. It may use a
/// bearer token, a session cookie or a client certificate.
///
/// Minting a code is as powerful as adding a credential. So ask for as much as for the account's
/// other dangerous actions. That is a fresh sign-in, or a signature by an existing credential,
/// which [`UserActions`](crate::action::UserActions) demands.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Returns the caller. It is called once for each well-formed request to an endpoint that needs
    /// a signed-in user.
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError>;
}
