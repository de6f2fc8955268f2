//! The names that webauthn-rs has for algorithms, curves and formats.

use crate::bridge::BridgeError;
use crate::crypto::KeyAlgorithm;
use crate::model::CoseAlgorithm;

/// The names of formats. The first is the registered name, which 0.5 and later write and read. The
/// second is the one that 0.4 writes and every version reads.
const FORMATS: [(&str, &str); 7] = [
    ("none", "None"),
    ("packed", "Packed"),
    ("tpm", "Tpm"),
    ("android-key", "AndroidKey"),
    ("android-safetynet", "AndroidSafetyNet"),
    ("fido-u2f", "FIDOU2F"),
    ("apple", "AppleAnonymous"),
];

/// Looks up an algorithm by any name that a version writes or reads.
pub(super) fn algorithm(name: &str) -> Result<CoseAlgorithm, BridgeError> {
    match name {
        "ES256" | "ECDSA_SHA256" => Ok(CoseAlgorithm::Es256),
        "ES384" | "ECDSA_SHA384" => Ok(CoseAlgorithm::Es384),
        // 0.6 renamed it.
        "ES512" | "ES521" | "ECDSA_SHA512" => Ok(CoseAlgorithm::Es512),
        "RS256" => Ok(CoseAlgorithm::Rs256),
        "RS384" => Ok(CoseAlgorithm::Rs384),
        "RS512" => Ok(CoseAlgorithm::Rs512),
        "EDDSA" => Ok(CoseAlgorithm::EdDsa),
        "PS256" => Err(BridgeError::Algorithm("PS256")),
        "PS384" => Err(BridgeError::Algorithm("PS384")),
        "PS512" => Err(BridgeError::Algorithm("PS512")),
        "INSECURE_RS1" => Err(BridgeError::Algorithm("RSA with SHA-1")),
        "PinUvProtocol" => Err(BridgeError::Algorithm("the PIN protocol")),
        _ => Err(BridgeError::Algorithm("an algorithm without a known name")),
    }
}

/// Returns the one name by which every version from 0.4 on reads it.
pub(super) fn of_algorithm(algorithm: CoseAlgorithm) -> &'static str {
    match algorithm {
        CoseAlgorithm::Es256 => "ES256",
        CoseAlgorithm::Es384 => "ES384",
        // It is `ES512` up to 0.5, and `ES521` in 0.6. Both read this alias.
        CoseAlgorithm::Es512 => "ECDSA_SHA512",
        CoseAlgorithm::Rs256 => "RS256",
        CoseAlgorithm::Rs384 => "RS384",
        CoseAlgorithm::Rs512 => "RS512",
        CoseAlgorithm::EdDsa => "EDDSA",
    }
}

/// Looks up the name of a curve with two coordinates.
pub(super) fn curve(algorithm: KeyAlgorithm) -> Option<&'static str> {
    match algorithm {
        KeyAlgorithm::P256 => Some("SECP256R1"),
        KeyAlgorithm::P384 => Some("SECP384R1"),
        KeyAlgorithm::P521 => Some("SECP521R1"),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::Rsa | KeyAlgorithm::Secp256k1 => None,
    }
}

/// Returns the registered name. An unknown name is kept if it is valid: up to 32 bytes of visible
/// ASCII.
pub(super) fn registered_format(name: &str) -> &str {
    let name = match name {
        "TPM" => "Tpm",
        "AndroidSafetynet" => "AndroidSafetyNet",
        _ => name,
    };
    if let Some((registered, _)) = FORMATS.iter().find(|(_, old)| *old == name) {
        return registered;
    }
    let is_name = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { name } else { "none" }
}

/// Returns the name in webauthn-rs. A format that it does not know counts as no attestation.
pub(super) fn of_format(registered: &str) -> &'static str {
    FORMATS.iter().find(|(name, _)| *name == registered).map_or("None", |(_, old)| *old)
}
