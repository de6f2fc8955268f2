//! Verification. It turns what a client sent into a value that only verification can create.
//!
//! [`verify`] is synchronous and pure. It knows no clock, no store, no HTTP and no runtime. So you
//! can call it on any test vector, with a challenge of your own:
//!
//! ```
//! use credential_code::attestation::{verify, Attestation, Expected, VerifyError};
//! use credential_code::model::{Challenge, CredentialId, CredentialKind};
//! use credential_code::RelyingParty;
//!
//! let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
//! let challenge = Challenge::new("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw").unwrap();
//! let attestation = Attestation::new(
//!     CredentialKind::Key,
//!     CredentialId::new("laptop").unwrap(),
//!     br#"{"type":"key.get","challenge":"Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw"}"#.to_vec(),
//!     b"{}".to_vec(),
//! );
//! let expected = Expected::new(CredentialKind::Key, &challenge);
//! let refused = verify(&party, &expected, &attestation).unwrap_err();
//! assert!(matches!(refused, VerifyError::Type));
//! ```
//!
//! Every check is a small function with a name that says what it checks. This crate alone verifies
//! a key kind (`key`). For a passkey, a strict shell (`fido2`) first reads the client data and the
//! authenticator data. Then an [`AttestationEngine`] verifies the attestation statement. Both have
//! to agree.

mod error;
#[cfg(feature = "fido2")]
mod fido2;
mod key;

use std::fmt;

pub use self::error::VerifyError;
#[cfg(feature = "fido2")]
pub use self::fido2::{AttestationEngine, NativeEngine, TrustAnchors};
use crate::crypto::{Digest, PublicKey};
pub use crate::encoding::json::JsonError;
use crate::model::{
    Challenge, CredentialId, CredentialKind, Fido2Policy, Fido2Properties, Origin, RelyingParty,
};

/// A client's proof that it holds a new key, not yet verified: `credentialInfo` on the wire, after
/// its base64url is decoded.
///
/// `Debug` shows how long the proof is, and none of its content. It holds the challenge, the
/// signature, and perhaps a private key that was sent by mistake.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attestation {
    /// The kind that the client names.
    pub kind: CredentialKind,
    /// The client's name for the credential.
    pub credential_id: CredentialId,
    /// The JSON whose hash the client signed, byte for byte.
    pub client_data: Vec<u8>,
    /// A passkey's attestation object, or a key's JSON with the public key and the signature.
    pub attestation_data: Vec<u8>,
}

impl Attestation {
    /// Creates a proof from its parts.
    pub fn new(
        kind: CredentialKind,
        credential_id: CredentialId,
        client_data: Vec<u8>,
        attestation_data: Vec<u8>,
    ) -> Self {
        Self { kind, credential_id, client_data, attestation_data }
    }
}

impl fmt::Debug for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attestation")
            .field("kind", &self.kind)
            .field("credential_id", &self.credential_id)
            .field("client_data", &format_args!("{} bytes", self.client_data.len()))
            .field("attestation_data", &format_args!("{} bytes", self.attestation_data.len()))
            .finish()
    }
}

/// The demands against which the proof is checked. They come from what was asked of the client,
/// never from what the client says was asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expected<'a> {
    /// The kind for which the challenge was made.
    pub kind: CredentialKind,
    /// The challenge.
    pub challenge: &'a Challenge,
    /// The demands on a passkey.
    pub fido2: Option<&'a Fido2Policy>,
    /// The engine for a passkey's attestation statement. Default: the [`NativeEngine`] that trusts
    /// nobody.
    #[cfg(feature = "fido2")]
    pub engine: Option<&'a AttestationEngine>,
}

impl<'a> Expected<'a> {
    /// Creates the demands on a credential of that kind over that challenge. For a passkey they
    /// include [`Fido2Policy::default`].
    pub fn new(kind: CredentialKind, challenge: &'a Challenge) -> Self {
        Self {
            kind,
            challenge,
            fido2: None,
            #[cfg(feature = "fido2")]
            engine: None,
        }
    }

    /// Sets the demands on a passkey.
    #[must_use]
    pub fn with_fido2_policy(self, policy: &'a Fido2Policy) -> Self {
        Self { fido2: Some(policy), ..self }
    }

    /// Sets another engine for a passkey's statement.
    #[cfg(feature = "fido2")]
    #[must_use]
    pub fn with_attestation_engine(self, engine: &'a AttestationEngine) -> Self {
        Self { engine: Some(engine), ..self }
    }
}

/// A proof that held. Only [`verify`] creates one.
#[derive(Clone, Debug)]
pub struct VerifiedAttestation {
    kind: CredentialKind,
    credential_id: CredentialId,
    public_key: PublicKey,
    digest: Digest,
    origin: Option<Origin>,
    fido2: Option<Fido2Properties>,
}

impl VerifiedAttestation {
    /// Returns the kind of the credential.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Returns the client's name for the credential.
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential_id
    }

    /// Returns the key that signed.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns the digest that it signed with.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the origin that the client signed, if it signed one.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns the properties that only a passkey has.
    pub fn fido2(&self) -> Option<&Fido2Properties> {
        self.fido2.as_ref()
    }
}

/// Verifies a proof.
pub fn verify(
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    if attestation.kind != expected.kind {
        return Err(VerifyError::Kind);
    }
    match attestation.kind {
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            key::verify(relying_party, expected, attestation)
        }
        #[cfg(feature = "fido2")]
        CredentialKind::Fido2 => fido2::verify(relying_party, expected, attestation),
        #[cfg(not(feature = "fido2"))]
        CredentialKind::Fido2 => Err(VerifyError::Kind),
        CredentialKind::Password | CredentialKind::Totp => Err(VerifyError::Kind),
    }
}
