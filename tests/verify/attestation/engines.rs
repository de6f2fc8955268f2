//! The choice of an engine, from the builder to the endpoint.

use std::sync::Arc;

use credential_code::attestation::{AttestationEngine, NativeEngine, TrustAnchors};
use credential_code::flow::CodeFlowBuilder;
use credential_code::model::{
    AttestationConveyance, AttestationTrust, CoseAlgorithm, CredentialKind, Fido2Policy, Fido2Properties,
};
use credential_code::site::BuildError;
use credential_code::testing::{SoftAuthenticator, StatementFormat, flow_builder};

use super::certificates::root;
use super::registration::{AAGUID, check, check_with};
use super::tpm::Tpm;
use crate::support::{ORIGIN, PARTY, World, register_body, text};

fn offering(algorithms: &[CoseAlgorithm]) -> Fido2Policy {
    let mut policy = Fido2Policy::default();
    policy.algorithms = algorithms.to_vec();
    policy
}

fn refused(builder: CodeFlowBuilder) -> &'static str {
    match builder.build() {
        Err(BuildError::Invalid { setting: "attestation_engine", rule }) => rule,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn an_algorithm_is_offered_only_if_the_engine_verifies_it() {
    let algorithms = [CoseAlgorithm::EdDsa, CoseAlgorithm::Rs384, CoseAlgorithm::Rs512];
    for algorithm in algorithms {
        let policy = offering(&[CoseAlgorithm::Es256, algorithm]);
        let builder = || flow_builder(&Arc::default()).fido2_policy(policy.clone());
        assert!(refused(builder()).contains("can't be verified by the attestation engine"), "{algorithm:?}");
        assert!(builder().attestation_engine(NativeEngine::new()).build().is_ok(), "{algorithm:?}");
    }
}

#[test]
fn trust_is_required_only_of_what_is_asked_for() {
    let with = |anchors, attestation| {
        let mut policy = Fido2Policy::default();
        policy.attestation = attestation;
        let engine = NativeEngine::new().trust_only(anchors);
        let flow = flow_builder(&Arc::default()).kinds([CredentialKind::Fido2]);
        flow.fido2_policy(policy).attestation_engine(engine)
    };
    let anchors = || TrustAnchors::new().with_root(&root(), [AAGUID]).unwrap();
    assert!(refused(with(TrustAnchors::new(), AttestationConveyance::Direct)).contains("no root"));
    assert!(refused(with(anchors(), AttestationConveyance::None)).contains("asks for no attestation"));
    assert!(with(anchors(), AttestationConveyance::Direct).build().is_ok());
}

/// Whoever has a code chooses the kind, and could do without trust by choosing a key.
#[test]
fn trust_is_no_use_where_keys_are_allowed_by_default() {
    let anchors = TrustAnchors::new().with_root(&root(), [AAGUID]).unwrap();
    let mut policy = Fido2Policy::default();
    policy.attestation = AttestationConveyance::Direct;
    let engine = NativeEngine::new().trust_only(anchors);
    let builder =
        || flow_builder(&Arc::default()).fido2_policy(policy.clone()).attestation_engine(engine.clone());
    assert!(refused(builder()).contains("say with `kinds`"));
    assert!(builder().kinds([CredentialKind::Fido2, CredentialKind::RecoveryKey]).build().is_ok());
}

#[test]
fn the_default_engine_is_webauthn_rs() {
    assert!(matches!(AttestationEngine::default(), AttestationEngine::WebauthnRs));
    // It can verify no TPM's statement.
    assert!(check_with(&AttestationEngine::default(), &Tpm::new().attest()).is_err());
    assert!(check(&Tpm::new().attest()).is_ok());
}

#[tokio::test]
async fn the_chosen_engine_verifies_registrations() {
    // A self attestation of a listed model is refused by whoever requires trust, and by nobody else.
    let anchors = TrustAnchors::new().with_root(&root(), [[0; 16]]).unwrap();
    let mut policy = Fido2Policy::default();
    policy.attestation = AttestationConveyance::Direct;
    let strict = World::with(|flow| {
        let engine = NativeEngine::new().trust_only(anchors);
        flow.kinds([CredentialKind::Fido2]).fido2_policy(policy).attestation_engine(engine)
    });
    let lenient = World::with(|flow| flow.attestation_engine(NativeEngine::new()));
    for (world, status) in [(strict, 400), (lenient, 200)] {
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
