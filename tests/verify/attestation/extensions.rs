//! Outputs of extensions in authenticator data. Nobody asks for any, but they are read all the
//! same.

use credential_code::attestation::{AttestationEngine, VerifyError};

use super::keys::Key;
use super::members::engines;
use super::registration::{Member, Passkey, check_with};

/// Returns a self attestation with extensions. It signs them, as it signs all of the authenticator
/// data.
fn attested_with(extensions: &[u8]) -> credential_code::attestation::Attestation {
    let mut passkey = Passkey::new(Key::p256(1));
    passkey.flags |= 0x80;
    passkey.extensions = extensions.to_vec();
    let signature = passkey.key.sign(-7, &passkey.signed_message());
    let statement = [("alg", Member::Number(-7)), ("sig", Member::Bytes(signature))];
    passkey.attest("packed", &statement)
}

#[test]
fn extensions_that_nobody_asked_for_are_passed_over() {
    let outputs = [
        &b"\xa0"[..],
        // credProtect: 2
        b"\xa1\x6bcredProtect\x02",
        // hmac-secret: true, minPinLength: 4
        b"\xa2\x6bhmac-secret\xf5\x6cminPinLength\x04",
        // a map within
        b"\xa1\x61a\xa1\x61b\x01",
        // as deep as may be
        b"\xa1\x61a\x81\x81\x81\x81\x81\x81\x00",
    ];
    for engine in engines() {
        for extensions in outputs {
            let verified = check_with(&engine, &attested_with(extensions));
            assert!(verified.is_ok(), "{engine:?}: {extensions:?}: {verified:?}");
        }
    }
}

/// The other engine refuses some of them.
#[test]
fn tags_and_simple_values_of_extensions_are_passed_over() {
    for (extensions, what) in [
        (&b"\xa1\x61a\xc1\x01"[..], "a tag"),
        (b"\xa1\x61a\xe0", "a simple value in one byte"),
        (b"\xa1\x61a\xf8\xff", "a simple value in two bytes"),
    ] {
        let verified = check_with(&AttestationEngine::default(), &attested_with(extensions));
        assert!(verified.is_ok(), "{what}: {verified:?}");
    }
}

/// Parts that the native engine itself does not look at have to be well-formed, too.
#[test]
fn extensions_are_a_map_of_names_each_once_and_well_formed_whatever_the_engine() {
    let deep = |level: &[u8]| [b"\xa1\x61a", level.repeat(7).as_slice(), b"\x00"].concat();
    let wrong = [
        (&b""[..], "missing"),
        (b"\x80", "no map"),
        (b"\xa1\x61a", "cut off"),
        (b"\xa0\x00", "something behind it"),
        (b"\xa1\x01\x02", "a number for a name"),
        (b"\xa1\x61a\xff", "a break that ends nothing"),
        (b"\xa1\x61a\xf8\x10", "a small simple value in two bytes"),
        (b"\xa1\x61a\xf8\x14", "false in two bytes"),
        (b"\xa1\x61a\x1c", "a length that has no meaning"),
        (b"\xa2\x61a\x01\x61a\x02", "an extension twice"),
        (b"\xa2\x61a\x01\x78\x01a\x02", "an extension twice, in two spellings"),
        (b"\xbf\x61a\x01\xff", "an indefinite length"),
        (b"\xa1\x61a\x9f\xff", "an indefinite length within"),
        (&deep(b"\x81"), "arrays nested too deeply"),
        (&deep(b"\xa1\x01"), "maps nested too deeply"),
        (&deep(b"\xc1"), "tags nested too deeply"),
    ];
    for engine in engines() {
        for (extensions, what) in wrong {
            let refused = check_with(&engine, &attested_with(extensions));
            assert!(
                matches!(refused, Err(VerifyError::AuthenticatorData(_))),
                "{engine:?}: {what}: {refused:?}"
            );
        }
    }
}
