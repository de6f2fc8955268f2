//! Errors: why a step was refused, or failed.
//!
//! Every step returns an [`Error`]. [`ErrorKind`] says what went wrong, and which status the answer
//! has. The text is for the caller. The true reason is the error's source, for logs and events
//! alone.
//!
//! ```
//! use credential_code::error::ErrorKind;
//!
//! assert_eq!(ErrorKind::InvalidCode.as_str(), "invalid_code");
//! assert_eq!(ErrorKind::InvalidCode.status(), 403);
//! ```

mod kind;
mod reason;
mod store;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::kind::ErrorKind;
pub(crate) use self::reason::Reason;
pub use self::store::{StoreError, StoreErrorKind};
use crate::model::{Invalid, Stage};
use crate::random::NoRandomness;

/// A failure's source, as tower and axum box theirs.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a step of a flow was refused, or failed.
///
/// `Display` is the text for the caller. The [`source`](StdError::source) is the true reason, for
/// logs and events alone. It tells a bad signature from a wrong origin. The caller may not learn
/// that.
pub struct Error {
    inner: Arc<Inner>,
    /// The listener that has heard of it, since an error may pass through two flows. A clone counts
    /// as another refusal.
    told: Option<Hearer>,
}

/// A listener, by its address.
pub(crate) type Hearer = usize;

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    stage: Option<Stage>,
    source: Option<BoxError>,
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), told: None }
    }
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the text for the caller.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Returns how long to wait, if a budget is exhausted.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns the stage of the enrolment, if the stage caused the refusal.
    pub fn stage(&self) -> Option<Stage> {
        self.inner.stage
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(Inner { kind, message: message.into(), retry_after: None, stage: None, source: None })
    }

    pub(crate) fn because(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<BoxError>,
    ) -> Self {
        let source = Some(source.into());
        Self::with(Inner { kind, message: message.into(), retry_after: None, stage: None, source })
    }

    fn with(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), told: None }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "There is nothing here.")
    }

    pub(crate) fn invalid_request(source: impl Into<BoxError>) -> Self {
        let source = source.into();
        Self::because(ErrorKind::InvalidRequest, format!("The request is invalid: {source}."), source)
    }

    /// Creates the one error for every code that does not work, so an answer tells nothing about
    /// codes.
    pub(crate) fn invalid_code(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::InvalidCode, "This code does not work. Ask for a new one.", reason)
    }

    pub(crate) fn invalid_challenge(reason: impl Into<BoxError>) -> Self {
        Self::because(
            ErrorKind::InvalidChallenge,
            "This registration is no longer open. Begin again.",
            reason,
        )
    }

    pub(crate) fn invalid_action_challenge(reason: impl Into<BoxError>) -> Self {
        Self::because(
            ErrorKind::InvalidChallenge,
            "This challenge is no longer open. Sign the action anew.",
            reason,
        )
    }

    pub(crate) fn invalid_sign_in_challenge(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::InvalidChallenge, "This sign-in is no longer open. Begin again.", reason)
    }

    /// Creates the one error for every passkey that signs nobody in. So an answer tells nothing
    /// about passkeys and users.
    pub(crate) fn invalid_sign_in(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::InvalidAssertion, "This passkey does not sign you in.", reason)
    }

    /// Creates the one error for every user action that does not work, so an answer tells nothing
    /// about actions. The text is literally that of the published service.
    pub(crate) fn invalid_action(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::UserActionRequired, "user action signature is missing or invalid", reason)
    }

    pub(crate) fn too_many_attempts(retry_after: Duration) -> Self {
        Self::with(Inner {
            kind: ErrorKind::TooManyAttempts,
            message: "Too many attempts. Try again later.".into(),
            retry_after: Some(retry_after),
            stage: None,
            source: None,
        })
    }

    /// Creates the one error for every enrolment that is not the caller's.
    pub(crate) fn no_enrolment() -> Self {
        Self::new(ErrorKind::NotFound, "There is no such enrolment.")
    }

    /// Creates the one error for every credential that is not the caller's.
    pub(crate) fn no_credential() -> Self {
        Self::new(ErrorKind::NotFound, "There is no such credential.")
    }

    /// Creates the refusal of a credential id that is taken.
    pub(crate) fn duplicate() -> Self {
        let message = "This credential is registered already. Use another authenticator.";
        Self::new(ErrorKind::DuplicateCredential, message)
    }

    /// Creates the refusal of one credential more than a user may have.
    pub(crate) fn too_many_credentials() -> Self {
        let message = "This account has as many credentials as it may have. Remove one first.";
        Self::new(ErrorKind::TooManyCredentials, message)
    }

    /// Creates the refusal to remove the last credential that signs.
    pub(crate) fn last_credential() -> Self {
        let message = "This is the last credential that signs. Add another one first.";
        Self::new(ErrorKind::LastCredential, message)
    }

    pub(crate) fn may_not_add(reason: Reason) -> Self {
        Self::because(ErrorKind::Forbidden, "This user may not add credentials.", reason)
    }

    pub(crate) fn may_not_change(reason: Reason) -> Self {
        Self::because(ErrorKind::Forbidden, "This user may not change credentials.", reason)
    }

    /// Creates the error for an enrolment whose stage does not allow this.
    pub(crate) fn at_stage(stage: Stage) -> Self {
        Self::with(Inner {
            kind: ErrorKind::Conflict,
            message: format!("This can't be done: the enrolment is {stage}.").into(),
            retry_after: None,
            stage: Some(stage),
            source: None,
        })
    }

    /// Creates the error for an enrolment that somebody else is deciding about at this moment.
    pub(crate) fn under_way(source: BoxError) -> Self {
        Self::with(Inner {
            kind: ErrorKind::Conflict,
            message: "Another decision is under way. Try again.".into(),
            retry_after: None,
            stage: Some(Stage::Pending),
            source: Some(source),
        })
    }

    /// Returns the same refusal, with the stage that is known by now. It counts as told as often as
    /// before.
    pub(crate) fn at(self, stage: Stage) -> Self {
        let Inner { kind, message, retry_after, .. } = &*self.inner;
        let message = match kind {
            ErrorKind::Conflict => Self::at_stage(stage).inner.message.clone(),
            _ => message.clone(),
        };
        let inner =
            Inner { kind: *kind, message, retry_after: *retry_after, stage: Some(stage), source: None };
        Self { inner: Arc::new(inner), told: self.told }
    }

    /// Creates the one error for every token that does not work.
    pub(crate) fn invalid_token() -> Self {
        Self::new(ErrorKind::InvalidToken, "This token does not work, or no longer.")
    }

    /// Creates the error for a store that failed. The caller learns that, and nothing else.
    pub(crate) fn unavailable(source: BoxError) -> Self {
        Self::because(ErrorKind::Unavailable, "The service is unavailable. Try again later.", source)
    }

    /// Creates the error for a store that already had a value just drawn at random. A command
    /// reached the store twice, and the first answer was lost. Drawing again will do.
    pub(crate) fn drawn_before() -> Self {
        Self::unavailable("a new random id was in the store already".into())
    }

    /// Creates the error for a host that failed, or a store behind it. The caller learns that, and
    /// nothing else.
    pub(crate) fn host(source: BoxError) -> Self {
        match source.downcast::<StoreError>() {
            Ok(error) => Self::from(*error),
            Err(source) => {
                Self::because(ErrorKind::Internal, "Something went wrong. Try again later.", source)
            }
        }
    }

    /// Returns whether the failure is ours. Then the caller did nothing wrong, and pays nothing.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unavailable | ErrorKind::Internal)
    }

    /// Notes that a listener hears of it now. Returns whether this is the first time.
    pub(crate) fn tell(&mut self, hearer: Hearer) -> bool {
        self.told.replace(hearer) != Some(hearer)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::invalid_request(invalid)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error.into())
    }
}

impl From<NoRandomness> for Error {
    fn from(error: NoRandomness) -> Self {
        Self::host(error.into())
    }
}
