//! The only file that names aws-lc-rs. It only checks signatures. One place decides which keys are
//! valid, with this backend and without it.

#[cfg(test)]
#[path = "../../tests/unit/aws_lc/mod.rs"]
mod tests;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P256K1_SHA256_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::crypto::rustcrypto::VerifyingKey;
use crate::crypto::{Digest, InvalidSignature, KeyAlgorithm, PublicKey};

/// Checks a signature. The verdicts are those of [`VerifyingKey::verify`].
pub(super) fn verify(
    key: &PublicKey,
    digest: Digest,
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let algorithm: &'static dyn VerificationAlgorithm = match (key.algorithm(), digest) {
        (KeyAlgorithm::P256, Digest::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (KeyAlgorithm::P256, Digest::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (KeyAlgorithm::P256, Digest::Sha512) => &ECDSA_P256_SHA512_ASN1,
        (KeyAlgorithm::P384, Digest::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (KeyAlgorithm::P384, Digest::Sha384) => &ECDSA_P384_SHA384_ASN1,
        (KeyAlgorithm::P384, Digest::Sha512) => &ECDSA_P384_SHA512_ASN1,
        (KeyAlgorithm::P521, Digest::Sha256) => &ECDSA_P521_SHA256_ASN1,
        (KeyAlgorithm::P521, Digest::Sha384) => &ECDSA_P521_SHA384_ASN1,
        (KeyAlgorithm::P521, Digest::Sha512) => &ECDSA_P521_SHA512_ASN1,
        (KeyAlgorithm::Secp256k1, Digest::Sha256) => &ECDSA_P256K1_SHA256_ASN1,
        // aws-lc-rs has no such pair.
        (KeyAlgorithm::Secp256k1, Digest::Sha384 | Digest::Sha512) => {
            return key.verifying_key().verify(digest, message, signature);
        }
        (KeyAlgorithm::Rsa, Digest::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        (KeyAlgorithm::Rsa, Digest::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        (KeyAlgorithm::Rsa, Digest::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        (KeyAlgorithm::Ed25519, Digest::Sha256 | Digest::Sha384 | Digest::Sha512) => {
            check_commitment(signature)?;
            &ED25519
        }
    };
    UnparsedPublicKey::new(algorithm, key.to_spki_der())
        .verify(message, signature)
        .map_err(|_| InvalidSignature)
}

/// Checks that the first half of an Ed25519 signature is not of small order either. AWS-LC does not
/// check that.
fn check_commitment(signature: &[u8]) -> Result<(), InvalidSignature> {
    let point = signature.get(..32).ok_or(InvalidSignature)?;
    VerifyingKey::ed25519(point).map(drop).map_err(|_| InvalidSignature)
}
