//! An authenticator of any algorithm, and the browser around it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::assertion::{self, Assertion, Fido2Assertion, VerifiedAssertion};
use credential_code::attestation::{self, Attestation};
use credential_code::bridge::RowContext;
use credential_code::model::{
    Challenge, CoseAlgorithm, Credential, CredentialId, CredentialKind, CredentialUuid, Fido2Policy, Origin,
    UserId,
};
use minicbor::Encoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::keys::Key;

pub(crate) const PARTY: &str = "example.com";
pub(crate) const ORIGIN: &str = "https://example.com";
/// A challenge of ours.
const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

/// User present, user verified, backup eligible, backed up.
const FLAGS: u8 = 0b1_1101;

const ALGORITHMS: [CoseAlgorithm; 5] = [
    CoseAlgorithm::Es256,
    CoseAlgorithm::Es384,
    CoseAlgorithm::Es512,
    CoseAlgorithm::Rs256,
    CoseAlgorithm::EdDsa,
];

pub(crate) struct Authenticator {
    key: Key,
    id: [u8; 20],
    pub(crate) sign_count: u32,
}

impl Authenticator {
    /// Creates an authenticator that signs by that COSE algorithm.
    pub(crate) fn of(algorithm: i64) -> Self {
        let key = match algorithm {
            -7 => Key::p256(7),
            -35 => Key::p384(7),
            -36 => Key::p521(7),
            -8 => Key::ed25519(7),
            -257 => Key::rsa(),
            _ => panic!("no key for {algorithm}"),
        };
        Self { key, id: [0xfb; 20], sign_count: 1 }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ALGORITHMS.into_iter().map(|algorithm| Self::of(algorithm.number().into()))
    }

    pub(crate) fn algorithm(&self) -> i64 {
        self.key.algorithm()
    }

    pub(crate) fn id(&self) -> CredentialId {
        CredentialId::new(URL_SAFE_NO_PAD.encode(self.id)).unwrap()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(PARTY).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.sign_count.to_be_bytes());
        data
    }

    fn attestation_object(&self) -> Vec<u8> {
        let mut data = self.data(FLAGS | 0x40);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, self.id.len() as u8]);
        data.extend_from_slice(&self.id);
        data.extend_from_slice(&self.key.cose());
        let mut object = Vec::new();
        let mut cbor = Encoder::new(&mut object);
        cbor.map(3).unwrap().str("fmt").unwrap().str("none").unwrap().str("attStmt").unwrap().map(0).unwrap();
        cbor.str("authData").unwrap().bytes(&data).unwrap();
        object
    }

    /// Returns a browser's answer to the options of webauthn-rs.
    pub(crate) fn register(&self, options: &Value) -> Value {
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        json!({
            "id": self.id(),
            "rawId": self.id(),
            "type": "public-key",
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(self.attestation_object()),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data("webauthn.create", challenge)),
                "transports": ["internal", "hybrid"],
            },
            "clientExtensionResults": { "credProps": { "rk": true } },
        })
    }

    /// Returns the same for a sign-in.
    pub(crate) fn sign_in(&self, options: &Value) -> Value {
        let signed = self.sign(options["publicKey"]["challenge"].as_str().unwrap());
        json!({
            "id": self.id(),
            "rawId": self.id(),
            "type": "public-key",
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(signed.fido2.unwrap().authenticator_data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(signed.client_data),
                "signature": URL_SAFE_NO_PAD.encode(signed.signature),
                "userHandle": null,
            },
            "clientExtensionResults": {},
        })
    }

    fn sign(&self, challenge: &str) -> Assertion {
        let client_data = client_data("webauthn.get", challenge);
        let data = self.data(FLAGS);
        let message = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(self.algorithm(), &message);
        Assertion::new(CredentialKind::Fido2, self.id(), client_data, signature)
            .with_fido2(Fido2Assertion::new(data, None))
    }

    /// Signs an action here, by a credential in the form of this crate.
    pub(crate) fn sign_here(&self, credential: &Credential) -> VerifiedAssertion {
        let challenge = Challenge::new(CHALLENGE).unwrap();
        let expected = assertion::Expected::new(&challenge);
        assertion::verify(&party(), &expected, credential, &self.sign(CHALLENGE)).unwrap()
    }

    /// Returns its credential, as registered here.
    pub(crate) fn register_here(&self) -> Credential {
        let challenge = Challenge::new(CHALLENGE).unwrap();
        let mut policy = Fido2Policy::default();
        policy.algorithms = ALGORITHMS.into();
        let expected =
            attestation::Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
        let client_data = client_data("webauthn.create", CHALLENGE);
        let attestation =
            Attestation::new(CredentialKind::Fido2, self.id(), client_data, self.attestation_object());
        let verified = attestation::verify(&party(), &expected, &attestation).unwrap();
        let mut credential = Credential::new(
            context().user,
            CredentialKind::Fido2,
            verified.credential_id().clone(),
            CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap(),
            verified.public_key().clone(),
            PARTY,
            Origin::new(ORIGIN).unwrap(),
        );
        credential.digest = verified.digest();
        credential.fido2 = verified.fido2().cloned();
        credential
    }
}

fn client_data(kind: &str, challenge: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn party() -> RelyingParty {
    RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap()
}

/// Returns the facts that a row lacks about the credential that is registered here.
pub(crate) fn context() -> RowContext {
    let mut context = RowContext::new(UserId::new("us-1").unwrap(), PARTY, Origin::new(ORIGIN).unwrap());
    context.uuid = Some(CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap());
    context
}
