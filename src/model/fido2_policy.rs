use serde::{Deserialize, Serialize};

#[cfg(feature = "fido2")]
use crate::crypto::{Digest, KeyAlgorithm};

/// How much something is wanted of an authenticator.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// Without it there is no registration.
    Required,
    /// Wanted, and done without.
    Preferred,
    /// Not wanted.
    Discouraged,
}

/// Where the authenticator should be.
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

/// How much the authenticator should prove of itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AttestationConveyance {
    /// Nothing.
    None,
    /// Something, possibly anonymised.
    Indirect,
    /// Its own attestation. Windows Hello answers with a TPM statement, which of the engines only
    /// the native one verifies.
    Direct,
    /// One that names the device.
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
    /// ECDSA over P-521 with SHA-512. webauthn-rs-core 0.6.2 never holds a self attestation of it
    /// for valid.
    Es512,
    /// RSA PKCS#1 v1.5 with SHA-256. webauthn-rs-core 0.6.2 takes keys of 2048 bits alone.
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

    /// None if it is another's number, or nobody's.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| i64::from(algorithm.number()) == number)
    }

    /// What kind of key it is for.
    pub(crate) fn key_algorithm(self) -> KeyAlgorithm {
        match self {
            Self::Es256 => KeyAlgorithm::P256,
            Self::Es384 => KeyAlgorithm::P384,
            Self::Es512 => KeyAlgorithm::P521,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyAlgorithm::Rsa,
            Self::EdDsa => KeyAlgorithm::Ed25519,
        }
    }

    /// What is hashed with before it signs.
    pub(crate) fn digest(self) -> Digest {
        match self {
            // Ed25519 hashes by itself and ignores it.
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
    /// It may.
    #[default]
    Allowed,
    /// It has to stay on the device that made it.
    Refused,
}

/// What is asked of a new passkey, and then enforced from the pending registration.
///
/// The algorithms, user verification and the refusal of backup are enforced. The others are hints to
/// the client, which no server can check. An authenticator does not sign whether its key is resident
/// or where it is attached. A client may always answer with the attestation format `none`.
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
    /// The algorithms on offer, the best first. Default: ES256 and RS256, which every authenticator
    /// knows one of.
    pub algorithms: Vec<CoseAlgorithm>,
    /// Whether the person has to be verified. Default: required, since a code is a weak
    /// introduction.
    pub user_verification: Requirement,
    /// Whether the key has to be found without a user name. Default: required.
    pub resident_key: Requirement,
    /// Where the authenticator should be. Default: anywhere.
    pub attachment: Option<AuthenticatorAttachment>,
    /// Which authenticators a client should offer first, the best first. Default: it chooses.
    pub hints: Vec<AuthenticatorHint>,
    /// How much the authenticator should prove of itself. Default: nothing, so that every
    /// authenticator can register.
    pub attestation: AttestationConveyance,
    /// Whether a passkey may be synchronised between devices. Default: it may, as most are.
    ///
    /// What an authenticator says of that is signed. It is as true as its maker, so pair the refusal
    /// with [roots](crate::attestation::TrustAnchors) that vouch for it.
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
