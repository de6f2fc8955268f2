//! Rows of webauthn-rs, as its versions wrote them, and what happens to those that can't be
//! converted.

use std::collections::{BTreeMap, HashSet};
use std::error::Error as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use credential_code::RelyingParty;
use credential_code::assertion::{Assertion, Expected, Fido2Assertion, verify};
use credential_code::bridge::{self, BridgeError, RowContext};
use credential_code::crypto::{Digest, KeyAlgorithm, PublicKey};
use credential_code::model::{
    AttestationTrust, Challenge, Credential, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    Origin, Transport, UserId,
};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::attestation::keys::Key;
use crate::support::{ORIGIN, PARTY};

/// A row that one version wrote, for a key that the tests have.
#[derive(Deserialize)]
struct Made {
    version: String,
    kind: String,
    algorithm: i64,
    row: String,
}

fn made() -> Vec<Made> {
    serde_json::from_str(include_str!("../vectors/webauthn_rs/made.json")).unwrap()
}

/// Rows of real authenticators, out of webauthn-rs' own tests.
fn published() -> Value {
    serde_json::from_str(include_str!("../vectors/webauthn_rs/published.json")).unwrap()
}

fn published_passkey() -> Value {
    serde_json::from_str(published()["passkey"].as_str().unwrap()).unwrap()
}

fn context() -> RowContext {
    RowContext::new(UserId::new("us-ada").unwrap(), PARTY, Origin::new(ORIGIN).unwrap())
}

fn convert(row: &Value) -> Result<Credential, BridgeError> {
    bridge::credential(&row.to_string(), &context())
}

fn key_of(algorithm: i64) -> Key {
    match algorithm {
        -7 => Key::p256(7),
        -35 => Key::p384(7),
        -36 => Key::p521(7),
        -8 => Key::ed25519(7),
        -257 => Key::rsa(),
        _ => panic!("no key for {algorithm}"),
    }
}

/// Returns the published row with one change at a path.
fn with(path: &str, value: Value) -> Value {
    let mut row = published_passkey();
    *row.pointer_mut(path).unwrap() = value;
    row
}

fn without(path: &str, member: &str) -> Value {
    let mut row = published_passkey();
    row.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(member).unwrap();
    row
}

#[test]
fn rows_of_every_version_have_the_keys_that_they_were_made_of() {
    let mut versions = HashSet::new();
    for Made { version, kind, algorithm, row } in made() {
        let credential = bridge::credential(&row, &context()).unwrap();
        let key = key_of(algorithm);
        assert_eq!(credential.public_key, Some(key.public_key()), "{version}: {kind}, {algorithm}");
        let message = b"a message";
        let signature = key.sign(algorithm, message);
        credential.public_key.unwrap().verify(credential.digest, message, &signature).unwrap();
        let fido2 = credential.fido2.unwrap();
        assert_eq!((fido2.sign_count, fido2.user_verified), (1, true));
        assert_eq!(fido2.attestation_trust, AttestationTrust::Untrusted);
        versions.insert(version);
    }
    assert_eq!(versions.len(), 11, "{versions:?}");
}

#[test]
fn what_a_row_says_of_its_authenticator_is_kept() {
    for Made { version, kind, row, .. } in made() {
        let fido2 = bridge::credential(&row, &context()).unwrap().fido2.unwrap();
        let is_backed_up = version != "0.3.2" && kind != "SecurityKey";
        assert_eq!((fido2.backup_eligible, fido2.backed_up), (is_backed_up, is_backed_up), "{version}");
        assert_eq!(fido2.format, if kind == "SecurityKey" { "packed" } else { "none" });
        // 0.4.8 and before kept no transports of that kind.
        let transports: Vec<_> = fido2.report.transports.iter().map(Transport::as_str).collect();
        let is_known = kind == "SecurityKey" && version != "0.4.8";
        assert_eq!(transports, if is_known { vec!["nfc", "usb"] } else { vec![] }, "{version}");
    }
}

#[test]
fn a_published_row_verifies_what_its_authenticator_signed() {
    let vectors = published();
    let signed = &vectors["signed"];
    let of = |member: &str| signed[member].as_str().unwrap();
    let bytes = |member| URL_SAFE_NO_PAD.decode(of(member)).unwrap();
    let mut context = context();
    context.relying_party_id = of("relying_party").into();
    let credential = bridge::credential(of("row"), &context).unwrap();
    let assertion = Assertion::new(
        CredentialKind::Fido2,
        credential.id.clone(),
        bytes("client_data"),
        bytes("signature"),
    );
    let assertion = assertion.with_fido2(Fido2Assertion::new(bytes("authenticator_data"), None));
    let party = RelyingParty::new(of("relying_party"), "Example", [of("origin")]).unwrap();
    let challenge = Challenge::new(of("challenge")).unwrap();
    let verified = verify(&party, &Expected::new(&challenge), &credential, &assertion).unwrap();
    assert_eq!(verified.sign_count(), 1);
}

/// This row is from the time between two forms. Its id is base64, its coordinates are numbers, and
/// it lacks extensions that came later.
#[test]
fn a_row_between_two_forms_is_read() {
    let vectors = published();
    let row = vectors["security_key"].as_str().unwrap();
    let credential = bridge::credential(row, &context()).unwrap();
    assert_eq!(credential.public_key.unwrap().algorithm(), KeyAlgorithm::P256);
    let fido2 = credential.fido2.unwrap();
    assert_eq!((fido2.format.as_str(), fido2.sign_count, fido2.user_verified), ("packed", 2, false));
}

#[test]
fn every_spelling_of_bytes_is_the_same_credential() {
    let row = published_passkey();
    let expected = convert(&row).unwrap();
    let spellings: [fn(&[u8]) -> Value; 4] = [
        |bytes| json!(bytes),
        |bytes| json!(STANDARD.encode(bytes)),
        |bytes| json!(URL_SAFE.encode(bytes)),
        |bytes| json!(STANDARD.encode(bytes).trim_end_matches('=')),
    ];
    for spell in spellings {
        let mut row = row.clone();
        for path in ["/cred/cred_id", "/cred/cred/key/EC_EC2/x", "/cred/cred/key/EC_EC2/y"] {
            let place = row.pointer_mut(path).unwrap();
            *place = spell(&URL_SAFE_NO_PAD.decode(place.as_str().unwrap()).unwrap());
        }
        assert_eq!(convert(&row).unwrap(), expected);
    }
}

#[test]
fn a_row_is_read_with_its_wrapper_and_without_and_as_text_in_json() {
    let row = published_passkey();
    let expected = convert(&row).unwrap();
    assert_eq!(convert(&row["cred"]).unwrap(), expected);
    assert_eq!(convert(&json!(row.to_string())).unwrap(), expected);
}

/// 0.2 kept no flag, and the old name of the algorithm.
#[test]
fn a_row_of_before_there_were_flags_is_read() {
    let row = published_passkey();
    let mut cred = row["cred"]["cred"].clone();
    cred["type_"] = json!("ECDSA_SHA256");
    let id = URL_SAFE_NO_PAD.decode(row["cred"]["cred_id"].as_str().unwrap()).unwrap();
    let credential = convert(&json!({ "cred_id": id, "cred": cred, "counter": 9 })).unwrap();
    assert_eq!(credential.public_key, convert(&row).unwrap().public_key);
    let fido2 = credential.fido2.unwrap();
    assert_eq!((fido2.sign_count, fido2.user_verified, fido2.format.as_str()), (9, false, "none"));
}

/// OpenSSL drops zeros in front of a coordinate, so a table may have fewer or more of them.
#[test]
fn zeros_in_front_of_a_coordinate_change_nothing() {
    let path = "/cred/cred/key/EC_EC2/x";
    let row = published_passkey();
    let x = URL_SAFE_NO_PAD.decode(row.pointer(path).unwrap().as_str().unwrap()).unwrap();
    let longer = [&[0], x.as_slice()].concat();
    assert_eq!(convert(&with(path, json!(longer))).unwrap(), convert(&row).unwrap());

    // Half of all points of P-521 have a zero there.
    let point = (1..).map(Key::p521).find(|key| key.coordinates().0[0] == 0).unwrap();
    let (x, y) = point.coordinates();
    let key = json!({ "EC_EC2": { "curve": "SECP521R1", "x": x[1..], "y": y } });
    let row = with("/cred/cred", json!({ "type_": "ES512", "key": key }));
    assert_eq!(convert(&row).unwrap().public_key, Some(point.public_key()));
}

#[test]
fn every_name_of_a_format_is_the_registered_one() {
    let names = [
        ("Packed", "packed"),
        ("TPM", "tpm"),
        ("Tpm", "tpm"),
        ("AndroidKey", "android-key"),
        ("AndroidSafetyNet", "android-safetynet"),
        ("AndroidSafetynet", "android-safetynet"),
        ("FIDOU2F", "fido-u2f"),
        ("AppleAnonymous", "apple"),
        ("None", "none"),
        ("fido-u2f", "fido-u2f"),
        ("compound", "compound"),
        ("of two words", "none"),
    ];
    for (name, registered) in names {
        let credential = convert(&with("/cred/attestation_format", json!(name))).unwrap();
        assert_eq!(credential.fido2.unwrap().format, registered, "{name}");
    }
}

#[test]
fn the_model_is_that_of_the_metadata() {
    let aaguid = "2fc0579f-8113-47ea-b116-bb5a8db9202a";
    let bytes = 0x2fc0_579f_8113_47ea_b116_bb5a_8db9_202a_u128.to_be_bytes();
    let tpm = json!({ "Tpm": { "aaguid": aaguid, "firmware_version": 7 } });
    for (metadata, expected) in [
        (json!({ "Packed": { "aaguid": aaguid } }), bytes),
        (tpm, bytes),
        (json!({ "AndroidKey": { "is_km_tee": true, "is_attest_tee": true } }), [0; 16]),
        (json!({ "Packed": { "aaguid": "no model" } }), [0; 16]),
        (json!("None"), [0; 16]),
    ] {
        let fido2 = convert(&with("/cred/attestation/metadata", metadata)).unwrap().fido2.unwrap();
        assert_eq!(fido2.aaguid, expected);
        assert_eq!(fido2.attestation_trust, AttestationTrust::Untrusted);
    }
    // The first of 0.4 kept an attestation without metadata.
    let fido2 = convert(&with("/cred/attestation", json!("Self_"))).unwrap().fido2.unwrap();
    assert_eq!(fido2.aaguid, [0; 16]);
}

#[test]
fn what_a_client_said_is_kept_as_far_as_it_has_a_name() {
    let row = with("/cred/transports", json!(["usb", "unknown", "hybrid", "", 5, "usb"]));
    let transports = bridge::descriptor(&row.to_string()).unwrap().transports;
    assert_eq!(transports.iter().map(Transport::as_str).collect::<Vec<_>>(), ["hybrid", "usb"]);
    assert_eq!(convert(&row).unwrap().fido2.unwrap().report.transports, transports);

    for (state, discoverable) in [
        (json!({ "Unsigned": { "rk": true } }), Some(true)),
        (json!({ "Set": { "rk": false } }), Some(false)),
        (json!({ "Unsigned": { "rk": null } }), None),
        (json!("Ignored"), None),
    ] {
        let row = with("/cred/extensions/cred_props", state);
        assert_eq!(convert(&row).unwrap().fido2.unwrap().report.discoverable, discoverable);
    }
}

#[test]
fn what_a_row_does_not_know_is_the_hosts() {
    let mut context = context();
    let row = published_passkey().to_string();
    let credential = bridge::credential(&row, &context).unwrap();
    assert_eq!(credential.kind, CredentialKind::Fido2);
    assert_eq!(credential.uuid, bridge::credential(&row, &context).unwrap().uuid, "the same at each look");
    let other = bridge::credential(published()["security_key"].as_str().unwrap(), &context).unwrap();
    assert_ne!(credential.uuid, other.uuid);

    context.uuid = Some(CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap());
    context.name = "Ada's key".into();
    context.status = CredentialStatus::Deactivated;
    let credential = bridge::credential(&row, &context).unwrap();
    assert_eq!(Some(credential.uuid.clone()), context.uuid);
    assert_eq!((credential.user.as_str(), credential.name.as_str()), ("us-ada", "Ada's key"));
    assert_eq!((credential.relying_party_id.as_str(), credential.origin.as_str()), (PARTY, ORIGIN));
    assert!(!credential.is_active());
}

/// Returns rows, each with words from the reason of its refusal.
fn rows_that_exclude_and_sign_nothing() -> Vec<(Value, &'static str)> {
    let key = "/cred/cred/key";
    let okp = |curve| json!({ "EC_OKP": { "curve": curve, "x": vec![0; 32] } });
    let mut ed448 = with(key, okp("ED448"));
    ed448["cred"]["cred"]["type_"] = json!("EDDSA");
    let mut weak = with(key, okp("ED25519"));
    weak["cred"]["cred"]["type_"] = json!("EDDSA");
    let mut short = with(key, json!({ "RSA": { "n": vec![255; 128], "e": [1, 0, 1] } }));
    short["cred"]["cred"]["type_"] = json!("RS256");
    vec![
        (with("/cred/cred/type_", json!("PS256")), "PS256"),
        (with("/cred/cred/type_", json!("INSECURE_RS1")), "SHA-1"),
        (with("/cred/cred/type_", json!("ES256K")), "without a known name"),
        (with("/cred/cred/type_", json!(-7)), "cred.type_"),
        (with("/cred/cred/type_", json!("ES384")), "public key"),
        (with("/cred/cred/type_", json!("RS256")), "cred.key.RSA"),
        (ed448, "Ed448"),
        (weak, "public key"),
        (short, "public key"),
        // 0.3 had no place for such a key.
        (with(key, json!("EC_OKP")), "cred.key"),
        (with("/cred/cred/key/EC_EC2/x", json!([256])), "EC_EC2.x"),
        (with("/cred/cred/key/EC_EC2/x", json!("not base64!")), "EC_EC2.x"),
        (with("/cred/cred/key/EC_EC2/x", json!([1])), "public key"),
        (without("/cred/cred", "key"), "cred.key"),
        (without("/cred", "cred"), "`cred`"),
        (without("/cred", "counter"), "counter"),
        (with("/cred/counter", json!(u64::from(u32::MAX) + 1)), "counter"),
        (with("/cred/counter", json!("0")), "counter"),
        (with("/cred/backup_eligible", json!("yes")), "backup_eligible"),
        (with("/cred/user_verified", json!(1)), "user_verified"),
    ]
}

#[test]
fn a_row_that_can_not_be_converted_excludes_all_the_same() {
    let id = bridge::descriptor(&published_passkey().to_string()).unwrap().id;
    for (row, reason) in rows_that_exclude_and_sign_nothing() {
        let error = convert(&row).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}, and not {reason}");
        assert!(error.to_string().contains("descriptor"), "{error} does not say what to do");
        assert_eq!(bridge::descriptor(&row.to_string()).unwrap().id, id, "{reason}");
    }
}

#[test]
fn what_has_no_id_is_no_row() {
    for text in ["", "{", "[]", "{}", "7", "null", r#""{}""#, r#"{"cred":{}}"#, r#"{"cred":{"cred":{}}}"#] {
        let error = bridge::descriptor(text).unwrap_err();
        assert!(matches!(error, BridgeError::Json(_) | BridgeError::Form), "{text}: {error}");
    }
    for id in [json!(""), json!([]), json!(vec![0; 1024])] {
        let error = bridge::descriptor(&with("/cred/cred_id", id).to_string()).unwrap_err();
        assert!(matches!(error, BridgeError::Id(_)), "{error}");
        assert!(error.source().is_some());
    }
    let error = bridge::descriptor(&with("/cred/cred_id", json!(7)).to_string()).unwrap_err();
    assert!(matches!(error, BridgeError::Member("cred_id")), "{error}");
}

#[test]
fn a_column_of_several_rows_is_taken_apart() {
    let (passkey, odd) = (published_passkey(), with("/cred/cred/type_", json!("PS256")));
    let column = json!([passkey, odd, 7]).to_string();
    let rows = bridge::rows(&column).unwrap();
    assert!(bridge::credential(rows[0], &context()).is_ok());
    assert!(bridge::credential(rows[1], &context()).is_err());
    assert!(bridge::descriptor(rows[1]).is_ok());
    assert!(bridge::descriptor(rows[2]).is_err());
    assert!(bridge::rows(" [ ] ").unwrap().is_empty());
    assert!(matches!(bridge::rows("{}"), Err(BridgeError::Json(_))));
}

#[test]
fn a_row_that_was_written_here_is_read_as_what_it_was_written_of() {
    for Made { row, .. } in made() {
        let credential = bridge::credential(&row, &context()).unwrap();
        let again = bridge::credential(&bridge::passkey(&credential).unwrap(), &context()).unwrap();
        assert_eq!(again, credential);
    }
}

/// Each member is in the form that the most versions read.
#[test]
fn the_row_that_is_written_has_each_member_that_versions_ask_for() {
    let mut authenticator = SoftAuthenticator::new(StatementFormat::PackedSelf);
    authenticator.sign_count = 4;
    let mut credential = authenticator.credential(UserId::new("us-ada").unwrap());
    let fido2 = credential.fido2.as_mut().unwrap();
    fido2.format = "packed".into();
    fido2.aaguid = [0xab; 16];
    fido2.user_verified = true;
    fido2.backup_eligible = true;
    fido2.report = serde_json::from_value(json!({
        "transports": ["internal", "smart-card", "usb"], "discoverable": true,
    }))
    .unwrap();
    let mut row: Value = serde_json::from_str(&bridge::passkey(&credential).unwrap()).unwrap();
    let key = row["cred"].as_object_mut().unwrap().remove("cred").unwrap();
    assert_eq!(key["type_"], "ES256");
    assert_eq!(key["key"]["EC_EC2"]["curve"], "SECP256R1");
    let extensions = json!({
        "cred_protect": "NotRequested", "hmac_create_secret": "NotRequested", "appid": "NotRequested",
        "cred_props": { "Unsigned": { "rk": true } },
    });
    let metadata = json!({ "Packed": { "aaguid": "abababab-abab-abab-abab-abababababab" } });
    let expected = json!({ "cred": {
        "cred_id": credential.id,
        "counter": 4,
        // `smart-card` would make 0.4 refuse the row.
        "transports": ["internal", "usb"],
        "user_verified": true,
        "backup_eligible": true,
        "backup_state": false,
        "registration_policy": "required",
        "extensions": extensions,
        "attestation": { "data": "None", "metadata": metadata },
        "attestation_format": "Packed",
    } });
    assert_eq!(row, expected);
}

#[test]
fn every_algorithm_has_the_name_that_the_most_versions_read() {
    let of = |key: &Key, digest| {
        let mut credential = SoftAuthenticator::new(StatementFormat::None).credential(context().user);
        credential.public_key = Some(key.public_key());
        credential.digest = digest;
        let row = bridge::passkey(&credential)?;
        let again = bridge::credential(&row, &context()).unwrap();
        assert_eq!((again.public_key, again.digest), (credential.public_key, digest));
        let row: Value = serde_json::from_str(&row).unwrap();
        Ok::<_, BridgeError>(row["cred"]["cred"]["type_"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(&Key::p256(1), Digest::Sha256).unwrap(), "ES256");
    assert_eq!(of(&Key::p384(1), Digest::Sha384).unwrap(), "ES384");
    assert_eq!(of(&Key::p521(1), Digest::Sha512).unwrap(), "ECDSA_SHA512");
    assert_eq!(of(&Key::rsa(), Digest::Sha256).unwrap(), "RS256");
    assert_eq!(of(&Key::rsa(), Digest::Sha384).unwrap(), "RS384");
    assert_eq!(of(&Key::rsa(), Digest::Sha512).unwrap(), "RS512");
    assert_eq!(of(&Key::ed25519(1), Digest::Sha256).unwrap(), "EDDSA");
    assert!(matches!(of(&Key::p384(1), Digest::Sha256), Err(BridgeError::Unknown(_))));
}

#[test]
fn what_would_not_sign_in_as_it_should_is_not_written() {
    let passkey = SoftAuthenticator::new(StatementFormat::None).credential(context().user);
    let key = KeyClient::p256().credential(context().user, CredentialKind::Key);
    let point = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap().verifying_key().to_sec1_point(false);
    let prefix =
        b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00";
    let secp256k1 = PublicKey::from_spki_der(&[prefix, point.as_bytes()].concat()).unwrap();
    let refusal = |change: &dyn Fn(&mut Credential)| {
        let mut credential = passkey.clone();
        change(&mut credential);
        bridge::passkey(&credential).unwrap_err()
    };
    assert!(matches!(bridge::passkey(&key), Err(BridgeError::Kind)));
    assert!(matches!(refusal(&|credential| credential.fido2 = None), BridgeError::Kind));
    assert!(matches!(refusal(&|credential| credential.public_key = None), BridgeError::Kind));
    let deactivate = |credential: &mut Credential| credential.status = CredentialStatus::Deactivated;
    assert!(matches!(refusal(&deactivate), BridgeError::Deactivated));
    let name = |credential: &mut Credential| credential.id = CredentialId::new("not base64!").unwrap();
    assert!(matches!(refusal(&name), BridgeError::Unknown(_)));
    let other = |credential: &mut Credential| credential.public_key = Some(secp256k1.clone());
    assert!(matches!(refusal(&other), BridgeError::Unknown(_)));
}

#[test]
fn no_error_repeats_what_stands_in_a_row() {
    let mut reasons = BTreeMap::new();
    for (row, _) in rows_that_exclude_and_sign_nothing() {
        let error = convert(&row).unwrap_err();
        let text = format!("{error} {error:?} {:?}", error.source());
        for secret in ["Abr4cz81v7rN", "HvbGIj6R0H5d", "ES256K", "not base64!"] {
            assert!(!text.contains(secret), "{text}");
        }
        reasons.insert(error.to_string(), row);
    }
    assert!(reasons.len() > 10);
}

proptest! {
    /// Whatever a table has, nothing panics. A converted credential excludes by the same id.
    #[test]
    fn a_row_that_is_cut_or_changed_is_refused_or_read(at in 0_usize..700, byte in 32_u8..127, cut: bool) {
        let mut row = published_passkey().to_string().into_bytes();
        let at = at % row.len();
        if cut {
            row.truncate(at);
        } else {
            row[at] = byte;
        }
        let row = String::from_utf8(row).unwrap();
        if let Ok(credential) = bridge::credential(&row, &context()) {
            assert_eq!(bridge::descriptor(&row).unwrap().id, credential.id);
            bridge::passkey(&credential).unwrap();
        }
    }
}
