//! What the targets share: registrations that hold, and edits to them.

#[path = "../../src/crypto/mod.rs"]
#[allow(dead_code, unexpected_cfgs, reason = "it has more than a target uses")]
pub mod crypto;
pub mod der;
mod encoding;
pub mod inside;
#[path = "../../tests/support/signed_parts.rs"]
pub mod signed_parts;

/// The place and the error that files in `inside` name.
mod attestation {
    #[allow(dead_code, reason = "nobody asks which rule was broken")]
    pub enum VerifyError {
        Statement(Box<dyn std::error::Error>),
    }

    pub mod fido2 {
        pub mod engine {
            pub(crate) use crate::inside as native;
        }
    }
}

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, VerifiedAttestation, VerifyError, verify,
};
use credential_code::model::{
    Challenge, CoseAlgorithm, CredentialId, CredentialKind, Fido2Policy, Requirement,
};
use serde_json::Value;

const PASSKEYS: &str = include_str!("../../tests/vectors/webauthn_level_3.json");
const KEYS: &str = include_str!("../../tests/vectors/key_registration.json");

/// A registration, and what it was made for.
pub struct Registration {
    pub party: RelyingParty,
    pub challenge: Challenge,
    pub attestation: Attestation,
}

impl Registration {
    /// Returns the passkeys of WebAuthn Level 3, section 16: every statement format.
    pub fn passkeys() -> Vec<Self> {
        read(PASSKEYS).iter().map(|it| Self::new(CredentialKind::Fido2, it, "challenge_b64url")).collect()
    }

    /// Returns keys, some of them spoiled.
    pub fn keys() -> Vec<Self> {
        read(KEYS).iter().map(|it| Self::new(CredentialKind::Key, it, "challenge")).collect()
    }

    fn new(kind: CredentialKind, vector: &Value, challenge: &str) -> Self {
        let text = |member: &str| vector[member].as_str().expect("the member is a text");
        let bytes = |member| URL_SAFE_NO_PAD.decode(text(member)).expect("the member is base64url");
        let origin = text("origin");
        let host = origin.trim_start_matches("https://");
        Self {
            party: RelyingParty::new(host, "Example", [origin]).expect("the party is valid"),
            challenge: Challenge::new(text(challenge)).expect("the challenge is valid"),
            attestation: Attestation::new(
                kind,
                CredentialId::new(text("credId")).expect("the id is valid"),
                bytes("clientData"),
                bytes("attestationData"),
            ),
        }
    }

    /// Verifies a key.
    pub fn check_key(&self, attestation: &Attestation) -> Result<VerifiedAttestation, VerifyError> {
        verify(&self.party, &Expected::new(CredentialKind::Key, &self.challenge), attestation)
    }

    /// Verifies a passkey of any algorithm, with or without a verified person.
    pub fn check_passkey(
        &self,
        attestation: &Attestation,
        engine: &AttestationEngine,
    ) -> Result<VerifiedAttestation, VerifyError> {
        let mut policy = Fido2Policy::default();
        policy.algorithms = [
            CoseAlgorithm::Es256,
            CoseAlgorithm::Es384,
            CoseAlgorithm::Es512,
            CoseAlgorithm::EdDsa,
            CoseAlgorithm::Rs256,
            CoseAlgorithm::Rs384,
            CoseAlgorithm::Rs512,
        ]
        .to_vec();
        policy.user_verification = Requirement::Preferred;
        let expected = Expected::new(CredentialKind::Fido2, &self.challenge).with_fido2_policy(&policy);
        verify(&self.party, &expected.with_attestation_engine(engine), attestation)
    }
}

/// Returns the root of the passkeys' certificates, in DER.
pub fn root_certificate() -> Vec<u8> {
    let file: Value = serde_json::from_str(PASSKEYS).expect("the file is JSON");
    let root = file["attestation_root_cert_b64url"].as_str().expect("the file has a root");
    URL_SAFE_NO_PAD.decode(root).expect("the root is base64url")
}

fn read(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).expect("the file is JSON");
    file["vectors"].as_array().expect("it has vectors").clone()
}

/// Changes bytes by a list of edits, four bytes each: where, what, and how far or which byte.
pub fn edit(bytes: &mut Vec<u8>, edits: &[u8]) {
    for edit in edits.chunks_exact(4) {
        let &[high, low, what, value] = edit else { unreachable!("a chunk has four bytes") };
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        let end = (at + usize::from(value)).min(bytes.len());
        match what % 6 {
            0 => bytes[at..].first_mut().into_iter().for_each(|byte| *byte = value),
            1 => bytes[at..].first_mut().into_iter().for_each(|byte| *byte ^= 1 << (value % 8)),
            2 => bytes.insert(at, value),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => bytes.truncate(at),
        }
    }
}

/// Splits the input in two at the place that its first two bytes name.
pub fn split(input: &[u8]) -> (&[u8], &[u8]) {
    match input {
        [high, low, rest @ ..] => {
            rest.split_at(usize::from(u16::from_be_bytes([*high, *low])) % (rest.len() + 1))
        }
        _ => (&[], &[]),
    }
}

/// Takes one of several by the first byte of the input.
pub fn choose<'a, 'i, T>(of: &'a [T], input: &'i [u8]) -> Option<(&'a T, &'i [u8])> {
    let (first, rest) = input.split_first()?;
    Some((&of[usize::from(*first) % of.len()], rest))
}
