use credential_code::attestation::{AttestationEngine, NativeEngine, VerifyError};

use super::keys::Key;
use super::registration::{Member, Passkey, check_with};

fn engines() -> Vec<AttestationEngine> {
    vec![
        NativeEngine::new().into(),
        #[cfg(feature = "webauthn-rs")]
        AttestationEngine::WebauthnRs,
    ]
}

/// A self attestation with more in its statement.
fn attested_with(more: &[(&str, Member)]) -> credential_code::attestation::Attestation {
    let passkey = Passkey::new(Key::p256(1));
    let signature = passkey.key.sign(-7, &passkey.signed_message());
    let statement = [("alg", Member::Number(-7)), ("sig", Member::Bytes(signature))];
    passkey.attest("packed", &[statement.as_slice(), more].concat())
}

#[test]
fn a_statement_has_no_unknown_member_and_none_twice_whatever_the_engine() {
    let wrong: [&[(&str, Member)]; 5] = [
        &[("more", Member::Number(1))],
        &[("more", Member::Number(1)), ("more", Member::Number(1))],
        &[("ecdaaKeyId", Member::Bytes(Vec::new()))],
        &[("Alg", Member::Number(-7))],
        &[("alg", Member::Number(-7))],
    ];
    for engine in engines() {
        assert!(check_with(&engine, &attested_with(&[])).is_ok(), "{engine:?}");
        for more in wrong {
            let refused = check_with(&engine, &attested_with(more)).unwrap_err();
            assert!(matches!(refused, VerifyError::AttestationData(_)), "{engine:?}: {refused:?}");
        }
    }
}
