use crate::crypto::PublicKeyError;
use crate::encoding::json::JsonError;
use crate::model::Invalid;

/// The reason why a passkey can't be converted, and what to do. The text repeats nothing of the
/// row.
///
/// A row that can't be converted may still be excluded: ask
/// [`descriptor`](crate::bridge::descriptor), which needs only its id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The row is not JSON.
    #[error("the row is not JSON: give the text that serde_json wrote of a Passkey")]
    Json(#[source] JsonError),
    /// The row is JSON of another form.
    #[error("the row is JSON, but no Passkey, SecurityKey or Credential of webauthn-rs")]
    Form,
    /// A member of the row is missing, or differs from the form that webauthn-rs writes.
    #[error("the row's member `{0}` is missing or malformed: list the row by its descriptor")]
    Member(&'static str),
    /// The id is empty, or too long.
    #[error("the row's credential id is refused: leave the row out, no authenticator has such an id")]
    Id(#[source] Invalid),
    /// The row has an algorithm that is not supported here.
    #[error("the row signs by {0}, which is not supported: list the row by its descriptor")]
    Algorithm(&'static str),
    /// The row's key is weak, malformed, or of another type than its algorithm needs.
    #[error("the row's public key is refused: list the row by its descriptor")]
    Key(#[source] PublicKeyError),
    /// The credential is not a passkey.
    #[error("only a credential of kind Fido2, with its properties and its public key, is a passkey")]
    Kind,
    /// The credential is deactivated, and a row has no member for that.
    #[error("a deactivated credential would sign in again: leave it out of the rows")]
    Deactivated,
    /// webauthn-rs has no name for the credential's key.
    #[error("webauthn-rs can't keep {0}: leave the credential out of the rows")]
    Unknown(&'static str),
}
