//! Key kinds: a signature over a fingerprint of the client data and the public key.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use sha2::{Digest as _, Sha256};

use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError};
use crate::crypto::{Digest, PublicKey};
use crate::encoding::json::{self, Text, Unknown};
use crate::encoding::{base64url, hex};
use crate::model::{CredentialKind, RelyingParty};
use crate::signed::ClientData;

pub(super) fn verify(
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    attestation: &Attestation,
) -> Result<VerifiedAttestation, VerifyError> {
    let client_data = ClientData::parse(&attestation.client_data)?;
    client_data.check_type("key.create")?;
    check_challenge(&client_data, expected)?;
    client_data.check_same_origin()?;
    let origin = client_data.check_origin(relying_party)?;

    let proof = KeyProof::parse(&attestation.attestation_data)?;
    let digest = check_algorithm(proof.algorithm.as_deref())?;
    let public_key = PublicKey::from_pem(&proof.public_key).map_err(VerifyError::PublicKey)?;
    check_signature(&public_key, digest, &attestation.client_data, &proof)?;

    Ok(VerifiedAttestation {
        kind: attestation.kind,
        credential_id: attestation.credential_id.clone(),
        public_key,
        digest,
        origin,
        fido2: None,
    })
}

/// `attestationData` of a key kind. Clients may add members. They are ignored, but a duplicate is
/// refused even among them, as in client data.
struct KeyProof<'a> {
    public_key: Cow<'a, str>,
    signature: Cow<'a, str>,
    algorithm: Option<Cow<'a, str>>,
}

impl<'a> KeyProof<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, VerifyError> {
        json::object(text).map_err(VerifyError::KeyData)
    }
}

impl<'de> Deserialize<'de> for KeyProof<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = KeyProof<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut public_key, mut signature, mut algorithm) = (None, None, None);
        let mut unknown = BTreeSet::new();
        while let Some(Text(name)) = map.next_key()? {
            let is_first = match &*name {
                "publicKey" => public_key.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                "signature" => signature.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                "algorithm" => algorithm.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                _ => {
                    map.next_value::<Unknown>()?;
                    unknown.insert(name)
                }
            };
            if !is_first {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(KeyProof {
            public_key: public_key.ok_or_else(|| de::Error::missing_field("publicKey"))?,
            signature: signature.ok_or_else(|| de::Error::missing_field("signature"))?,
            algorithm,
        })
    }
}

/// Checks the challenge, which is the text itself. Published recovery clients encode that text once
/// more. No other client does, so no other kind may.
fn check_challenge(client_data: &ClientData<'_>, expected: &Expected<'_>) -> Result<(), VerifyError> {
    let is_encoded_again =
        || client_data.challenge_is(&base64url::encode(expected.challenge.as_str().as_bytes()));
    if expected.kind == CredentialKind::RecoveryKey && is_encoded_again() {
        return Ok(());
    }
    Ok(client_data.check_challenge(expected.challenge)?)
}

/// Returns the digest. Nobody signs the label. A client that says `RSA-SHA256` may have a key on a
/// curve: tools use that name for any key with SHA-256.
fn check_algorithm(name: Option<&str>) -> Result<Digest, VerifyError> {
    match name {
        None | Some("SHA256" | "RSA-SHA256") => Ok(Digest::Sha256),
        Some("SHA512") => Ok(Digest::Sha512),
        Some(_) => Err(VerifyError::AttestationData("the algorithm is SHA256, RSA-SHA256 or SHA512")),
    }
}

fn check_signature(
    public_key: &PublicKey,
    digest: Digest,
    client_data: &[u8],
    proof: &KeyProof<'_>,
) -> Result<(), VerifyError> {
    let signature =
        hex::decode(&proof.signature).map_err(|_| VerifyError::AttestationData("the signature is hex"))?;
    let fingerprint = fingerprint(client_data, &proof.public_key)?;
    public_key.verify(digest, &fingerprint, &signature).map_err(|_| VerifyError::Signature)
}

/// Rebuilds the message that the client signs from what it sent. Its own bytes are hashed and its
/// own PEM is quoted, so neither can be spelled differently. `serde_json` escapes text as
/// `JSON.stringify` does.
fn fingerprint(client_data: &[u8], public_key: &str) -> Result<Vec<u8>, VerifyError> {
    let mut text = Vec::with_capacity(128 + public_key.len());
    text.extend_from_slice(br#"{"clientDataHash":""#);
    text.extend_from_slice(hex::encode(&Sha256::digest(client_data).into()).as_bytes());
    text.extend_from_slice(br#"","publicKey":"#);
    serde_json::to_writer(&mut text, public_key).map_err(|error| VerifyError::KeyData(error.into()))?;
    text.push(b'}');
    Ok(text)
}
