use minicbor::Encoder;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::assertion::{Assertion, Fido2Assertion};
use crate::attestation::Attestation;
use crate::crypto::{KeyAlgorithm, PublicKey};
use crate::encoding::base64url;
use crate::model::{
    Credential, CredentialId, CredentialKind, CredentialUuid, Fido2Properties, Origin, UserId,
};
use crate::random;

/// How a [`SoftAuthenticator`] attests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StatementFormat {
    /// It does not attest.
    None,
    /// It attests with the credential's own key.
    PackedSelf,
}

/// A passkey authenticator, and the browser around it, in software. It makes ES256 credentials. A
/// test can spoil every public field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SoftAuthenticator {
    /// How it attests.
    pub format: StatementFormat,
    /// The flags byte of its authenticator data.
    pub flags: u8,
    /// Its model.
    pub aaguid: [u8; 16],
    /// Its signature counter. It counts when a test does.
    pub sign_count: u32,
    key: p256::ecdsa::SigningKey,
    id: [u8; 32],
}

impl SoftAuthenticator {
    /// The person was present.
    pub const USER_PRESENT: u8 = 0x01;
    /// The person was verified.
    pub const USER_VERIFIED: u8 = 0x04;
    const HAS_CREDENTIAL: u8 = 0x40;

    /// Creates an authenticator with a new credential. It verifies its user.
    pub fn new(format: StatementFormat) -> Self {
        let key = loop {
            // A random scalar is out of range once in 2^32 tries.
            let secret = random::bytes::<32>().expect("the system gives randomness");
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&secret) {
                break key;
            }
        };
        Self {
            format,
            flags: Self::USER_PRESENT | Self::USER_VERIFIED | Self::HAS_CREDENTIAL,
            aaguid: [0; 16],
            sign_count: 0,
            key,
            id: random::bytes().expect("the system gives randomness"),
        }
    }

    /// Returns the credential's id, in base64url.
    pub fn credential_id(&self) -> CredentialId {
        CredentialId::new(base64url::encode(&self.id)).expect("32 bytes in base64url are an id")
    }

    /// Answers a challenge like a client that decodes it: a native app, or
    /// `parseCreationOptionsFromJSON`.
    pub fn attest(&self, relying_party_id: &str, origin: &str, challenge: &str) -> Attestation {
        let client_data = json!({
            "type": "webauthn.create", "challenge": challenge, "origin": origin, "crossOrigin": false,
        });
        self.attest_client_data(relying_party_id, client_data.to_string())
    }

    /// Answers a challenge as the published browser client does: by the bytes of its text.
    pub fn attest_text(&self, relying_party_id: &str, origin: &str, challenge: &str) -> Attestation {
        self.attest(relying_party_id, origin, &base64url::encode(challenge.as_bytes()))
    }

    /// Registers as a page does: what `PublicKeyCredential.toJSON()` makes. The members of the
    /// published `credentialInfo` are its `id`, `clientDataJSON` and `attestationObject`.
    pub fn attest_json(&self, relying_party_id: &str, origin: &str, challenge: &str) -> Value {
        let attestation = self.attest(relying_party_id, origin, challenge);
        json!({
            "id": attestation.credential_id.as_str(),
            "rawId": attestation.credential_id.as_str(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(&attestation.client_data),
                "attestationObject": base64url::encode(&attestation.attestation_data),
                "transports": ["internal"],
            },
        })
    }

    /// Attests any client data that a test wants.
    pub fn attest_client_data(&self, relying_party_id: &str, client_data: impl Into<Vec<u8>>) -> Attestation {
        let client_data = client_data.into();
        let authenticator_data = self.authenticator_data(relying_party_id);
        let attestation_data = self.attestation_object(&authenticator_data, &client_data);
        Attestation {
            kind: CredentialKind::Fido2,
            credential_id: self.credential_id(),
            client_data,
            attestation_data,
        }
    }

    /// Returns its credential, as a host has it after registration for `example.com`.
    pub fn credential(&self, user: UserId) -> Credential {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let mut credential = Credential::new(
            user,
            CredentialKind::Fido2,
            self.credential_id(),
            CredentialUuid::generate().expect("the system gives randomness"),
            PublicKey::from_ec_point(KeyAlgorithm::P256, x, y).expect("a key that was just made is valid"),
            "example.com",
            Origin::new("https://app.example.com").expect("this is an origin"),
        );
        let mut properties = Fido2Properties::new("none");
        properties.sign_count = self.sign_count;
        credential.fido2 = Some(properties);
        credential
    }

    /// Signs a challenge like a client that decodes it. The user handle is left out.
    pub fn assert(&self, relying_party_id: &str, origin: &str, challenge: &str) -> Assertion {
        let client_data = json!({
            "type": "webauthn.get", "challenge": challenge, "origin": origin, "crossOrigin": false,
        });
        self.assert_client_data(relying_party_id, client_data.to_string())
    }

    /// Signs a challenge as the published browser client does: by the bytes of its text.
    pub fn assert_text(&self, relying_party_id: &str, origin: &str, challenge: &str) -> Assertion {
        self.assert(relying_party_id, origin, &base64url::encode(challenge.as_bytes()))
    }

    /// Signs in as a page does. Returns the output of `PublicKeyCredential.toJSON()`, with the user
    /// handle that the passkey keeps.
    pub fn assert_json(
        &self,
        relying_party_id: &str,
        origin: &str,
        challenge: &str,
        user_handle: &[u8],
    ) -> Value {
        let assertion = self.assert(relying_party_id, origin, challenge);
        let authenticator_data = assertion.fido2.map(|fido2| base64url::encode(&fido2.authenticator_data));
        json!({
            "id": assertion.credential_id.as_str(),
            "rawId": assertion.credential_id.as_str(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(&assertion.client_data),
                "authenticatorData": authenticator_data,
                "signature": base64url::encode(&assertion.signature),
                "userHandle": base64url::encode(user_handle),
            },
        })
    }

    /// Signs any client data that a test wants.
    pub fn assert_client_data(&self, relying_party_id: &str, client_data: impl Into<Vec<u8>>) -> Assertion {
        let mut data = Sha256::digest(relying_party_id).to_vec();
        data.push(self.flags & !Self::HAS_CREDENTIAL);
        data.extend_from_slice(&self.sign_count.to_be_bytes());
        self.assert_authenticator_data(data, client_data)
    }

    /// Signs any authenticator data that a test wants.
    pub fn assert_authenticator_data(
        &self,
        authenticator_data: Vec<u8>,
        client_data: impl Into<Vec<u8>>,
    ) -> Assertion {
        let client_data = client_data.into();
        let signature = self.sign(&authenticator_data, &client_data);
        Assertion {
            kind: CredentialKind::Fido2,
            credential_id: self.credential_id(),
            client_data,
            signature,
            fido2: Some(Fido2Assertion { authenticator_data, user_handle: None }),
        }
    }

    /// Signs as an assertion does: over authenticator data and the hash of the client data.
    pub fn sign(&self, authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let hash = Sha256::new()
            .chain_update(authenticator_data)
            .chain_update(Sha256::digest(client_data))
            .finalize();
        let signature: p256::ecdsa::Signature =
            self.key.sign_prehash(&hash).expect("a hash of 32 bytes is signed");
        signature.to_der().as_bytes().to_vec()
    }

    fn authenticator_data(&self, relying_party_id: &str) -> Vec<u8> {
        let mut data = Sha256::digest(relying_party_id).to_vec();
        data.push(self.flags);
        data.extend_from_slice(&self.sign_count.to_be_bytes());
        data.extend_from_slice(&self.aaguid);
        data.extend_from_slice(&[0, 32]);
        data.extend_from_slice(&self.id);
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let key = |cbor: &mut Encoder<&mut Vec<u8>>| -> Result<(), minicbor::encode::Error<_>> {
            cbor.map(5)?.i8(1)?.i8(2)?.i8(3)?.i8(-7)?.i8(-1)?.i8(1)?.i8(-2)?.bytes(x)?.i8(-3)?.bytes(y)?;
            Ok(())
        };
        key(&mut Encoder::new(&mut data)).expect("a vector takes everything");
        data
    }

    fn attestation_object(&self, authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let mut object = Vec::new();
        let write = |cbor: &mut Encoder<&mut Vec<u8>>| -> Result<(), minicbor::encode::Error<_>> {
            cbor.map(3)?.str("fmt")?;
            match self.format {
                StatementFormat::None => cbor.str("none")?.str("attStmt")?.map(0)?,
                StatementFormat::PackedSelf => {
                    let signature = self.sign(authenticator_data, client_data);
                    cbor.str("packed")?.str("attStmt")?.map(2)?;
                    cbor.str("alg")?.i8(-7)?.str("sig")?.bytes(&signature)?
                }
            };
            cbor.str("authData")?.bytes(authenticator_data)?;
            Ok(())
        };
        write(&mut Encoder::new(&mut object)).expect("a vector takes everything");
        object
    }
}
