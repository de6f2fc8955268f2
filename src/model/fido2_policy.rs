use serde::{Deserialize, Serialize};

#[cfg(feature = "fido2")]
use crate::crypto::{Digest, KeyAlgorithm};

/// How strongly a property of an authenticator is wanted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// Registration fails without it.
    Required,
    /// It is wanted, but not needed.
    Preferred,
    /// It is not wanted.
    Discouraged,
}

/// The place of the authenticator.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuthenticatorAttachment {
    /// In the device.
    Platform,
    /// Anywhere else: a security key, a phone.
    CrossPlatform,
}

/// Which kind of authenticator a client should offer first, by the names of WebAuthn Level 3.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuthenticatorHint {
    /// A security key.
    SecurityKey,
    /// The device that the person sits at.
    ClientDevice,
    /// A phone, over QR code and Bluetooth.
    Hybrid,
}

/// How much the authenticator should prove about itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AttestationConveyance {
    /// Nothing.
    None,
    /// Something, possibly anonymised.
    Indirect,
    /// Its own attestation. Windows Hello answers with a TPM statement. Only the native engine
    /// verifies those.
    Direct,
    /// An attestation that names the individual device.
    Enterprise,
}

/// A signature algorithm, under its name and number in the [COSE registry].
///
/// [COSE registry]: https://www.iana.org/assignments/cose/cose.xhtml#algorithms
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum CoseAlgorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// ECDSA over P-521 with SHA-512. webauthn-rs-core 0.6.2 rejects every self attestation by it.
    Es512,
    /// RSA PKCS#1 v1.5 with SHA-256. webauthn-rs-core 0.6.2 accepts only keys of 2048 bits.
    Rs256,
    /// RSA PKCS#1 v1.5 with SHA-384. Only the native engine verifies it.
    Rs384,
    /// RSA PKCS#1 v1.5 with SHA-512. Only the native engine verifies it.
    Rs512,
    /// EdDSA over Curve25519. Only the native engine verifies it.
    EdDsa,
}

impl CoseAlgorithm {
    /// Returns the registered number.
    pub fn number(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Rs256 => -257,
            Self::Rs384 => -258,
            Self::Rs512 => -259,
            Self::EdDsa => -8,
        }
    }
}

#[cfg(feature = "fido2")]
impl CoseAlgorithm {
    const ALL: [Self; 7] =
        [Self::Es256, Self::Es384, Self::Es512, Self::Rs256, Self::Rs384, Self::Rs512, Self::EdDsa];

    /// Looks up the algorithm of a number. Returns none for an unknown number.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| i64::from(algorithm.number()) == number)
    }

    /// Returns the kind of key that it needs.
    pub(crate) fn key_algorithm(self) -> KeyAlgorithm {
        match self {
            Self::Es256 => KeyAlgorithm::P256,
            Self::Es384 => KeyAlgorithm::P384,
            Self::Es512 => KeyAlgorithm::P521,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyAlgorithm::Rsa,
            Self::EdDsa => KeyAlgorithm::Ed25519,
        }
    }

    /// Returns the digest that is computed before it signs.
    pub(crate) fn digest(self) -> Digest {
        match self {
            // Ed25519 hashes by itself and ignores this digest.
            Self::Es256 | Self::Rs256 | Self::EdDsa => Digest::Sha256,
            Self::Es384 | Self::Rs384 => Digest::Sha384,
            Self::Es512 | Self::Rs512 => Digest::Sha512,
        }
    }
}

/// Whether a passkey may be one that is synchronised between devices (WebAuthn: backup eligible).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Backup {
    /// It may be synchronised.
    #[default]
    Allowed,
    /// It has to stay on the device that made it.
    Refused,
}

/// The demands on a new passkey. Register enforces them from the pending registration.
///
/// The algorithms, user verification and the refusal of backup are enforced. The others are hints
/// to the client, which no server can check. An authenticator does not sign whether its key is
/// resident or where it is attached. A client may always answer with the attestation format `none`.
///
/// ```
/// use credential_code::model::{Fido2Policy, Requirement};
///
/// let mut policy = Fido2Policy::default();
/// policy.user_verification = Requirement::Preferred;
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fido2Policy {
    /// The algorithms on offer, the best first. Default: ES256 and RS256. Every authenticator knows
    /// one of them.
    pub algorithms: Vec<CoseAlgorithm>,
    /// Whether the person has to be verified (PIN, fingerprint, face). Default: required, since a
    /// code is only weak proof of who the person is.
    pub user_verification: Requirement,
    /// Whether the key has to be found without a user name (a discoverable credential). Default:
    /// required.
    pub resident_key: Requirement,
    /// The place of the authenticator. Default: anywhere.
    pub attachment: Option<AuthenticatorAttachment>,
    /// The authenticators that a client should offer first, the best first. Default: the client
    /// chooses.
    pub hints: Vec<AuthenticatorHint>,
    /// How much the authenticator should prove about itself. Default: nothing, so every
    /// authenticator can register.
    pub attestation: AttestationConveyance,
    /// Whether a passkey may be synchronised between devices. Default: allowed, since most are.
    ///
    /// The authenticator signs whether the passkey may be synchronised. That is as true as its
    /// maker is honest. So combine the refusal with [roots](crate::attestation::TrustAnchors) that
    /// vouch for the maker.
    #[serde(default)]
    pub backup: Backup,
}

impl Default for Fido2Policy {
    fn default() -> Self {
        Self {
            algorithms: vec![CoseAlgorithm::Es256, CoseAlgorithm::Rs256],
            user_verification: Requirement::Required,
            resident_key: Requirement::Required,
            attachment: None,
            hints: Vec::new(),
            attestation: AttestationConveyance::None,
            backup: Backup::Allowed,
        }
    }
}
