use crate::attestation::fido2::engine::native::flaw::Flaw;
use crate::crypto::{Digest, KeyAlgorithm, PublicKey};

/// Checks a statement's signature. Its algorithm has to be that of the key, curve included: a number that goes with another key is
/// refused, although the signature might hold.
pub(super) fn check(key: &PublicKey, algorithm: i64, message: &[u8], signature: &[u8]) -> Result<(), Flaw> {
    let digest = match (key.algorithm(), algorithm) {
        // Ed25519 has a digest of its own.
        (KeyAlgorithm::P256, -7) | (KeyAlgorithm::Ed25519, -8) | (KeyAlgorithm::Rsa, -257) => Digest::Sha256,
        (KeyAlgorithm::P384, -35) | (KeyAlgorithm::Rsa, -258) => Digest::Sha384,
        (KeyAlgorithm::P521, -36) | (KeyAlgorithm::Rsa, -259) => Digest::Sha512,
        _ => return Err(Flaw("alg is not the algorithm of the key")),
    };
    key.verify(digest, message, signature).map_err(|_| Flaw("the signature does not hold"))
}
