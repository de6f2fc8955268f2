use crate::store::BoxError;

/// Why a password or a one-time password was refused, or could not be looked at. None of them spends the challenge for good: another may
/// be sent, as often as a record is put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The one-time password is neither of this half minute nor of the ones beside it.
    #[error("the one-time password is not the current one")]
    OneTimePassword,
    /// The password is on the host's list.
    #[error("the password is one of those that are guessed first")]
    DeniedPassword,
    /// As many passwords as may wait are waiting to be hashed.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash(#[source] BoxError),
}
