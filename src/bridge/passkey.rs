//! Writes rows that every webauthn-rs from 0.4 on reads.

use serde_json::{Value, json};

use crate::bridge::{BridgeError, names};
use crate::crypto::{Digest, KeyAlgorithm, KeyParts, PublicKey};
use crate::encoding::base64url;
use crate::model::{CoseAlgorithm, Credential, CredentialId, CredentialKind, Fido2Properties};

/// The transports that webauthn-rs can name. 0.4 can't read a row with any other.
const TRANSPORTS: [&str; 5] = ["ble", "hybrid", "internal", "nfc", "usb"];

pub(super) fn of_credential(credential: &Credential) -> Result<Value, BridgeError> {
    if !credential.is_active() {
        return Err(BridgeError::Deactivated);
    }
    let (CredentialKind::Fido2, Some(key), Some(fido2)) =
        (credential.kind, &credential.public_key, &credential.fido2)
    else {
        return Err(BridgeError::Kind);
    };
    let algorithm = algorithm_of(key.algorithm(), credential.digest)?;
    Ok(json!({ "cred": {
        "cred_id": base64url::encode(&id_of(&credential.id)?),
        "cred": { "type_": names::of_algorithm(algorithm), "key": key_of(key)? },
        "counter": fido2.sign_count,
        "transports": transports_of(fido2),
        "user_verified": fido2.user_verified,
        "backup_eligible": fido2.backup_eligible,
        "backup_state": fido2.backed_up,
        // If it verified its user once, it always has to.
        "registration_policy": if fido2.user_verified { "required" } else { "preferred" },
        "extensions": extensions_of(fido2),
        // webauthn-rs verified no statement, so none is claimed.
        "attestation": { "data": "None", "metadata": metadata_of(fido2) },
        "attestation_format": names::of_format(&fido2.format),
    } }))
}

/// Decodes a passkey's id. It is base64url, as its registration checked.
fn id_of(id: &CredentialId) -> Result<Vec<u8>, BridgeError> {
    base64url::decode(id.as_str()).map_err(|_| BridgeError::Unknown("an id that is not base64url"))
}

fn algorithm_of(key: KeyAlgorithm, digest: Digest) -> Result<CoseAlgorithm, BridgeError> {
    match (key, digest) {
        (KeyAlgorithm::P256, Digest::Sha256) => Ok(CoseAlgorithm::Es256),
        (KeyAlgorithm::P384, Digest::Sha384) => Ok(CoseAlgorithm::Es384),
        (KeyAlgorithm::P521, Digest::Sha512) => Ok(CoseAlgorithm::Es512),
        (KeyAlgorithm::Rsa, Digest::Sha256) => Ok(CoseAlgorithm::Rs256),
        (KeyAlgorithm::Rsa, Digest::Sha384) => Ok(CoseAlgorithm::Rs384),
        (KeyAlgorithm::Rsa, Digest::Sha512) => Ok(CoseAlgorithm::Rs512),
        (KeyAlgorithm::Ed25519, Digest::Sha256 | Digest::Sha384 | Digest::Sha512) => Ok(CoseAlgorithm::EdDsa),
        (KeyAlgorithm::Secp256k1, _) => Err(BridgeError::Unknown("a key of secp256k1")),
        (KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521, _) => {
            Err(BridgeError::Unknown("a curve with the digest of another"))
        }
    }
}

fn key_of(key: &PublicKey) -> Result<Value, BridgeError> {
    Ok(match key.to_parts().map_err(BridgeError::Key)? {
        KeyParts::Point { x, y } => json!({ "EC_EC2": {
            "curve": names::curve(key.algorithm()),
            "x": base64url::encode(&x),
            "y": base64url::encode(&y),
        } }),
        // These are numbers, since 0.4 reads nothing else here, and later versions read both.
        KeyParts::Ed25519(x) => json!({ "EC_OKP": { "curve": "ED25519", "x": x } }),
        KeyParts::Rsa { modulus, exponent } => json!({ "RSA": {
            "n": base64url::encode(&modulus),
            "e": exponent_of(&exponent)?,
        } }),
    })
}

/// Returns an exponent as exactly three bytes.
fn exponent_of(exponent: &[u8]) -> Result<[u8; 3], BridgeError> {
    let mut three = [0; 3];
    let start = three.len().checked_sub(exponent.len());
    let start = start.ok_or(BridgeError::Unknown("an RSA exponent of more than three bytes"))?;
    three[start..].copy_from_slice(exponent);
    Ok(three)
}

fn transports_of(fido2: &Fido2Properties) -> Option<Vec<&str>> {
    let names = fido2.report.transports.iter().map(|transport| transport.as_str());
    let names: Vec<_> = names.filter(|name| TRANSPORTS.contains(name)).collect();
    (!names.is_empty()).then_some(names)
}

fn extensions_of(fido2: &Fido2Properties) -> Value {
    let cred_props = match fido2.report.discoverable {
        Some(discoverable) => json!({ "Unsigned": { "rk": discoverable } }),
        None => json!("NotRequested"),
    };
    json!({
        "cred_protect": "NotRequested",
        "hmac_create_secret": "NotRequested",
        "appid": "NotRequested",
        "cred_props": cred_props,
    })
}

/// Returns the model, if webauthn-rs has a place for it.
fn metadata_of(fido2: &Fido2Properties) -> Value {
    match fido2.format.as_str() {
        "packed" if fido2.aaguid != [0; 16] => json!({ "Packed": { "aaguid": uuid_text(fido2.aaguid) } }),
        _ => json!("None"),
    }
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| &digits[group]).join("-")
}
