//! A release of webauthn-rs-core whose state differs fails the self-test.

use super::*;
use crate::attestation::fido2::self_test::{EngineError, self_test};

/// A release that calls one member by another name.
struct Renamed(&'static str);

impl StatementEngine for Renamed {
    fn can_verify(&self, algorithm: CoseAlgorithm) -> bool {
        WebauthnRs.can_verify(algorithm)
    }

    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError> {
        let kept = Kept::new(input);
        let renamed = |name| if name == self.0 { "renamed" } else { name };
        register(input, kept.members().map(|(name, member)| (renamed(name), member)))
    }
}

/// A release that takes the state and means something else by it.
struct OtherChallenge;

impl StatementEngine for OtherChallenge {
    fn can_verify(&self, algorithm: CoseAlgorithm) -> bool {
        WebauthnRs.can_verify(algorithm)
    }

    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError> {
        register(input, Kept { challenge: "AAAA".into(), ..Kept::new(input) }.members())
    }
}

#[test]
fn a_state_of_another_form_fails_the_self_test() {
    self_test(&Renamed("")).unwrap();
    // The attachment is optional, and it has no value anyway.
    self_test(&Renamed("authenticator_attachment")).unwrap();
    for name in [
        "policy",
        "exclude_credentials",
        "challenge",
        "credential_algorithms",
        "require_resident_key",
        "extensions",
        "allow_synchronised_authenticators",
    ] {
        assert!(matches!(self_test(&Renamed(name)), Err(EngineError::RefusesGood(_))), "{name}");
    }
    assert!(matches!(self_test(&OtherChallenge), Err(EngineError::RefusesGood(_))));
}
