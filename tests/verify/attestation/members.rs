use credential_code::attestation::{AttestationEngine, NativeEngine, VerifyError};

use super::certificates::root;
use super::keys::Key;
use super::packed::Packed;
use super::registration::{Member, Passkey, check_with};

pub(super) fn engines() -> Vec<AttestationEngine> {
    vec![
        NativeEngine::new().into(),
        #[cfg(feature = "webauthn-rs")]
        AttestationEngine::WebauthnRs,
    ]
}

/// Returns a self attestation with more members in its statement.
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

/// webauthn-rs-core checks with any algorithm that the certificate has.
#[test]
fn a_statement_names_the_algorithm_of_its_certificate_whatever_the_engine() {
    for engine in engines() {
        let mut packed = Packed::new();
        assert!(check_with(&engine, &packed.attest()).is_ok(), "{engine:?}");
        // It signs with the same digest, and so the signature is the same.
        packed.algorithm = -257;
        assert!(check_with(&engine, &packed.attest()).is_err(), "{engine:?}");
    }
}

/// webauthn-rs-core does not look.
#[test]
fn a_statement_of_the_format_none_is_empty_whatever_the_engine() {
    let passkey = Passkey::new(Key::p256(1));
    for engine in engines() {
        assert!(check_with(&engine, &passkey.attest("none", &[])).is_ok(), "{engine:?}");
        let refused =
            check_with(&engine, &passkey.attest("none", &[("ver", Member::Text("2.0"))])).unwrap_err();
        assert!(matches!(refused, VerifyError::AttestationData(_)), "{engine:?}: {refused:?}");
    }
}

/// Published attestations have one.
#[test]
fn an_attestation_may_have_an_indefinite_length_whatever_the_engine() {
    let mut attestation = Passkey::new(Key::p256(1)).attest("none", &[]);
    attestation.attestation_data[0] = 0xbf;
    for engine in engines() {
        assert!(check_with(&engine, &attestation).is_err(), "{engine:?}: without an end");
    }
    attestation.attestation_data.push(0xff);
    for engine in engines() {
        assert!(check_with(&engine, &attestation).is_ok(), "{engine:?}");
    }
}

/// webauthn-rs-core has no bound of its own.
#[test]
fn a_statement_has_eight_certificates_at_most_whatever_the_engine() {
    for engine in engines() {
        let mut packed = Packed::with_chain();
        assert!(check_with(&engine, &packed.attest()).is_ok(), "{engine:?}");
        packed.issuers.resize(7, root());
        let judged = check_with(&engine, &packed.attest());
        assert!(!matches!(judged, Err(VerifyError::AttestationData(_))), "{engine:?}: {judged:?}");
        packed.issuers.resize(8, root());
        let refused = check_with(&engine, &packed.attest()).unwrap_err();
        assert!(matches!(refused, VerifyError::AttestationData(_)), "{engine:?}: {refused:?}");
    }
}
