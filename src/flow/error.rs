use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::assertion::AssertionError;
use crate::attestation::VerifyError;
use crate::host::AuthError;
use crate::model::Invalid;
use crate::random::NoRandomness;
use crate::store::{BoxError, StoreError};

/// What kind of thing went wrong: the `code` of an error body.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// JSON, schema, base64, an expiration out of range, a kind that is not allowed.
    InvalidRequest,
    /// Nobody is signed in.
    Unauthenticated,
    /// Somebody is, and may not; or the origin belongs to no relying party.
    Forbidden,
    /// Whatever is wrong with a code: unknown, spent, expired, mistyped.
    InvalidCode,
    /// Whatever is wrong with a challenge: unknown, spent, expired, or its user gone.
    InvalidChallenge,
    /// Whatever is wrong with a proof.
    InvalidAttestation,
    /// Whatever is wrong with a proof by an existing credential.
    InvalidAssertion,
    /// The credential id exists, for any user.
    DuplicateCredential,
    /// No endpoint of that path.
    NotFound,
    /// No endpoint of that method.
    MethodNotAllowed,
    /// More body than allowed.
    PayloadTooLarge,
    /// Not JSON.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    Timeout,
    /// A budget is exhausted.
    TooManyAttempts,
    /// A store failed.
    Unavailable,
    /// The host failed.
    Internal,
}

impl ErrorKind {
    /// The kind's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::InvalidCode => "invalid_code",
            Self::InvalidChallenge => "invalid_challenge",
            Self::InvalidAttestation => "invalid_attestation",
            Self::InvalidAssertion => "invalid_assertion",
            Self::DuplicateCredential => "duplicate_credential",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Timeout => "timeout",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a step of the flow was refused, or failed.
///
/// `Display` is what the caller is told. The true reason is the [`source`](StdError::source), for logs and events alone: it tells a
/// spent code from an unknown one no more than the caller may know, but it does tell a bad signature from a wrong origin.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    source: Option<BoxError>,
}

impl Error {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the caller is told.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// When to come back, if a budget is exhausted.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), retry_after: None, source: None }))
    }

    pub(crate) fn because(
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<BoxError>,
    ) -> Self {
        let source = Some(source.into());
        Self(Arc::new(Inner { kind, message: message.into(), retry_after: None, source }))
    }

    pub(crate) fn invalid_request(source: impl Into<BoxError>) -> Self {
        let source = source.into();
        Self::because(ErrorKind::InvalidRequest, format!("The request is invalid: {source}."), source)
    }

    /// One error for every code that does not work, so that an answer tells nothing about codes.
    pub(crate) fn invalid_code(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::InvalidCode, "This code does not work. Ask for a new one.", reason)
    }

    pub(crate) fn invalid_challenge(reason: impl Into<BoxError>) -> Self {
        Self::because(
            ErrorKind::InvalidChallenge,
            "This registration is no longer open. Ask for a new code.",
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

    /// One error for every user action that does not work, so that an answer tells nothing about actions.
    pub(crate) fn invalid_action(reason: impl Into<BoxError>) -> Self {
        Self::because(ErrorKind::Forbidden, INVALID_ACTION, reason)
    }

    pub(crate) fn too_many_attempts(retry_after: Duration) -> Self {
        Self(Arc::new(Inner {
            kind: ErrorKind::TooManyAttempts,
            message: "Too many attempts. Try again later.".into(),
            retry_after: Some(retry_after),
            source: None,
        }))
    }

    /// Whether something failed here, so that the caller did nothing wrong, and pays nothing.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unavailable | ErrorKind::Internal)
    }

    /// A store failed. Whoever asked learns that, and nothing else.
    pub(crate) fn unavailable(source: BoxError) -> Self {
        Self::because(ErrorKind::Unavailable, "The service is unavailable. Try again later.", source)
    }

    /// A store had what was only just drawn at random: a command reached it twice, and the first answer was lost. Another draw will do.
    pub(crate) fn drawn_before() -> Self {
        Self::unavailable("a new random id was in the store already".into())
    }

    /// A host failed, or a store behind it. Whoever asked learns that, and nothing else.
    pub(crate) fn host(source: BoxError) -> Self {
        match source.downcast::<StoreError>() {
            Ok(error) => Self::from(*error),
            Err(source) => {
                Self::because(ErrorKind::Internal, "Something went wrong. Try again later.", source)
            }
        }
    }
}

/// What the published service says, to the letter.
const INVALID_ACTION: &str = "user action signature is missing or invalid";

/// Why a code, a challenge or a user action does not work. The caller is never told which.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("unknown, spent or expired")]
    NotFound,
    #[error("missing, or there twice")]
    Missing,
    #[error("not of the expected form")]
    Malformed,
    #[error("its request has a query that was not signed")]
    Query,
    #[error("its user is gone or deactivated")]
    UserGone,
    #[error("another credential was offered for it, and may be stored")]
    OtherCredential,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
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

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthenticated => Self::new(ErrorKind::Unauthenticated, "Sign in first."),
            AuthError::Forbidden(message) => Self::new(ErrorKind::Forbidden, message),
            AuthError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            AuthError::Unavailable(source) => Self::unavailable(source),
            AuthError::Other(source) => Self::host(source),
        }
    }
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        let message = match error.is_mendable() {
            true => {
                format!("The credential was not accepted: {error}. Try again, or use another authenticator.")
                    .into()
            }
            false => Cow::Borrowed("The credential could not be verified. Ask for a new code."),
        };
        Self::because(ErrorKind::InvalidAttestation, message, error)
    }
}

impl From<AssertionError> for Error {
    fn from(error: AssertionError) -> Self {
        let message = match error.is_mendable() {
            true => format!("The signature was not accepted: {error}. Try again.").into(),
            false => Cow::Borrowed("The signature could not be verified. Sign the action anew."),
        };
        Self::because(ErrorKind::InvalidAssertion, message, error)
    }
}
