use crate::crypto::PublicKeyError;
use crate::encoding::json::JsonError;
use crate::model::Invalid;

/// Why a passkey did not cross the bridge, and what to do. The text repeats nothing of the row.
///
/// A row that can't be converted may still exclude: ask [`descriptor`](crate::bridge::descriptor),
/// which needs its id alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The row is no JSON.
    #[error("the row is not JSON: give the text that serde_json wrote of a Passkey")]
    Json(#[source] JsonError),
    /// The row is JSON of something else.
    #[error("the row is JSON, but no Passkey, SecurityKey or Credential of webauthn-rs")]
    Form,
    /// A member of the row is missing, or not as webauthn-rs writes it.
    #[error("the row's member `{0}` is missing or malformed: list the row by its descriptor")]
    Member(&'static str),
    /// The id is empty, or too long.
    #[error("the row's credential id is refused: leave the row out, no authenticator has such an id")]
    Id(#[source] Invalid),
    /// The row is of an algorithm that is not supported here.
    #[error("the row signs by {0}, which is not supported: list the row by its descriptor")]
    Algorithm(&'static str),
    /// The row's key is weak, malformed, or not of its algorithm's type.
    #[error("the row's public key is refused: list the row by its descriptor")]
    Key(#[source] PublicKeyError),
    /// The credential is no passkey.
    #[error("only a credential of kind Fido2, with its properties and its public key, is a passkey")]
    Kind,
    /// The credential is deactivated, and a row has no member that would say so.
    #[error("a deactivated credential would sign in again: leave it out of the rows")]
    Deactivated,
    /// webauthn-rs has no name for the credential's key.
    #[error("webauthn-rs can't keep {0}: leave the credential out of the rows")]
    Unknown(&'static str),
}
