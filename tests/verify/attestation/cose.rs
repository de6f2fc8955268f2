//! The key in authenticator data, in COSE.

use credential_code::attestation::VerifyError;

use super::keys::Key;
use super::members::engines;
use super::registration::{Passkey, check, check_with};

#[test]
fn a_key_is_of_the_type_that_its_algorithm_has_whatever_the_engine() {
    // The type and the algorithm, as an authenticator writes them, and another algorithm in as many
    // bytes.
    for (key, own, other) in [
        (Key::p256(1), &b"\x01\x02\x03\x26"[..], &b"\x01\x02\x03\x27"[..]),
        (Key::ed25519(1), b"\x01\x01\x03\x27", b"\x01\x01\x03\x26"),
        (Key::rsa(), b"\x01\x03\x03\x39\x01\x00", b"\x01\x03\x03\x39\x00\x06"),
    ] {
        let mut attestation = Passkey::new(key).attest("none", &[]);
        assert!(check(&attestation).is_ok(), "{own:x?}");
        let data = &mut attestation.attestation_data;
        let at = data.windows(own.len()).position(|window| window == own).unwrap();
        data[at..at + own.len()].copy_from_slice(other);
        for engine in engines() {
            let refused = check_with(&engine, &attestation).unwrap_err();
            assert!(matches!(refused, VerifyError::AuthenticatorData(_)), "{engine:?}: {refused:?}");
        }
    }
}
