//! Laws of verification and of parsing, over random input.

use credential_code::RelyingParty;
use credential_code::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError, verify};
use credential_code::crypto::Digest;
use credential_code::model::{
    Challenge, CodeFormat, CoseAlgorithm, CredentialId, CredentialKind, Fido2Policy, Origin,
};
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

/// Returns a good registration of each sort, and whether its every byte is signed.
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
            // Changes the case of a letter, or a sign: no two spellings can be closer.
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

#[test]
fn a_passkey_is_for_the_relying_party_that_it_was_made_for() {
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    assert!(check(&passkey.attest(PARTY, ORIGIN, CHALLENGE)).is_ok());
    for other in ["app.example.com", "example.net", "EXAMPLE.COM", ""] {
        let refused = check(&passkey.attest(other, ORIGIN, CHALLENGE));
        assert!(matches!(refused, Err(VerifyError::RelyingParty)), "{other}: {refused:?}");
    }
}

/// Returns client data of a ceremony, with more members.
fn client_data(ceremony: &str, more: &serde_json::Value) -> String {
    let mut data = json!({ "type": ceremony, "challenge": CHALLENGE, "origin": ORIGIN });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data.to_string()
}

#[test]
fn nothing_is_registered_from_inside_a_frame() {
    let (passkey, key) = (SoftAuthenticator::new(StatementFormat::None), KeyClient::p256());
    let attest = |more: &serde_json::Value| {
        [
            passkey.attest_client_data(PARTY, client_data("webauthn.create", more)),
            key.attest_client_data(CredentialKind::Key, client_data("key.create", more)),
        ]
    };
    for whole in [json!({}), json!({ "crossOrigin": false })] {
        assert!(attest(&whole).iter().all(|attestation| check(attestation).is_ok()), "{whole}");
    }
    for framed in [
        json!({ "crossOrigin": true }),
        json!({ "topOrigin": "https://elsewhere.example" }),
        json!({ "crossOrigin": false, "topOrigin": ORIGIN }),
        json!({ "crossOrigin": true, "topOrigin": ORIGIN }),
    ] {
        for attestation in attest(&framed) {
            let refused = check(&attestation);
            assert!(matches!(refused, Err(VerifyError::CrossOrigin)), "{framed}: {refused:?}");
        }
    }
}

#[test]
fn a_signature_of_another_ceremony_registers_nothing() {
    let (passkey, key) = (SoftAuthenticator::new(StatementFormat::PackedSelf), KeyClient::p256());
    let types = ["webauthn.get", "key.get", "payment.get", "webauthn.Create", "key.create ", ""];
    for ceremony in types {
        let data = client_data(ceremony, &json!({}));
        let attestations = [
            passkey.attest_client_data(PARTY, data.clone()),
            key.attest_client_data(CredentialKind::Key, data),
        ];
        for attestation in attestations {
            let refused = check(&attestation);
            assert!(matches!(refused, Err(VerifyError::Type)), "{ceremony}: {refused:?}");
        }
    }
}

#[test]
fn kind_algorithm_and_verification_are_those_that_were_asked_for() {
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
    let challenge = Challenge::new(CHALLENGE).unwrap();
    let recovery = Expected::new(CredentialKind::RecoveryKey, &challenge);
    let key = KeyClient::p256().attest(CredentialKind::Key, CHALLENGE);
    assert!(matches!(verify(&party, &recovery, &key), Err(VerifyError::Kind)));

    let asked = Fido2Policy::default();
    let mut by_rsa = Fido2Policy::default();
    by_rsa.algorithms = vec![CoseAlgorithm::Rs256];
    let check = |passkey: &SoftAuthenticator, policy: &Fido2Policy| {
        let expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(policy);
        verify(&party, &expected, &passkey.attest(PARTY, ORIGIN, CHALLENGE))
    };
    let mut passkey = SoftAuthenticator::new(StatementFormat::None);
    assert!(check(&passkey, &asked).is_ok());
    assert!(matches!(check(&passkey, &by_rsa), Err(VerifyError::AlgorithmNotOffered)));
    // The flag that says that the person was verified is missing.
    passkey.flags &= !0x04;
    assert!(matches!(check(&passkey, &asked), Err(VerifyError::UserNotVerified)));
}

#[test]
fn an_attestation_object_ends_where_it_ends() {
    for behind in [&[0][..], &[0xf6], &[0xff], &[0xa0]] {
        let mut passkey = SoftAuthenticator::new(StatementFormat::None).attest(PARTY, ORIGIN, CHALLENGE);
        passkey.attestation_data.extend_from_slice(behind);
        let refused = check(&passkey);
        assert!(matches!(refused, Err(VerifyError::AttestationData(_))), "{behind:?}: {refused:?}");
    }
}

/// A client may send members that nobody asked for. If two readers could read one differently, it
/// is refused there, too.
#[test]
fn what_a_key_sends_beside_its_proof_has_one_reading() {
    let good = KeyClient::p256().attest(CredentialKind::Key, CHALLENGE);
    let text = String::from_utf8(good.attestation_data.clone()).unwrap();
    let with = |more: &str| {
        let mut key = good.clone();
        key.attestation_data = format!("{},{more}}}", text.strip_suffix('}').unwrap()).into();
        check(&key)
    };
    let deep = format!("\"x\":{}{}", "[".repeat(200), "]".repeat(200));
    for fine in [r#""x":1"#, r#""x":{"y":[1,{"z":null}]}"#, r#""x":"\u00e9""#] {
        assert!(with(fine).is_ok(), "{fine}");
    }
    for odd in [r#""x":1,"x":2"#, r#""x":1,"\u0078":2"#, r#""x":{"y":1,"y":1}"#, r#""x":"\ud800""#, &deep] {
        assert!(matches!(with(odd), Err(VerifyError::KeyData(_))), "{odd}");
    }
}

/// Nobody signs the label. Tools take `RSA-SHA256` for the name of SHA-256 with any key. With a
/// label of another digest the signature fails.
#[test]
fn the_label_of_a_keys_algorithm_names_a_digest_and_no_kind_of_key() {
    for good in [KeyClient::p256(), KeyClient::ed25519()].map(|it| it.attest(CredentialKind::Key, CHALLENGE))
    {
        let labelled = |label: &str| {
            let mut key = good.clone();
            let mut data: serde_json::Value = serde_json::from_slice(&key.attestation_data).unwrap();
            data["algorithm"] = label.into();
            key.attestation_data = data.to_string().into();
            check(&key)
        };
        for label in ["SHA256", "RSA-SHA256"] {
            assert_eq!(labelled(label).unwrap().digest(), Digest::Sha256, "{label}");
        }
        for label in ["", "sha256", "RSA-SHA512", "SHA1", "none"] {
            assert!(matches!(labelled(label), Err(VerifyError::AttestationData(_))), "{label}");
        }
    }
}

/// A forger would gain a second try with the same challenge.
#[test]
fn a_person_can_mend_what_they_chose_and_no_forgery() {
    let mendable = [VerifyError::UserNotVerified, VerifyError::AlgorithmNotOffered, VerifyError::Untrusted];
    assert!(mendable.iter().all(VerifyError::is_mendable));
    let forged =
        [VerifyError::Signature, VerifyError::Challenge, VerifyError::Origin, VerifyError::RelyingParty];
    assert!(!forged.iter().any(VerifyError::is_mendable));
}
