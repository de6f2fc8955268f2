//! Published vectors. Registrations of keys are made as the published clients make them.
//! Registrations and signatures of passkeys are from WebAuthn Level 3, section 16.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::assertion::{self, Assertion, Fido2Assertion};
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, VerifiedAttestation, VerifyError, verify,
};
use credential_code::model::{
    Challenge, Credential, CredentialId, CredentialKind, CredentialUuid, Fido2Policy, Origin, Requirement,
    UserId,
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
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn hex(digits: &Value) -> Vec<u8> {
    let digits = digits.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Returns the credential that a registration makes.
fn stored(party: &RelyingParty, verified: &VerifiedAttestation) -> Credential {
    let mut credential = Credential::new(
        UserId::new("us-1").unwrap(),
        verified.kind(),
        verified.credential_id().clone(),
        CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap(),
        verified.public_key().clone(),
        party.id(),
        Origin::new(verified.origin().unwrap().as_str()).unwrap(),
    );
    credential.digest = verified.digest();
    credential.fido2 = verified.fido2().cloned();
    credential
}

/// Returns the signature that it makes later.
fn signed_with(verified: &VerifiedAttestation, vector: &Value) -> Assertion {
    let (client_data, signature) = (hex(&vector["clientDataJSON"]), hex(&vector["signature"]));
    Assertion::new(verified.kind(), verified.credential_id().clone(), client_data, signature)
        .with_fido2(Fido2Assertion::new(hex(&vector["authenticatorData"]), None))
}

#[test]
fn keys_are_accepted_and_refused_as_published() {
    let vectors = vectors("key_registration.json");
    assert_eq!(vectors.len(), 14);
    for vector in &vectors {
        let party = RelyingParty::new("example.com", "Example", [text(vector, "origin")]).unwrap();
        let challenge = Challenge::new(text(vector, "challenge")).unwrap();
        let attestation = Attestation::new(
            CredentialKind::Key,
            CredentialId::new(text(vector, "credId")).unwrap(),
            bytes(text(vector, "clientData")),
            bytes(text(vector, "attestationData")),
        );
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
fn passkeys_are_accepted_and_then_sign() {
    assert_eq!(accepted_passkeys(&AttestationEngine::default()), ["none", "packed", "packed", "tpm"]);
}

/// webauthn-rs-core 0.6.2 can't verify any TPM statement.
#[cfg(feature = "webauthn-rs")]
#[test]
fn passkeys_are_accepted_as_far_as_webauthn_rs_can_verify_them() {
    assert_eq!(accepted_passkeys(&AttestationEngine::WebauthnRs), ["none", "packed", "packed"]);
}

/// Returns the formats that the engine accepts. It refuses the others for their statements, and an
/// accepted passkey then signs.
fn accepted_passkeys(engine: &AttestationEngine) -> Vec<String> {
    let vectors = vectors("fido2_registration.json");
    assert_eq!(vectors.len(), 4);
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Preferred;
    let mut accepted = Vec::new();
    for vector in &vectors {
        let party = RelyingParty::new(text(vector, "rp_id"), "Example", [text(vector, "origin")]).unwrap();
        let challenge = Challenge::new(text(vector, "challenge_b64url")).unwrap();
        let attestation = Attestation::new(
            CredentialKind::Fido2,
            CredentialId::new(text(vector, "credential_id_b64url")).unwrap(),
            bytes(text(vector, "clientDataJSON_b64url")),
            bytes(text(vector, "attestationObject_b64url")),
        );
        let expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
        let format = text(vector, "fmt");
        let verified = match verify(&party, &expected.with_attestation_engine(engine), &attestation) {
            Ok(verified) => verified,
            Err(VerifyError::Statement(_)) => continue,
            Err(error) => panic!("{format}: {error:?}"),
        };
        assert_eq!(verified.fido2().unwrap().format, format);
        let assertion = signed_with(&verified, &vector["authentication"]);
        let mut bent = assertion.clone();
        bent.client_data.push(b' ');
        let check = |assertion: &Assertion| {
            let credential = stored(&party, &verified);
            let challenge = URL_SAFE_NO_PAD.encode(hex(&vector["authentication"]["challenge"]));
            let challenge = Challenge::new(challenge).unwrap();
            let expected = assertion::Expected::new(&challenge);
            let expected = expected.with_user_verification(Requirement::Preferred);
            assertion::verify(&party, &expected, &credential, assertion)
        };
        let signed = check(&assertion).unwrap_or_else(|error| panic!("{format}: {error:?}"));
        assert_eq!(signed.sign_count(), 0);
        assert!(matches!(check(&bent), Err(assertion::AssertionError::Signature)), "{format}");
        accepted.push(format.to_owned());
    }
    accepted
}
