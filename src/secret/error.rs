use crate::error::{BoxError, Error, ErrorKind};

/// The reason why a password or a one-time password was refused, or could not be checked. None of
/// these spends the challenge for good. The client may send another one, as often as a record is
/// put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The one-time password belongs neither to this half minute nor to the ones beside it.
    #[error("the one-time password is not the current one")]
    OneTimePassword,
    /// The password is on the host's list.
    #[error("the password is one of those that are guessed first")]
    DeniedPassword,
    /// The queue of passwords that wait to be hashed is full.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash(#[source] BoxError),
    /// The flow has no policy for passwords.
    #[error("no policy for passwords was set")]
    NoPolicy,
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        let message = match error {
            SecretError::OneTimePassword => {
                "The one-time password is not the current one. Enter the next one, and see that the device's clock is right."
            }
            SecretError::DeniedPassword => {
                "This password is one of those that are guessed first. Choose another."
            }
            SecretError::Busy => return Self::unavailable(error.into()),
            SecretError::Hash(_) | SecretError::NoPolicy => return Self::host(error.into()),
        };
        Self::because(ErrorKind::InvalidAttestation, message, error)
    }
}
