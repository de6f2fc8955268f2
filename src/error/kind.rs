use std::fmt;

use http::StatusCode;

/// The kind of an error: the `code` of an error body.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// JSON, schema, base64, an expiration out of range, or a kind that is not allowed.
    InvalidRequest,
    /// Nobody is signed in.
    Unauthenticated,
    /// The caller may not do this, or the origin belongs to no relying party.
    Forbidden,
    /// The caller has to prove anew who they are, for example by a fresh sign-in.
    StepUpRequired,
    /// The request needs a signed user action, and has no valid one.
    UserActionRequired,
    /// A code that does not work: unknown, spent, expired, mistyped.
    InvalidCode,
    /// A challenge that does not work: unknown, spent, expired, or its user gone.
    InvalidChallenge,
    /// A proof that does not hold.
    InvalidAttestation,
    /// A proof by an existing credential that does not hold.
    InvalidAssertion,
    /// The credential id is taken.
    DuplicateCredential,
    /// The user has as many credentials as they may have.
    TooManyCredentials,
    /// The credential is the last that signs, and one has to be kept.
    LastCredential,
    /// The stage of the enrolment does not allow this: see [`Error::stage`](super::Error::stage).
    Conflict,
    /// A check code that differs from the one that the new client shows.
    InvalidCheckCode,
    /// A token that does not work: cut, changed, expired, or another user's.
    InvalidToken,
    /// No endpoint has that path.
    NotFound,
    /// No endpoint has that method.
    MethodNotAllowed,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    Timeout,
    /// A budget (rate limit) is exhausted.
    TooManyAttempts,
    /// A store failed.
    Unavailable,
    /// The host failed.
    Internal,
}

impl ErrorKind {
    /// Returns the kind's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::StepUpRequired => "step_up_required",
            Self::UserActionRequired => "user_action_required",
            Self::InvalidCode => "invalid_code",
            Self::InvalidChallenge => "invalid_challenge",
            Self::InvalidAttestation => "invalid_attestation",
            Self::InvalidAssertion => "invalid_assertion",
            Self::DuplicateCredential => "duplicate_credential",
            Self::TooManyCredentials => "too_many_credentials",
            Self::LastCredential => "last_credential",
            Self::Conflict => "conflict",
            Self::InvalidCheckCode => "invalid_check_code",
            Self::InvalidToken => "invalid_token",
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

    /// Returns the status of an answer of this kind.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::InvalidAttestation | Self::InvalidAssertion => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::StepUpRequired
            | Self::UserActionRequired
            | Self::InvalidCode
            | Self::InvalidChallenge
            | Self::InvalidCheckCode
            | Self::InvalidToken => StatusCode::FORBIDDEN,
            Self::DuplicateCredential | Self::TooManyCredentials | Self::LastCredential | Self::Conflict => {
                StatusCode::CONFLICT
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
