use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spki::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use spki::der::{Decode, Encode};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::crypto::Digest;
#[cfg(feature = "aws-lc-rs")]
use crate::crypto::aws_lc;
use crate::crypto::rustcrypto::VerifyingKey;
use crate::encoding::base64url;
use crate::encoding::pem::{self, Label, PemError};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

// A subject public key info, up to the key itself. All keys of one of these kinds have the same
// length, so the bytes before the key never change.
const P256_SPKI: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const P384_SPKI: &[u8] = b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";
const P521_SPKI: &[u8] = b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00";
const SECP256K1_SPKI: &[u8] = b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
    \x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00";
const ED25519_SPKI: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// The kind of a key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// EdDSA over Curve25519.
    Ed25519,
    /// ECDSA over NIST P-256.
    P256,
    /// ECDSA over NIST P-384.
    P384,
    /// ECDSA over NIST P-521.
    P521,
    /// RSA PKCS#1 v1.5, of 2048 to 4096 bits.
    Rsa,
    /// ECDSA over secp256k1.
    Secp256k1,
}

/// A public key in the separate numbers of COSE, each big-endian.
#[cfg(feature = "webauthn-rs")]
#[derive(Debug)]
pub(crate) enum KeyParts {
    /// The 32 bytes of a compressed point.
    Ed25519([u8; 32]),
    /// Coordinates, as wide as the field.
    Point { x: Vec<u8>, y: Vec<u8> },
    /// Without zeros in front.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// The signature is not by this key over this message, or is not in its one encoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct InvalidSignature;

/// The reason why a public key was refused. The text repeats nothing of the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Not exactly one PEM block of a public key.
    #[error("not one PUBLIC KEY or RSA PUBLIC KEY block")]
    Pem,
    /// A private key was sent.
    #[error("a private key was sent")]
    PrivateKey,
    /// Not the strict DER of a public key.
    #[error("not the DER of a public key")]
    Encoding,
    /// A kind of key, or a curve, that is not supported.
    #[error("a kind of key that is not supported")]
    UnsupportedAlgorithm,
    /// Not a point of the curve, or a point for which anybody can sign.
    #[error("not a usable point of its curve")]
    Point,
    /// RSA of fewer than 2048 or more than 4096 bits, or with an odd exponent.
    #[error("an RSA key of 2048 to 4096 bits with a usual exponent is needed")]
    Rsa,
}

/// A public key that checks signatures. See the [module](crate::crypto) for its promises.
///
/// ```
/// use credential_code::crypto::{KeyAlgorithm, PublicKey};
///
/// let key = PublicKey::from_pem(
///     "-----BEGIN PUBLIC KEY-----\n\
///      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP2xPXQbwKFD64HSrCO95OpynC6nj\n\
///      1O0+9QYNCykOy1exQyjmwSBWeFfNMM4SgqatXUe/5RDWpZv84knctarQ8w==\n\
///      -----END PUBLIC KEY-----",
/// )
/// .unwrap();
/// assert_eq!(key.algorithm(), KeyAlgorithm::P256);
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(Arc<Valid>);

/// An accepted key, and its canonical form.
struct Valid {
    spki: Vec<u8>,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1) block, and nothing around it. Lines
    /// may have any length, end with LF or CRLF, and lack the final line end.
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        match pem::read(text) {
            Ok((Label::PublicKey, der)) => Self::from_spki_der(&der),
            Ok((Label::RsaPublicKey, der)) => Self::new(VerifyingKey::rsa_from_pkcs1(&der)?),
            Err(PemError::PrivateKey) => Err(PublicKeyError::PrivateKey),
            Err(PemError::Malformed) => Err(PublicKeyError::Pem),
        }
    }

    /// Reads a subject public key info in strict DER. Points may be compressed.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        Self::from_spki(&SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyError::Encoding)?)
    }

    /// Reads the same from a parsed structure, such as a part of a certificate.
    pub(crate) fn from_spki(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, PublicKeyError> {
        let bytes = spki.subject_public_key.as_bytes().ok_or(PublicKeyError::Encoding)?;
        let parameters = spki.algorithm.parameters;
        Self::new(match spki.algorithm.oid {
            EC_PUBLIC_KEY => {
                let curve = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
                VerifyingKey::ec_from_sec1(curve_of(curve.ok_or(PublicKeyError::Encoding)?)?, bytes)?
            }
            ED25519 if parameters.is_none() => VerifyingKey::ed25519(bytes)?,
            RSA if parameters == Some(AnyRef::NULL) => VerifyingKey::rsa_from_pkcs1(bytes)?,
            ED25519 | RSA => return Err(PublicKeyError::Encoding),
            _ => return Err(PublicKeyError::UnsupportedAlgorithm),
        })
    }

    /// Reads a point from its coordinates, as COSE has it.
    #[cfg(feature = "fido2")]
    pub(crate) fn from_ec_point(curve: KeyAlgorithm, x: &[u8], y: &[u8]) -> Result<Self, PublicKeyError> {
        let width = match curve {
            KeyAlgorithm::P256 | KeyAlgorithm::Secp256k1 => 32,
            KeyAlgorithm::P384 => 48,
            KeyAlgorithm::P521 => 66,
            KeyAlgorithm::Ed25519 | KeyAlgorithm::Rsa => return Err(PublicKeyError::UnsupportedAlgorithm),
        };
        if x.len() != width || y.len() != width {
            return Err(PublicKeyError::Point);
        }
        Self::new(VerifyingKey::ec_from_sec1(curve, &[&[4], x, y].concat())?)
    }

    /// Reads an Ed25519 key from its 32 bytes.
    #[cfg(feature = "fido2")]
    pub(crate) fn from_ed25519(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        Self::new(VerifyingKey::ed25519(bytes)?)
    }

    /// Reads an RSA key from its big-endian modulus and exponent, as COSE has it.
    #[cfg(feature = "fido2")]
    pub(crate) fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        Self::new(VerifyingKey::rsa_from_parts(modulus, exponent)?)
    }

    pub(super) fn new(key: VerifyingKey) -> Result<Self, PublicKeyError> {
        let bytes = key.to_bytes()?;
        let spki = match key.algorithm() {
            KeyAlgorithm::P256 => [P256_SPKI, &bytes].concat(),
            KeyAlgorithm::P384 => [P384_SPKI, &bytes].concat(),
            KeyAlgorithm::P521 => [P521_SPKI, &bytes].concat(),
            KeyAlgorithm::Secp256k1 => [SECP256K1_SPKI, &bytes].concat(),
            KeyAlgorithm::Ed25519 => [ED25519_SPKI, &bytes].concat(),
            KeyAlgorithm::Rsa => rsa_spki(&bytes)?,
        };
        Ok(Self(Arc::new(Valid { spki, key })))
    }

    /// Returns the key in the separate numbers of COSE.
    #[cfg(feature = "webauthn-rs")]
    pub(crate) fn to_parts(&self) -> Result<KeyParts, PublicKeyError> {
        self.0.key.to_parts()
    }

    pub(super) fn verifying_key(&self) -> &VerifyingKey {
        &self.0.key
    }

    /// Returns the kind of the key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.0.key.algorithm()
    }

    /// Returns the canonical subject public key info, in DER. Points are not compressed.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// Returns the same in PEM: 64 columns, line feeds, a final one too.
    pub fn to_pem(&self) -> String {
        pem::write(&self.0.spki)
    }

    /// Checks a signature: strict DER for ECDSA, 64 bytes for Ed25519, PKCS#1 v1.5 for RSA.
    pub fn verify(&self, digest: Digest, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        #[cfg(feature = "aws-lc-rs")]
        return aws_lc::verify(self, digest, message, signature);
        #[cfg(not(feature = "aws-lc-rs"))]
        self.verifying_key().verify(digest, message, signature)
    }

    /// Checks a signature by RSA PKCS#1 v1.5 with SHA-1. Only statements of old TPMs may have one.
    #[cfg(feature = "fido2")]
    pub(crate) fn verify_rs1(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.verifying_key().verify_rs1(message, signature)
    }
}

fn rsa_spki(pkcs1: &[u8]) -> Result<Vec<u8>, PublicKeyError> {
    let spki = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) },
        subject_public_key: BitStringRef::from_bytes(pkcs1).map_err(|_| PublicKeyError::Encoding)?,
    };
    spki.to_der().map_err(|_| PublicKeyError::Encoding)
}

fn curve_of(oid: ObjectIdentifier) -> Result<KeyAlgorithm, PublicKeyError> {
    match oid {
        P256 => Ok(KeyAlgorithm::P256),
        P384 => Ok(KeyAlgorithm::P384),
        P521 => Ok(KeyAlgorithm::P521),
        SECP256K1 => Ok(KeyAlgorithm::Secp256k1),
        _ => Err(PublicKeyError::UnsupportedAlgorithm),
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.algorithm())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.spki.hash(state);
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(spki: String) -> Result<Self, PublicKeyError> {
        Self::from_spki_der(&base64url::decode(&spki).map_err(|_| PublicKeyError::Encoding)?)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        base64url::encode(&key.0.spki)
    }
}
