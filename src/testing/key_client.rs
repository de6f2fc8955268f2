use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::assertion::Assertion;
use crate::attestation::Attestation;
use crate::crypto::PublicKey;
use crate::encoding::{base64url, hex};
use crate::model::{Credential, CredentialId, CredentialKind, CredentialUuid, Origin, UserId};
use crate::random;

/// A client in software that holds a key pair and registers it as the published clients do.
///
/// It makes only the kinds of keys that are cheap to make. For RSA and the larger curves there are
/// vectors.
#[derive(Debug)]
pub struct KeyClient {
    pair: KeyPair,
    public_key: PublicKey,
    credential_id: CredentialId,
}

#[derive(Debug)]
enum KeyPair {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl KeyClient {
    /// Creates a client with a new P-256 key.
    pub fn p256() -> Self {
        let pair = loop {
            // A random scalar is out of range once in 2^32 tries.
            if let Ok(pair) = p256::ecdsa::SigningKey::from_slice(&secret()) {
                break pair;
            }
        };
        let point = pair.verifying_key().to_sec1_point(false);
        let prefix = hex_bytes("3059301306072a8648ce3d020106082a8648ce3d030107034200");
        Self::new(KeyPair::P256(pair), &[&prefix, point.as_bytes()].concat())
    }

    /// Creates a client with a new Ed25519 key.
    pub fn ed25519() -> Self {
        let pair = ed25519_dalek::SigningKey::from_bytes(&secret());
        let prefix = hex_bytes("302a300506032b6570032100");
        let spki = [&prefix, pair.verifying_key().as_bytes().as_slice()].concat();
        Self::new(KeyPair::Ed25519(pair), &spki)
    }

    fn new(pair: KeyPair, spki: &[u8]) -> Self {
        let public_key = PublicKey::from_spki_der(spki).expect("a key that was just made is valid");
        let id = base64url::encode(&Sha256::digest(spki));
        let credential_id = CredentialId::new(id).expect("a hash in base64url is an id");
        Self { pair, public_key, credential_id }
    }

    /// Returns the client's name for its key.
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential_id
    }

    /// Returns the key's public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Answers a challenge with the client data of the published clients: type and challenge.
    pub fn attest(&self, kind: CredentialKind, challenge: &str) -> Attestation {
        let client_data = json!({ "type": "key.create", "challenge": challenge }).to_string();
        self.attest_client_data(kind, client_data)
    }

    /// Signs any client data that a test wants.
    pub fn attest_client_data(&self, kind: CredentialKind, client_data: impl Into<Vec<u8>>) -> Attestation {
        let client_data = client_data.into();
        let public_key = self.public_key.to_pem();
        let hash = hex::encode(&Sha256::digest(&client_data).into());
        let fingerprint = format!(r#"{{"clientDataHash":"{hash}","publicKey":{}}}"#, json!(public_key));
        let signature: String =
            self.sign(fingerprint.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let proof = json!({ "publicKey": public_key, "signature": signature, "algorithm": "SHA256" });
        Attestation {
            kind,
            credential_id: self.credential_id.clone(),
            client_data,
            attestation_data: proof.to_string().into_bytes(),
        }
    }

    /// Returns its credential, as a host has it after registration for `example.com`.
    pub fn credential(&self, user: UserId, kind: CredentialKind) -> Credential {
        Credential::new(
            user,
            kind,
            self.credential_id.clone(),
            CredentialUuid::generate().expect("the system gives randomness"),
            self.public_key.clone(),
            "example.com",
            Origin::new("https://app.example.com").expect("this is an origin"),
        )
    }

    /// Signs a challenge with the client data of the published clients: type and challenge.
    pub fn assert(&self, kind: CredentialKind, challenge: &str) -> Assertion {
        self.assert_client_data(kind, json!({ "type": "key.get", "challenge": challenge }).to_string())
    }

    /// Signs any client data that a test wants.
    pub fn assert_client_data(&self, kind: CredentialKind, client_data: impl Into<Vec<u8>>) -> Assertion {
        let client_data = client_data.into();
        let signature = self.sign(&client_data);
        Assertion { kind, credential_id: self.credential_id.clone(), client_data, signature, fido2: None }
    }

    /// Signs a message with SHA-256: DER for P-256, 64 bytes for Ed25519.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            KeyPair::P256(pair) => {
                let signature: p256::ecdsa::Signature =
                    pair.sign_prehash(&Sha256::digest(message)).expect("a hash of 32 bytes is signed");
                signature.to_der().as_bytes().to_vec()
            }
            KeyPair::Ed25519(pair) => pair.sign(message).to_bytes().to_vec(),
        }
    }
}

fn secret() -> [u8; 32] {
    random::bytes().expect("the system gives randomness")
}

fn hex_bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).expect("these are hexadecimal digits")
}
