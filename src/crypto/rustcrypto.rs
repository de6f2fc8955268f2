//! The only folder that names the RustCrypto and dalek crates. They always decide which keys are
//! valid. They check signatures unless another backend does.

mod rsa;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
#[cfg(feature = "fido2")]
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use self::rsa::RsaKey;
#[cfg(feature = "webauthn-rs")]
use crate::crypto::KeyParts;
use crate::crypto::{Digest, InvalidSignature, KeyAlgorithm, PublicKeyError};

/// A valid key, ready to check signatures.
#[derive(Debug)]
pub(super) enum VerifyingKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa(RsaKey),
    Secp256k1(k256::ecdsa::VerifyingKey),
}

impl VerifyingKey {
    /// Reads a point of a curve, compressed or not. The hybrid form and the identity are refused.
    pub(super) fn ec_from_sec1(curve: KeyAlgorithm, point: &[u8]) -> Result<Self, PublicKeyError> {
        if !matches!(point.first(), Some(2..=4)) {
            return Err(PublicKeyError::Point);
        }
        match curve {
            KeyAlgorithm::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256),
            KeyAlgorithm::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384),
            KeyAlgorithm::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521),
            KeyAlgorithm::Secp256k1 => k256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::Secp256k1),
            KeyAlgorithm::Ed25519 | KeyAlgorithm::Rsa => return Err(PublicKeyError::UnsupportedAlgorithm),
        }
        .map_err(|_| PublicKeyError::Point)
    }

    /// Reads 32 bytes in their one encoding. Rejects a point of small order, for which anybody can
    /// sign.
    pub(super) fn ed25519(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes = bytes.try_into().map_err(|_| PublicKeyError::Encoding)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Point)?;
        let is_canonical = key.to_edwards().compress().as_bytes() == bytes;
        (is_canonical && !key.is_weak()).then_some(Self::Ed25519(key)).ok_or(PublicKeyError::Point)
    }

    /// Reads the DER of a PKCS#1 key.
    pub(super) fn rsa_from_pkcs1(der: &[u8]) -> Result<Self, PublicKeyError> {
        RsaKey::from_pkcs1(der).map(Self::Rsa)
    }

    /// Reads a big-endian modulus and exponent.
    #[cfg(feature = "fido2")]
    pub(super) fn rsa_from_parts(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        RsaKey::from_parts(modulus, exponent).map(Self::Rsa)
    }

    pub(super) fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::P256(_) => KeyAlgorithm::P256,
            Self::P384(_) => KeyAlgorithm::P384,
            Self::P521(_) => KeyAlgorithm::P521,
            Self::Rsa(_) => KeyAlgorithm::Rsa,
            Self::Secp256k1(_) => KeyAlgorithm::Secp256k1,
        }
    }

    /// Returns the content of the bit string of a subject public key info.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, PublicKeyError> {
        Ok(match self {
            Self::Ed25519(key) => key.as_bytes().to_vec(),
            Self::P256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::P521(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::Secp256k1(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::Rsa(key) => key.to_pkcs1()?,
        })
    }

    /// Returns the separate numbers of COSE.
    #[cfg(feature = "webauthn-rs")]
    pub(super) fn to_parts(&self) -> Result<KeyParts, PublicKeyError> {
        Ok(match self {
            Self::Ed25519(key) => KeyParts::Ed25519(key.to_bytes()),
            Self::Rsa(key) => {
                let (modulus, exponent) = key.to_parts();
                KeyParts::Rsa { modulus, exponent }
            }
            Self::P256(_) | Self::P384(_) | Self::P521(_) | Self::Secp256k1(_) => {
                let point = self.to_bytes()?;
                let (x, y) = point[1..].split_at(point.len() / 2);
                KeyParts::Point { x: x.to_vec(), y: y.to_vec() }
            }
        })
    }

    pub(super) fn verify(
        &self,
        digest: Digest,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match digest {
            Digest::Sha256 => self.verify_prehash(digest, &Sha256::digest(message), message, signature),
            Digest::Sha384 => self.verify_prehash(digest, &Sha384::digest(message), message, signature),
            Digest::Sha512 => self.verify_prehash(digest, &Sha512::digest(message), message, signature),
        }
        .map_err(|_| InvalidSignature)
    }

    /// Checks RSA with SHA-1, and no other key.
    #[cfg(feature = "fido2")]
    pub(super) fn verify_rs1(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        match self {
            Self::Rsa(key) => key.verify_sha1(&Sha1::digest(message), signature),
            Self::Ed25519(_) | Self::P256(_) | Self::P384(_) | Self::P521(_) | Self::Secp256k1(_) => {
                Err(InvalidSignature)
            }
        }
    }

    fn verify_prehash(
        &self,
        digest: Digest,
        prehash: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), p256::ecdsa::Error> {
        match self {
            Self::Ed25519(key) => key.verify_strict(message, &signature.try_into()?),
            Self::P256(key) => key.verify_prehash(prehash, &p256::ecdsa::Signature::from_der(signature)?),
            Self::P384(key) => key.verify_prehash(prehash, &p384::ecdsa::Signature::from_der(signature)?),
            Self::P521(key) => key.verify_prehash(prehash, &p521::ecdsa::Signature::from_der(signature)?),
            // The crate accepts only a low `s`. Half of all published clients' signatures have a
            // high one.
            Self::Secp256k1(key) => {
                key.verify_prehash(prehash, &k256::ecdsa::Signature::from_der(signature)?.normalize_s())
            }
            Self::Rsa(key) => key.verify(digest, prehash, signature).map_err(|_| p256::ecdsa::Error::new()),
        }
    }
}
