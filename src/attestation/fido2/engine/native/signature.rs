use crate::attestation::fido2::engine::native::flaw::Flaw;
use crate::crypto::PublicKey;
use crate::model::CoseAlgorithm;

/// Checks a statement's signature. Its algorithm has to be that of the key, curve included. The
/// number of another key's algorithm is refused, although the signature might hold.
pub(super) fn check(key: &PublicKey, algorithm: i64, message: &[u8], signature: &[u8]) -> Result<(), Flaw> {
    let algorithm = CoseAlgorithm::from_number(algorithm)
        .filter(|algorithm| algorithm.key_algorithm() == key.algorithm())
        .ok_or(Flaw("alg is not the algorithm of the key"))?;
    key.verify(algorithm.digest(), message, signature).map_err(|_| Flaw("the signature does not hold"))
}
