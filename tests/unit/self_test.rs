//! The self-test can fail.

use super::*;
use crate::attestation::fido2::engine::{NativeEngine, StatementInput};
use crate::model::{AttestationTrust, CoseAlgorithm};

/// Judges as it is told.
struct Always(bool);

impl StatementEngine for Always {
    fn can_verify(&self, _: CoseAlgorithm) -> bool {
        true
    }

    fn verify_statement(&self, _: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError> {
        self.0.then_some(AttestationTrust::Untrusted).ok_or(VerifyError::Signature)
    }
}

#[test]
fn every_engine_passes() {
    self_test(&NativeEngine::new()).unwrap();
    AttestationEngine::WebauthnRs.check().unwrap();
}

#[test]
fn an_engine_that_does_not_look_fails() {
    assert!(matches!(self_test(&Always(true)), Err(EngineError::AcceptsForgery)));
    assert!(matches!(self_test(&Always(false)), Err(EngineError::RefusesGood(_))));
}

#[test]
fn the_text_says_what_to_do_with_the_release_of_our_own_lock_file() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    // The tests of the bridge bring another version than that of the engine.
    let versions = lock.split("name = \"webauthn-rs-core\"\nversion = \"").skip(1);
    let ours =
        versions.map(|rest| rest.split_once('"').unwrap().0).find(|version| version.starts_with("0.6."));
    let ours = ours.unwrap();
    let text = EngineError::AcceptsForgery.to_string();
    assert!(text.contains(&format!("cargo update -p webauthn-rs-core --precise {ours}")), "{text}");
}
