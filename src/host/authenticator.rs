use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::request::Parts;

use crate::error::{BoxError, Error, ErrorKind};
use crate::model::{Scope, UserId};

/// The request by which somebody asks for a code, or for something else that needs an
/// [`Authenticator`]. `Debug` shows method and path alone: headers hold the caller's own
/// credentials.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AuthRequest<'a> {
    /// Method, headers and extensions. In a nested router the URI may lack the prefix that the
    /// router stripped: use `path`.
    pub head: &'a Parts,
    /// The full original path, as the client sees it, without the query. A user action signature
    /// covers it.
    pub path: &'a str,
    /// The body as it came. A user action signature covers it.
    pub body: &'a [u8],
}

impl<'a> AuthRequest<'a> {
    /// Creates a request: for a test of an [`Authenticator`], or for an endpoint of the host's own
    /// that asks one.
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

/// The signed-in user who asks. `Debug` does not show the session, whose name may be a secret.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caller {
    /// The signed-in user.
    pub user: UserId,
    /// What a code that they mint may buy, and what they may add without one.
    pub scope: Scope,
    session: Option<Box<str>>,
    since: Option<SystemTime>,
}

impl Caller {
    /// Creates a caller who is that user.
    pub fn new(user: UserId) -> Self {
        Self { user, scope: Scope::default(), session: None, since: None }
    }

    /// Names the session that they are signed in by. Then only that session may approve or refuse
    /// what a code of its own adds.
    ///
    /// The name has to last as long as the session. Some libraries give a session a new id at each
    /// sign-in or change of privileges (axum-login does): keep a random name of your own in it then.
    pub fn in_session(self, id: impl Into<Box<str>>) -> Self {
        Self { session: Some(id.into()), ..self }
    }

    /// Says since when they are signed in, so that a session from before
    /// [`User::void_before`](crate::model::User::void_before) adds nothing.
    pub fn since(self, at: SystemTime) -> Self {
        Self { since: Some(at), ..self }
    }

    /// Narrows what a code that they mint may buy, and what they may add without one.
    pub fn limited_to(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// When what they do now began: with their sign-in, if the host says when that was.
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
    /// Somebody is, and has to prove it anew before they may do this: 403 `step_up_required`, which a
    /// page can tell from every other refusal. The text is told to them.
    #[error("{0}")]
    StepUp(Cow<'static, str>),
    /// The caller was wrong too often: 429, and when to come back.
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

/// Tells who is asking for a code, or to sign a user action, from a bearer token, a session cookie,
/// a client certificate.
///
/// Minting a code is as good as adding a credential, so ask for as much as the account's other
/// dangerous actions do: a fresh sign-in, or a signature by an existing credential, which
/// [`UserActions`](crate::action::UserActions) demands.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who is asking? Called once for each well-formed request to an endpoint that needs a
    /// signed-in user.
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError>;
}
