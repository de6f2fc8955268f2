//! The choice of an engine, from the builder to the endpoint.

use std::sync::Arc;

use credential_code::attestation::{AttestationEngine, NativeEngine, TrustAnchors};
use credential_code::model::{
    AttestationConveyance, AttestationTrust, CoseAlgorithm, CredentialKind, Fido2Policy, Fido2Properties,
};
use credential_code::site::BuildError;
use credential_code::testing::{SoftAuthenticator, StatementFormat, site};
use credential_code::{CodeFlow, CodePolicy};

use super::certificates::root;
use super::registration::{AAGUID, check_by_default, check_with};
use super::tpm::Tpm;
use crate::support::{ORIGIN, PARTY, World, register_body, text};

fn offering(algorithms: &[CoseAlgorithm]) -> Fido2Policy {
    let mut policy = Fido2Policy::default();
    policy.algorithms = algorithms.to_vec();
    policy
}

fn build(policy: CodePolicy) -> Result<CodeFlow, BuildError> {
    CodeFlow::new(&site(&Arc::default()), policy)
}

fn refused(policy: CodePolicy) -> &'static str {
    match build(policy) {
        Err(BuildError::Invalid { setting: "attestation_engine", rule }) => rule,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn an_algorithm_is_offered_only_if_the_engine_verifies_it() {
    for algorithm in [CoseAlgorithm::EdDsa, CoseAlgorithm::Rs384, CoseAlgorithm::Rs512] {
        let policy = offering(&[CoseAlgorithm::Es256, algorithm]);
        let codes = || CodePolicy::default().fido2_policy(policy.clone());
        assert!(build(codes()).is_ok(), "{algorithm:?}");
        assert!(build(codes().attestation_engine(NativeEngine::new())).is_ok(), "{algorithm:?}");
        #[cfg(feature = "webauthn-rs")]
        {
            let core = codes().attestation_engine(AttestationEngine::WebauthnRs);
            assert!(refused(core).contains("can't be verified by the attestation engine"), "{algorithm:?}");
        }
    }
}

#[test]
fn trust_is_required_only_of_what_is_asked_for() {
    let with = |anchors, attestation| {
        let mut policy = Fido2Policy::default();
        policy.attestation = attestation;
        let engine = NativeEngine::new().trust_only(anchors);
        let codes = CodePolicy::default().kinds([CredentialKind::Fido2]);
        codes.fido2_policy(policy).attestation_engine(engine)
    };
    let anchors = || TrustAnchors::new().with_root(&root(), [AAGUID]).unwrap();
    assert!(refused(with(TrustAnchors::new(), AttestationConveyance::Direct)).contains("no root"));
    assert!(refused(with(anchors(), AttestationConveyance::None)).contains("asks for no attestation"));
    assert!(build(with(anchors(), AttestationConveyance::Direct)).is_ok());
}

/// Anybody who has a code chooses the kind. They could avoid the demand for trust by choosing a
/// key.
#[test]
fn trust_is_no_use_where_keys_are_allowed_by_default() {
    let anchors = TrustAnchors::new().with_root(&root(), [AAGUID]).unwrap();
    let mut policy = Fido2Policy::default();
    policy.attestation = AttestationConveyance::Direct;
    let engine = NativeEngine::new().trust_only(anchors);
    let codes = || CodePolicy::default().fido2_policy(policy.clone()).attestation_engine(engine.clone());
    assert!(refused(codes()).contains("say with `kinds`"));
    assert!(build(codes().kinds([CredentialKind::Fido2, CredentialKind::RecoveryKey])).is_ok());
}

#[test]
fn the_default_engine_is_native_and_trusts_nobody() {
    assert!(matches!(AttestationEngine::default(), AttestationEngine::Native(_)));
    // No other engine can verify a TPM's statement.
    let tpm = Tpm::new().attest();
    for outcome in [check_with(&AttestationEngine::default(), &tpm), check_by_default(&tpm)] {
        let trust = outcome.unwrap().fido2().unwrap().attestation_trust;
        assert_eq!(trust, AttestationTrust::Untrusted);
    }
    #[cfg(feature = "webauthn-rs")]
    assert!(check_with(&AttestationEngine::WebauthnRs, &tpm).is_err());
}

fn world(change: impl FnOnce(CodePolicy) -> CodePolicy) -> World {
    World::with(|setup| setup.policy(change))
}

#[tokio::test]
async fn the_chosen_engine_verifies_registrations() {
    // Only a policy that requires trust refuses a self attestation of a listed model.
    let anchors = TrustAnchors::new().with_root(&root(), [[0; 16]]).unwrap();
    let mut policy = Fido2Policy::default();
    policy.attestation = AttestationConveyance::Direct;
    let strict = world(|codes| {
        let engine = NativeEngine::new().trust_only(anchors);
        codes.kinds([CredentialKind::Fido2]).fido2_policy(policy).attestation_engine(engine)
    });
    let lenient = world(|codes| codes.attestation_engine(NativeEngine::new()));
    for (world, status) in [
        (strict, 400),
        (lenient, 200),
        #[cfg(feature = "webauthn-rs")]
        (world(|codes| codes.attestation_engine(AttestationEngine::WebauthnRs)), 200),
    ] {
        let challenge = world.challenge(CredentialKind::Fido2).await;
        let passkey = SoftAuthenticator::new(StatementFormat::PackedSelf);
        let attestation = passkey.attest(PARTY, ORIGIN, &text(&challenge, "challenge"));
        let answer = world.register(&register_body(&challenge, &attestation)).await;
        assert_eq!(answer.status, status, "{:?}", answer.body);
        if status == 400 {
            let message = text(&answer.json(), "message");
            assert!(message.contains("not one of those that are trusted here"), "{message}");
        }
    }
}

#[test]
fn properties_that_were_stored_before_are_read_as_untrusted() {
    let stored = r#"{"aaguid":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"format":"packed","sign_count":3,
        "user_verified":true,"backup_eligible":false,"backed_up":false}"#;
    let properties: Fido2Properties = serde_json::from_str(stored).unwrap();
    assert_eq!(properties.attestation_trust, AttestationTrust::Untrusted);
    let mut trusted = properties;
    trusted.attestation_trust = AttestationTrust::Trusted;
    let again: Fido2Properties = serde_json::from_str(&serde_json::to_string(&trusted).unwrap()).unwrap();
    assert_eq!(again, trusted);
}
