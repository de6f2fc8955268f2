use std::borrow::Cow;

use crate::attestation::JsonError;
use crate::crypto::PublicKeyError;
use crate::error::{BoxError, Error, ErrorKind};
use crate::signed::ClientDataError;
#[cfg(feature = "fido2")]
use crate::signed::MalformedAuthenticatorData;

/// The reason why a proof was refused. It is for logs and events. A caller over HTTP learns only
/// the reasons that a person can mend ([`is_mendable`](Self::is_mendable)).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof has another kind than its challenge, or a kind that this build can't verify.
    #[error("the proof is of another kind than the challenge")]
    Kind,
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
    /// The attestation data is malformed.
    #[error("the attestation data is malformed: {0}")]
    AttestationData(&'static str),
    /// The attestation data of a key is not one JSON object of the expected form.
    #[error("the attestation data is malformed")]
    KeyData(#[source] JsonError),
    /// The public key is malformed, weak, or of an unsupported kind.
    #[error("the public key is refused")]
    PublicKey(#[source] PublicKeyError),
    /// The signature is not by this key over this registration.
    #[error("the signature does not hold")]
    Signature,
    /// The authenticator data is malformed.
    #[error("the authenticator data is malformed: {0}")]
    AuthenticatorData(&'static str),
    /// The authenticator made the credential for another relying party.
    #[error("the credential is for another relying party")]
    RelyingParty,
    /// No person was present.
    #[error("nobody was present at the authenticator")]
    UserNotPresent,
    /// The person was not verified, but had to be.
    #[error("the authenticator did not verify the person")]
    UserNotVerified,
    /// The passkey may be synchronised between devices, but had to stay on one.
    #[error("the passkey may leave its device")]
    BackupEligible,
    /// The authenticator used an algorithm that was not offered.
    #[error("the authenticator used an algorithm that was not offered")]
    AlgorithmNotOffered,
    /// The credential's id differs from the one that the authenticator attested, or has a forbidden
    /// length.
    #[error("the credential id is not the attested one")]
    CredentialId,
    /// The attestation statement does not hold, or the engine can't verify its format or algorithm.
    #[error("the attestation statement is refused")]
    Statement(#[source] BoxError),
    /// The attestation statement holds, but no configured root vouches for it. The flow demands
    /// one.
    #[error("the authenticator is not one of those that are trusted here")]
    Untrusted,
}

impl VerifyError {
    /// Returns whether the person can mend it with the same challenge, by verifying themselves or
    /// by choosing another authenticator.
    pub fn is_mendable(&self) -> bool {
        match self {
            Self::UserNotVerified | Self::AlgorithmNotOffered | Self::BackupEligible | Self::Untrusted => {
                true
            }
            Self::Kind
            | Self::ClientData(_)
            | Self::Type
            | Self::Challenge
            | Self::Origin
            | Self::CrossOrigin
            | Self::AttestationData(_)
            | Self::KeyData(_)
            | Self::PublicKey(_)
            | Self::Signature
            | Self::AuthenticatorData(_)
            | Self::RelyingParty
            | Self::UserNotPresent
            | Self::CredentialId
            | Self::Statement(_) => false,
        }
    }
}

impl From<ClientDataError> for VerifyError {
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
impl From<MalformedAuthenticatorData> for VerifyError {
    fn from(error: MalformedAuthenticatorData) -> Self {
        Self::AuthenticatorData(error.0)
    }
}

/// Creates the error for the caller.
impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        let message = match error.is_mendable() {
            true => {
                format!("The credential was not accepted: {error}. Try again, or use another authenticator.")
                    .into()
            }
            false => Cow::Borrowed("The credential could not be verified. Begin again."),
        };
        Self::because(ErrorKind::InvalidAttestation, message, error)
    }
}
