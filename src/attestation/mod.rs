//! Verification: from what a client sent to a value that only verification can make.
//!
//! [`verify`] is synchronous and pure. It knows no clock, no store, no HTTP and no runtime, so that
//! anybody's test vectors can call it, with a challenge of their own:
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
//! let refused = verify(&party, &Expected::new(CredentialKind::Key, &challenge), &attestation).unwrap_err();
//! assert!(matches!(refused, VerifyError::Type));
//! ```
//!
//! Every check is a small function that is named for it. A key kind is verified by us alone
//! (`key`); a passkey first by a strict shell of ours (`fido2`), which reads the client data and
//! the authenticator data, and then by an [`AttestationEngine`], for the attestation statement.
//! Both have to agree.

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

/// A client's proof that it holds a new key, not yet verified: `credentialInfo` on the wire, its
/// base64url undone.
///
/// `Debug` shows how long the proof is and nothing of it, since it holds the challenge, the
/// signature, and perhaps a private key that was sent by mistake.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attestation {
    /// What the client says it made.
    pub kind: CredentialKind,
    /// The client's name for it.
    pub credential_id: CredentialId,
    /// The JSON that the client signed the hash of, byte for byte.
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

/// What the proof is checked against: what was asked of the client, never what the client says was
/// asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expected<'a> {
    /// The kind that the challenge was made for.
    pub kind: CredentialKind,
    /// The challenge.
    pub challenge: &'a Challenge,
    /// What was asked of a passkey.
    pub fido2: Option<&'a Fido2Policy>,
    /// Who verifies a passkey's attestation statement. Without one, the [`NativeEngine`] that
    /// trusts nobody.
    #[cfg(feature = "fido2")]
    pub engine: Option<&'a AttestationEngine>,
}

impl<'a> Expected<'a> {
    /// Creates a credential of that kind over that challenge; of a passkey, what
    /// [`Fido2Policy::default`] asks.
    pub fn new(kind: CredentialKind, challenge: &'a Challenge) -> Self {
        Self {
            kind,
            challenge,
            fido2: None,
            #[cfg(feature = "fido2")]
            engine: None,
        }
    }

    /// Sets what was asked of a passkey.
    #[must_use]
    pub fn with_fido2_policy(self, policy: &'a Fido2Policy) -> Self {
        Self { fido2: Some(policy), ..self }
    }

    /// Sets another engine for a passkey's statement than the default one.
    #[cfg(feature = "fido2")]
    #[must_use]
    pub fn with_attestation_engine(self, engine: &'a AttestationEngine) -> Self {
        Self { engine: Some(engine), ..self }
    }
}

/// A proof that held. There is no way to make one but [`verify`].
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
    /// Returns what was registered.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Returns the client's name for it.
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

    /// Returns what only a passkey has.
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
