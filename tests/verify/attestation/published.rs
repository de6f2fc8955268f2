//! All the registrations of WebAuthn Level 3, section 16.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, NativeEngine, TrustAnchors, VerifiedAttestation, VerifyError,
    verify,
};
use credential_code::model::{AttestationTrust, Challenge, CredentialId, CredentialKind};
use serde_json::Value;

use super::registration::policy;

pub(crate) fn vectors() -> Vec<(String, Vector)> {
    let file: Value = serde_json::from_str(include_str!("../../vectors/webauthn_level_3.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    vectors.iter().map(|vector| (text(vector, "id").to_owned(), Vector::read(vector))).collect()
}

pub(crate) fn root() -> Vec<u8> {
    let file: Value = serde_json::from_str(include_str!("../../vectors/webauthn_level_3.json")).unwrap();
    URL_SAFE_NO_PAD.decode(text(&file, "attestation_root_cert_b64url")).unwrap()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is missing"))
}

pub(crate) struct Vector {
    party: RelyingParty,
    challenge: Challenge,
    pub(crate) attestation: Attestation,
}

impl Vector {
    fn read(vector: &Value) -> Self {
        let bytes = |member| URL_SAFE_NO_PAD.decode(text(vector, member)).unwrap();
        Self {
            party: RelyingParty::new(text(vector, "rp_id"), "Example", [text(vector, "origin")]).unwrap(),
            challenge: Challenge::new(text(vector, "challenge_b64url")).unwrap(),
            attestation: Attestation::new(
                CredentialKind::Fido2,
                CredentialId::new(text(vector, "credId")).unwrap(),
                bytes("clientData"),
                bytes("attestationData"),
            ),
        }
    }

    pub(crate) fn check(
        &self,
        engine: &AttestationEngine,
        attestation: &Attestation,
    ) -> Result<VerifiedAttestation, VerifyError> {
        let policy = policy();
        let expected = Expected::new(CredentialKind::Fido2, &self.challenge).with_fido2_policy(&policy);
        verify(&self.party, &expected.with_attestation_engine(engine), attestation)
    }
}

#[test]
fn the_native_engine_accepts_what_it_should() {
    let mut trusted = 0;
    for (id, vector) in vectors() {
        let outcome = vector.check(&NativeEngine::new().into(), &vector.attestation);
        match (id.trim_start_matches("w3c-"), outcome) {
            // These were made inside a page of another origin.
            ("none-es256-crossOrigin" | "none-es256-topOrigin", outcome) => {
                assert!(matches!(outcome, Err(VerifyError::CrossOrigin)), "{id}: {outcome:?}");
            }
            // Ed448.
            ("packed-ed448", outcome) => {
                assert!(matches!(outcome, Err(VerifyError::AuthenticatorData(_))), "{id}: {outcome:?}");
            }
            // Both of its authorization lists are empty, so no origin is `GENERATED`.
            ("android-key-es256", outcome) => {
                assert!(matches!(outcome, Err(VerifyError::Statement(_))), "{id}: {outcome:?}");
            }
            (id, outcome) => {
                let verified = outcome.unwrap_or_else(|error| panic!("{id}: {error:?}"));
                assert_eq!(verified.fido2().unwrap().attestation_trust, AttestationTrust::Untrusted, "{id}");
                let anchors =
                    TrustAnchors::new().with_root(&root(), [verified.fido2().unwrap().aaguid]).unwrap();
                let verified =
                    vector.check(&NativeEngine::new().trust(anchors).into(), &vector.attestation).unwrap();
                if verified.fido2().unwrap().attestation_trust == AttestationTrust::Trusted {
                    trusted += 1;
                }
            }
        }
    }
    // Five of packed, TPM's and Apple's. The one of U2F claims a model, which it did not sign.
    assert_eq!(trusted, 7);
}
