//! Reads rows that webauthn-rs wrote. Their forms differ by version, so each member is looked up
//! separately.

use serde_json::{Map, Value};

use crate::bridge::BridgeError;
use crate::bridge::names;
use crate::crypto::{Digest, KeyAlgorithm, PublicKey, PublicKeyError};
use crate::encoding::{base64url, hex};
use crate::model::{ClientReport, CredentialId, Transport};

/// The object of a row that contains the credential id.
pub(super) struct Row(Map<String, Value>);

impl Row {
    /// Unwraps a `Passkey` and similar types. Rows of 0.2, of 0.3 and of webauthn-rs-core have no
    /// wrapper.
    pub(super) fn parse(text: &str) -> Result<Self, BridgeError> {
        let value = match from_json(text)? {
            // A column of type JSON was given the JSON as text.
            Value::String(inner) => from_json(&inner)?,
            value => value,
        };
        let Value::Object(mut object) = value else { return Err(BridgeError::Form) };
        if object.contains_key("cred_id") {
            return Ok(Self(object));
        }
        match object.remove("cred") {
            Some(Value::Object(inner)) if inner.contains_key("cred_id") => Ok(Self(inner)),
            _ => Err(BridgeError::Form),
        }
    }

    pub(super) fn id(&self) -> Result<CredentialId, BridgeError> {
        let id = self.0.get("cred_id").and_then(bytes).ok_or(BridgeError::Member("cred_id"))?;
        CredentialId::new(base64url::encode(&id)).map_err(BridgeError::Id)
    }

    pub(super) fn key(&self) -> Result<(PublicKey, Digest), BridgeError> {
        let cred = self.0.get("cred").ok_or(BridgeError::Member("cred"))?;
        let name = cred.get("type_").and_then(Value::as_str).ok_or(BridgeError::Member("cred.type_"))?;
        let algorithm = names::algorithm(name)?;
        let key = cred.get("key").ok_or(BridgeError::Member("cred.key"))?;
        let public_key = match algorithm.key_algorithm() {
            KeyAlgorithm::Ed25519 => ed25519(key),
            KeyAlgorithm::Rsa => rsa(key),
            curve => point(key, curve),
        };
        Ok((public_key?, algorithm.digest()))
    }

    pub(super) fn sign_count(&self) -> Result<u32, BridgeError> {
        let count = self.0.get("counter").and_then(Value::as_u64);
        count.and_then(|count| count.try_into().ok()).ok_or(BridgeError::Member("counter"))
    }

    /// Returns whether the user was verified. 0.3 calls it `verified`, and 0.2 does not store it.
    pub(super) fn user_verified(&self) -> Result<bool, BridgeError> {
        match self.0.contains_key("verified") {
            true => self.flag("verified"),
            false => self.flag("user_verified"),
        }
    }

    /// Returns a flag. A flag that older versions do not know is not set.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, BridgeError> {
        match self.0.get(name) {
            None => Ok(false),
            Some(flag) => flag.as_bool().ok_or(BridgeError::Member(name)),
        }
    }

    /// Returns the attestation statement's format, by its registered name.
    pub(super) fn format(&self) -> &str {
        let name = self.0.get("attestation_format").and_then(Value::as_str).unwrap_or("none");
        names::registered_format(name)
    }

    /// Returns the authenticator's model, if a statement named it.
    pub(super) fn aaguid(&self) -> [u8; 16] {
        let metadata = self.0.get("attestation").and_then(|attestation| attestation.get("metadata"));
        let of_format = |format| metadata?.get(format)?.get("aaguid")?.as_str();
        let text = of_format("Packed").or_else(|| of_format("Tpm")).unwrap_or_default();
        let bytes = hex::decode(&text.replace('-', "")).unwrap_or_default();
        bytes.try_into().unwrap_or_default()
    }

    /// Returns the hints of the client. Hints that can't be read are left out.
    pub(super) fn report(&self) -> ClientReport {
        let names = self.0.get("transports").and_then(Value::as_array);
        let names = names.into_iter().flatten().filter_map(Value::as_str);
        // webauthn-rs writes this for a name that it does not know.
        let names = names.filter(|name| *name != "unknown");
        let transports = names.filter_map(|name| Transport::new(name).ok()).take(Transport::MOST);
        ClientReport::new(transports, self.discoverable()).unwrap_or_default()
    }

    fn discoverable(&self) -> Option<bool> {
        let state = self.0.get("extensions")?.get("cred_props")?.as_object()?;
        state.values().next()?.get("rk")?.as_bool()
    }
}

fn from_json(text: &str) -> Result<Value, BridgeError> {
    serde_json::from_str(text).map_err(|error| BridgeError::Json(error.into()))
}

fn point(key: &Value, curve: KeyAlgorithm) -> Result<PublicKey, BridgeError> {
    let key = key.get("EC_EC2").ok_or(BridgeError::Member("cred.key.EC_EC2"))?;
    let name =
        key.get("curve").and_then(Value::as_str).ok_or(BridgeError::Member("cred.key.EC_EC2.curve"))?;
    // webauthn-rs accepts any curve with any digest, and its versions then disagree about what
    // holds.
    if names::curve(curve) != Some(name) {
        return Err(BridgeError::Key(PublicKeyError::UnsupportedAlgorithm));
    }
    let width = match curve {
        KeyAlgorithm::P384 => 48,
        KeyAlgorithm::P521 => 66,
        _ => 32,
    };
    let coordinate = |name, member| {
        let bytes = key.get(name).and_then(bytes).ok_or(BridgeError::Member(member))?;
        Ok(of_width(&bytes, width))
    };
    let x = coordinate("x", "cred.key.EC_EC2.x")?;
    let y = coordinate("y", "cred.key.EC_EC2.y")?;
    PublicKey::from_ec_point(curve, &x, &y).map_err(BridgeError::Key)
}

fn ed25519(key: &Value) -> Result<PublicKey, BridgeError> {
    let key = key.get("EC_OKP").ok_or(BridgeError::Member("cred.key.EC_OKP"))?;
    match key.get("curve").and_then(Value::as_str) {
        Some("ED25519") => {}
        Some("ED448") => return Err(BridgeError::Algorithm("Ed448")),
        _ => return Err(BridgeError::Member("cred.key.EC_OKP.curve")),
    }
    let x = key.get("x").and_then(bytes).ok_or(BridgeError::Member("cred.key.EC_OKP.x"))?;
    PublicKey::from_ed25519(&x).map_err(BridgeError::Key)
}

fn rsa(key: &Value) -> Result<PublicKey, BridgeError> {
    let key = key.get("RSA").ok_or(BridgeError::Member("cred.key.RSA"))?;
    let modulus = key.get("n").and_then(bytes).ok_or(BridgeError::Member("cred.key.RSA.n"))?;
    let exponent = key.get("e").and_then(bytes).ok_or(BridgeError::Member("cred.key.RSA.e"))?;
    PublicKey::from_rsa(&modulus, &exponent).map_err(BridgeError::Key)
}

/// Reads bytes as numbers, or as base64 of either alphabet: the forms that versions wrote, and that
/// they read.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => base64url::decode_either_alphabet(text).ok(),
        Value::Array(numbers) => numbers.iter().map(|number| number.as_u64()?.try_into().ok()).collect(),
        _ => None,
    }
}

/// Pads a coordinate with leading zeros to the width of its field. OpenSSL leaves zeros out, so a
/// row may have any number of them.
fn of_width(bytes: &[u8], width: usize) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let number = &bytes[zeros..];
    let mut coordinate = vec![0; width.saturating_sub(number.len())];
    coordinate.extend_from_slice(number);
    coordinate
}
