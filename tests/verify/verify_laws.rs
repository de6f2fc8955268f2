//! Laws of verification and of parsing, over input that nobody thought of.

use credential_code::RelyingParty;
use credential_code::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError, verify};
use credential_code::model::{Challenge, CodeFormat, CredentialId, CredentialKind, Origin};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{KINDS, ORIGIN, PARTY, base64url};

const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

fn check(attestation: &Attestation) -> Result<VerifiedAttestation, VerifyError> {
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
    let challenge = Challenge::new(CHALLENGE).unwrap();
    verify(&party, &Expected::new(attestation.kind, &challenge), attestation)
}

/// A good registration of each sort, and whether its every byte is signed.
fn registrations() -> Vec<(Attestation, bool)> {
    let passkey = |format| SoftAuthenticator::new(format).attest(PARTY, ORIGIN, CHALLENGE);
    vec![
        (passkey(StatementFormat::None), false),
        (passkey(StatementFormat::PackedSelf), true),
        (KeyClient::p256().attest(CredentialKind::Key, CHALLENGE), true),
        (KeyClient::ed25519().attest(CredentialKind::PasswordProtectedKey, CHALLENGE), true),
        (KeyClient::p256().attest(CredentialKind::RecoveryKey, CHALLENGE), true),
    ]
}

#[test]
fn what_is_flipped_in_client_data_is_refused_or_unsigned() {
    for (good, is_signed) in registrations() {
        let key = check(&good).unwrap().public_key().clone();
        for index in 0..good.client_data.len() {
            for bit in [0, 5, 7] {
                let mut flipped = good.clone();
                flipped.client_data[index] ^= 1 << bit;
                if let Ok(verified) = check(&flipped) {
                    assert!(!is_signed, "{:?}: byte {index}, bit {bit}", good.kind);
                    assert_eq!(verified.public_key(), &key);
                }
            }
        }
    }
}

#[test]
fn what_is_flipped_in_attestation_data_is_refused_or_changes_nothing_that_was_signed() {
    for (good, is_signed) in registrations() {
        let before = check(&good).unwrap();
        for index in 0..good.attestation_data.len() {
            let mut flipped = good.clone();
            // The case of a letter, or a sign: the closest that two spellings can be.
            flipped.attestation_data[index] ^= 0x20;
            if let Ok(verified) = check(&flipped) {
                assert_eq!(verified.public_key(), before.public_key(), "byte {index} of {:?}", good.kind);
                assert_eq!(verified.credential_id(), before.credential_id());
                assert_eq!(verified.digest(), before.digest());
                if is_signed {
                    assert_eq!(verified.fido2(), before.fido2());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn random_bytes_are_refused_without_panic(
        client_data in prop::collection::vec(any::<u8>(), 0..300),
        attestation_data in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for (good, _) in registrations() {
            let mut bad = [good.clone(), good];
            bad[0].client_data.clone_from(&client_data);
            bad[1].attestation_data.clone_from(&attestation_data);
            prop_assert!(bad.iter().all(|bad| check(bad).is_err()));
        }
    }

    #[test]
    fn a_passkey_with_random_bytes_in_it_makes_no_panic(
        splices in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        for (mut good, _) in registrations() {
            for (index, byte) in &splices {
                let index = index.index(good.attestation_data.len());
                good.attestation_data[index] = *byte;
            }
            let _ = check(&good);
            good.attestation_data.truncate(cut.index(good.attestation_data.len()));
            prop_assert!(check(&good).is_err());
        }
    }

    #[test]
    fn parsing_a_code_never_panics_and_is_idempotent(typed in "\\PC{0,40}|[A-Za-z2-9 \t-]{9,14}") {
        if let Ok(code) = CodeFormat::TYPED.parse(&typed) {
            prop_assert!(typed.is_ascii());
            let again = CodeFormat::TYPED.parse(&code.reveal()).unwrap();
            prop_assert_eq!(again.reveal(), code.reveal());
            prop_assert_eq!(code.reveal().len(), 11);
        }
    }
}

#[test]
fn a_challenge_has_the_spellings_that_clients_use_and_no_others() {
    let once = base64url(CHALLENGE.as_bytes());
    let twice = base64url(once.as_bytes());
    let spellings = [
        (CHALLENGE.into(), &KINDS[..]),
        (once, &[CredentialKind::Fido2, CredentialKind::RecoveryKey]),
        (twice, &[]),
        (format!("{CHALLENGE}=="), &[]),
        (CHALLENGE.to_lowercase(), &[]),
        (CHALLENGE[..CHALLENGE.len() - 1].into(), &[]),
        (format!("{CHALLENGE} "), &[]),
        (String::new(), &[]),
    ];
    for (spelling, accepting) in spellings {
        for kind in KINDS {
            let attestation = match kind {
                CredentialKind::Fido2 => {
                    SoftAuthenticator::new(StatementFormat::PackedSelf).attest(PARTY, ORIGIN, &spelling)
                }
                _ => KeyClient::p256().attest(kind, &spelling),
            };
            assert_eq!(check(&attestation).is_ok(), accepting.contains(&kind), "{kind}: {spelling}");
        }
    }
}

const OTHER_SPELLINGS: [&str; 10] = [
    "https://app.example.com/",
    "https://app.example.com/x",
    "https://user@app.example.com",
    "https://user:pass@app.example.com",
    "HTTPS://app.example.com",
    "https://APP.example.com",
    "https://app.example.com:443",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://app.example.com\\x",
];

#[test]
fn an_origin_has_one_spelling() {
    for origin in OTHER_SPELLINGS {
        assert!(Origin::new(origin).is_err(), "{origin}");
    }
    for origin in
        OTHER_SPELLINGS.into_iter().chain(["https://app.example.com:8443", "http://app.example.com", ""])
    {
        let passkey = SoftAuthenticator::new(StatementFormat::None).attest(PARTY, origin, CHALLENGE);
        assert!(matches!(check(&passkey), Err(VerifyError::Origin)), "{origin}");
        let data = json!({ "type": "key.create", "challenge": CHALLENGE, "origin": origin }).to_string();
        let key = KeyClient::p256().attest_client_data(CredentialKind::Key, data);
        assert!(matches!(check(&key), Err(VerifyError::Origin)), "{origin}");
    }
}

#[test]
fn a_keys_name_is_no_part_of_its_proof_and_a_passkeys_is() {
    for (mut good, _) in registrations() {
        good.credential_id = CredentialId::new("AAAA").unwrap();
        assert_eq!(check(&good).is_ok(), good.kind != CredentialKind::Fido2, "{:?}", good.kind);
    }
}
