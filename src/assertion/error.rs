use std::borrow::Cow;

use crate::attestation::JsonError;
use crate::error::{Error, ErrorKind};
use crate::signed::ClientDataError;
#[cfg(feature = "fido2")]
use crate::signed::MalformedAuthenticatorData;

/// The reason why a proof was refused. It is for logs and events. A caller over HTTP learns only
/// the reason that a person can mend ([`is_mendable`](Self::is_mendable)).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// The kind signs nothing, or this build can't verify it, or the proof is of another kind.
    #[error("the credential is of another kind, or of one that signs nothing")]
    Kind,
    /// The proof is by another credential.
    #[error("the proof is by another credential")]
    Credential,
    /// The credential may not be used any more.
    #[error("the credential is deactivated")]
    Inactive,
    /// The client data is not one JSON object of the expected form.
    #[error("the client data is malformed")]
    ClientData(#[source] JsonError),
    /// The client data is for another ceremony.
    #[error("the client data is for another ceremony")]
    Type,
    /// Another challenge was signed.
    #[error("another challenge was signed")]
    Challenge,
    /// The origin is missing although it must be there, or it is not one of the relying party's.
    #[error("the origin is not one of the relying party's")]
    Origin,
    /// The client ran inside a page of another origin.
    #[error("the client ran inside a page of another origin")]
    CrossOrigin,
    /// The authenticator data is malformed.
    #[error("the authenticator data is malformed: {0}")]
    AuthenticatorData(&'static str),
    /// The credential is for another relying party.
    #[error("the credential is for another relying party")]
    RelyingParty,
    /// The authenticator keeps the credential for another user.
    #[error("the authenticator keeps the credential for somebody else")]
    UserHandle,
    /// No person was present.
    #[error("nobody was present at the authenticator")]
    UserNotPresent,
    /// The person was not verified, but had to be.
    #[error("the authenticator did not verify the person")]
    UserNotVerified,
    /// The credential changed its eligibility for backup, or the host did not keep the value from
    /// registration.
    #[error("the credential is not what it was at registration")]
    Changed,
    /// The signature counter did not grow: the authenticator may have been cloned.
    #[error("the signature counter did not grow")]
    Counter,
    /// The signature is not by this credential's key over this challenge.
    #[error("the signature does not hold")]
    Signature,
}

impl AssertionError {
    /// Returns whether the person can mend it with the same challenge, by verifying themselves.
    pub fn is_mendable(&self) -> bool {
        match self {
            Self::UserNotVerified => true,
            Self::Kind
            | Self::Credential
            | Self::Inactive
            | Self::ClientData(_)
            | Self::Type
            | Self::Challenge
            | Self::Origin
            | Self::CrossOrigin
            | Self::AuthenticatorData(_)
            | Self::RelyingParty
            | Self::UserHandle
            | Self::UserNotPresent
            | Self::Changed
            | Self::Counter
            | Self::Signature => false,
        }
    }
}

impl From<ClientDataError> for AssertionError {
    fn from(error: ClientDataError) -> Self {
        match error {
            ClientDataError::Malformed(error) => Self::ClientData(error),
            ClientDataError::Type => Self::Type,
            ClientDataError::Challenge => Self::Challenge,
            ClientDataError::Origin => Self::Origin,
            ClientDataError::CrossOrigin => Self::CrossOrigin,
        }
    }
}

#[cfg(feature = "fido2")]
impl From<MalformedAuthenticatorData> for AssertionError {
    fn from(error: MalformedAuthenticatorData) -> Self {
        Self::AuthenticatorData(error.0)
    }
}

/// Creates the error for the caller.
impl From<AssertionError> for Error {
    fn from(error: AssertionError) -> Self {
        let message = match error.is_mendable() {
            true => format!("The signature was not accepted: {error}. Try again.").into(),
            false => Cow::Borrowed("The signature could not be verified. Sign the action anew."),
        };
        Self::because(ErrorKind::InvalidAssertion, message, error)
    }
}
