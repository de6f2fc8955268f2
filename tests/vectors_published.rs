//! Registrations that others made: of keys as the published clients make them, and of passkeys from WebAuthn Level 3, section 16.

use credential_code::attestation::{Attestation, Expected, VerifyError, verify};
use credential_code::model::{
    Challenge, CredentialId, CredentialKind, Fido2Policy, RelyingParty, Requirement,
};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let text =
        std::fs::read_to_string(format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file["vectors"].take()).unwrap()
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap_or_else(|| panic!("{member} is missing"))
}

fn bytes(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn keys_are_accepted_and_refused_as_published() {
    let vectors = vectors("key_registration.json");
    assert_eq!(vectors.len(), 14);
    for vector in &vectors {
        let party = RelyingParty::new("example.com", "Example", [text(vector, "origin")]).unwrap();
        let challenge = Challenge::new(text(vector, "challenge")).unwrap();
        let attestation = Attestation {
            kind: CredentialKind::Key,
            credential_id: CredentialId::new(text(vector, "credId")).unwrap(),
            client_data: bytes(text(vector, "clientData")),
            attestation_data: bytes(text(vector, "attestationData")),
        };
        let outcome = verify(&party, &Expected::new(CredentialKind::Key, &challenge), &attestation);
        let reason = outcome.as_ref().err().map(|error| format!("{error:?}")).unwrap_or_default();
        let expected = match text(vector, "id") {
            "x-lf-unescaped-fingerprint" | "x-p1363-signature" | "x-other-key-signature" => "Signature",
            "x-pem-two-blocks" => "PublicKey(Pem)",
            "x-ed25519-small-order" => "PublicKey(Point)",
            "x-challenge-other" => "Challenge",
            "x-origin-other" => "Origin",
            "x-clientdata-duplicate-challenge" => "ClientData",
            _ => "",
        };
        assert_eq!(outcome.is_ok(), text(vector, "expect") == "accept", "{}: {reason}", vector["id"]);
        assert!(reason.starts_with(expected), "{}: {reason}", vector["id"]);
    }
}

#[test]
fn passkeys_are_accepted_as_far_as_the_engine_can_verify_them() {
    let vectors = vectors("fido2_registration.json");
    assert_eq!(vectors.len(), 4);
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Preferred;
    for vector in &vectors {
        let party = RelyingParty::new(text(vector, "rp_id"), "Example", [text(vector, "origin")]).unwrap();
        let challenge = Challenge::new(text(vector, "challenge_b64url")).unwrap();
        let attestation = Attestation {
            kind: CredentialKind::Fido2,
            credential_id: CredentialId::new(text(vector, "credential_id_b64url")).unwrap(),
            client_data: bytes(text(vector, "clientDataJSON_b64url")),
            attestation_data: bytes(text(vector, "attestationObject_b64url")),
        };
        let expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
        match (text(vector, "fmt"), verify(&party, &expected, &attestation)) {
            // webauthn-rs-core 0.6.2 can't verify any TPM statement.
            ("tpm", outcome) => assert!(matches!(outcome, Err(VerifyError::Statement(_))), "{outcome:?}"),
            (format, outcome) => {
                let verified = outcome.unwrap_or_else(|error| panic!("{format}: {error:?}"));
                assert_eq!(verified.fido2().unwrap().format, format);
            }
        }
    }
}
