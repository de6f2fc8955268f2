//! Records as bytes: what is written is read, and what is not a record is refused.

use std::time::{Duration, UNIX_EPOCH};

use credential_code::store::codec::{decode, encode};
use credential_code::store::{CodeGrant, PendingAction, PendingRegistration, Record, UserAction};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn record<R: DeserializeOwned>(fields: Value) -> R {
    serde_json::from_value(fields).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn party() -> Value {
    json!({ "id": "example.com", "name": "Exämple", "origins": ["https://app.example.com"] })
}

fn grant() -> CodeGrant {
    let expires_at = json!({ "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 123_000_000 });
    record(json!({ "user": "us-ada", "expires_at": expires_at, "returns": 3 }))
}

fn pending_registration() -> PendingRegistration {
    record(json!({
        "user": "us-ada",
        "kind": "Fido2",
        "challenge": CHALLENGE,
        "relying_party": party(),
        "origin": "https://app.example.com",
        "fido2": {
            "algorithms": ["Es256", "Rs256"],
            "user_verification": "required",
            "resident_key": "preferred",
            "attachment": "cross-platform",
            "attestation": "none",
        },
        "expires_at": { "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 0 },
        "returns": 0,
        "offered": null,
    }))
}

fn pending_action() -> PendingAction {
    record(json!({
        "user": "us-ada",
        "challenge": CHALLENGE,
        "binding": (0..32).collect::<Vec<u8>>(),
        "relying_party": party(),
        "user_verification": "discouraged",
        "expires_at": { "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 0 },
        "returns": 255,
    }))
}

fn user_action() -> UserAction {
    record(json!({
        "user": "us-ada",
        "credential": "arn:key/1",
        "expires_at": { "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 0 },
    }))
}

fn assert_form<R: Record + PartialEq>(record: &R, form: &str) {
    assert_eq!(hex(&encode(record).unwrap()), form);
}

/// Made from the description of the form, and not by the code. Whoever changes a record, or the order of an enum's variants, has to make it another version.
#[test]
fn the_form_of_version_1_never_changes() {
    assert_form(&grant(), "01010675732d61646180f2d6ca06c0a9d33a03");
    assert_form(
        &pending_registration(),
        "01020675732d616461002b41414543417751464267634943516f4c4441304f4478415245684d554652595847\
         426b61477877644868380b6578616d706c652e636f6d084578c3a46d706c65011768747470733a2f2f617070\
         2e6578616d706c652e636f6d011768747470733a2f2f6170702e6578616d706c652e636f6d02000300010101\
         0080f2d6ca06000000",
    );
    assert_form(
        &pending_action(),
        "01030675732d6164612b41414543417751464267634943516f4c4441304f4478415245684d55465259584742\
         6b6147787764486838000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0b6578\
         616d706c652e636f6d084578c3a46d706c65011768747470733a2f2f6170702e6578616d706c652e636f6d02\
         80f2d6ca0600ff",
    );
    assert_form(&user_action(), "01040675732d6164610961726e3a6b65792f3180f2d6ca0600");
}

const KINDS: &[&str] = &["Fido2", "Key", "PasswordProtectedKey", "RecoveryKey", "Password", "Totp"];
const ALGORITHMS: &[&str] = &["Es256", "Es384", "Es512", "Rs256", "Rs384", "Rs512", "EdDsa"];
const REQUIREMENTS: &[&str] = &["required", "preferred", "discouraged"];
const ATTACHMENTS: &[&str] = &["platform", "cross-platform"];
const CONVEYANCES: &[&str] = &["none", "indirect", "direct", "enterprise"];

/// A variant is one byte: its place in the declaration.
#[test]
fn every_variant_keeps_its_number() {
    let variants = [
        ("/kind", KINDS),
        ("/fido2/algorithms/0", ALGORITHMS),
        ("/fido2/user_verification", REQUIREMENTS),
        ("/fido2/attachment", ATTACHMENTS),
        ("/fido2/attestation", CONVEYANCES),
    ];
    for (path, names) in variants {
        let with = |name: &str| {
            let mut fields = serde_json::to_value(pending_registration()).unwrap();
            *fields.pointer_mut(path).unwrap() = json!(name);
            serde_json::from_value::<PendingRegistration>(fields)
        };
        // Whoever is told of a variant that there is not lists those that there are.
        let complaint = with("").unwrap_err().to_string();
        let there_are: Vec<_> = complaint.split('`').skip(3).step_by(2).collect();
        assert_eq!(there_are, names, "{path}: {complaint}");

        let encoded = names.iter().map(|name| encode(&with(name).unwrap()).unwrap());
        let encoded: Vec<Vec<u8>> = encoded.collect();
        let differs = |at: &usize| encoded.iter().any(|bytes| bytes[*at] != encoded[0][*at]);
        let places: Vec<usize> = (0..encoded[0].len()).filter(differs).collect();
        let [place] = places[..] else { panic!("{path}: {places:?}") };
        let numbers: Vec<usize> = encoded.iter().map(|bytes| usize::from(bytes[place])).collect();
        assert_eq!(numbers, (0..names.len()).collect::<Vec<_>>(), "{path}");
    }
}

#[test]
fn no_record_is_read_as_another() {
    let bytes = [
        encode(&grant()).unwrap(),
        encode(&pending_registration()).unwrap(),
        encode(&pending_action()).unwrap(),
        encode(&user_action()).unwrap(),
    ];
    for (own, bytes) in bytes.iter().enumerate() {
        let read = [
            decode::<CodeGrant>(bytes).is_ok(),
            decode::<PendingRegistration>(bytes).is_ok(),
            decode::<PendingAction>(bytes).is_ok(),
            decode::<UserAction>(bytes).is_ok(),
        ];
        assert_eq!(read, std::array::from_fn(|other| other == own));
    }
}

fn complaint<R: Record>(bytes: &[u8]) -> String {
    decode::<R>(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_no_record_is_refused_with_the_reason() {
    let bytes = encode(&grant()).unwrap();
    assert!(complaint::<CodeGrant>(&[]).contains("empty"));
    assert!(complaint::<UserAction>(&bytes).contains("another record"));
    assert!(complaint::<CodeGrant>(&[&bytes[..], &[0]].concat()).contains("follows"));
    for version in (0..=u8::MAX).filter(|version| *version != 1) {
        let other = [&[version], &bytes[1..]].concat();
        assert!(complaint::<CodeGrant>(&other).contains(&format!("version {version}")));
    }
    for length in 0..bytes.len() {
        assert!(decode::<CodeGrant>(&bytes[..length]).is_err(), "{length} bytes");
    }
}

/// A record is made by the constructors again when it is read, so that no damage makes a value that no code could.
#[test]
fn what_no_constructor_makes_is_refused() {
    let bytes = encode(&user_action()).unwrap();
    let empty_user = [&bytes[..2], &[0], &bytes[9..]].concat();
    assert!(decode::<UserAction>(&empty_user).is_err());
    let at = bytes.windows(3).position(|window| window == b"arn").unwrap();
    let mut with_control = bytes;
    with_control[at] = 0x07;
    assert!(decode::<UserAction>(&with_control).is_err());
}

#[test]
fn an_instant_before_1970_is_an_error_and_no_panic() {
    let mut early = grant();
    early.expires_at = UNIX_EPOCH - Duration::from_secs(1);
    encode(&early).unwrap_err();
}

fn expiry() -> impl Strategy<Value = Value> {
    (0..=253_402_300_799_u64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| json!({ "secs_since_epoch": seconds, "nanos_since_epoch": nanos }))
}

fn one_of(names: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(names)
}

fn any_grant() -> impl Strategy<Value = CodeGrant> {
    ("\\PC{1,16}", expiry(), any::<u8>()).prop_map(|(user, expires_at, returns)| {
        record(json!({ "user": user, "expires_at": expires_at, "returns": returns }))
    })
}

fn any_party() -> impl Strategy<Value = Value> {
    ("[a-z0-9.-]{1,253}", "\\PC*", vec("https://[a-z0-9.-]{1,40}", 1..5))
        .prop_map(|(id, name, origins)| json!({ "id": id, "name": name, "origins": origins }))
}

fn any_policy() -> impl Strategy<Value = Value> {
    let algorithms = vec(one_of(ALGORITHMS), 0..8);
    let attachment = option::of(one_of(ATTACHMENTS));
    let attestation = one_of(CONVEYANCES);
    (algorithms, one_of(REQUIREMENTS), one_of(REQUIREMENTS), attachment, attestation).prop_map(
        |(algorithms, user_verification, resident_key, attachment, attestation)| {
            json!({
                "algorithms": algorithms,
                "user_verification": user_verification,
                "resident_key": resident_key,
                "attachment": attachment,
                "attestation": attestation,
            })
        },
    )
}

fn any_registration() -> impl Strategy<Value = PendingRegistration> {
    let kind = one_of(KINDS);
    let origin = option::of("https://[a-z0-9.-]{1,40}");
    let offered = option::of("\\PC{1,300}");
    ("\\PC{1,16}", kind, any_party(), origin, any_policy(), expiry(), any::<u8>(), offered).prop_map(
        |(user, kind, party, origin, policy, expires_at, returns, offered)| {
            record(json!({
                "user": user,
                "kind": kind,
                "challenge": CHALLENGE,
                "relying_party": party,
                "origin": origin,
                "fido2": policy,
                "expires_at": expires_at,
                "returns": returns,
                "offered": offered,
            }))
        },
    )
}

fn any_action() -> impl Strategy<Value = PendingAction> {
    let requirement = one_of(REQUIREMENTS);
    ("\\PC{1,16}", any::<[u8; 32]>(), any_party(), requirement, expiry(), any::<u8>()).prop_map(
        |(user, binding, party, requirement, expires_at, returns)| {
            record(json!({
                "user": user,
                "challenge": CHALLENGE,
                "binding": binding,
                "relying_party": party,
                "user_verification": requirement,
                "expires_at": expires_at,
                "returns": returns,
            }))
        },
    )
}

fn any_signed() -> impl Strategy<Value = UserAction> {
    ("\\PC{1,16}", "\\PC{1,300}", expiry()).prop_map(|(user, credential, expires_at)| {
        record(json!({ "user": user, "credential": credential, "expires_at": expires_at }))
    })
}

fn assert_round_trip<R: Record + PartialEq>(record: &R) {
    assert_eq!(decode::<R>(&encode(record).unwrap()).unwrap(), *record);
}

fn read_as_everything(bytes: &[u8]) {
    let _ = decode::<CodeGrant>(bytes);
    let _ = decode::<PendingRegistration>(bytes);
    let _ = decode::<PendingAction>(bytes);
    let _ = decode::<UserAction>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_is_written_is_read(
        grant in any_grant(),
        registration in any_registration(),
        action in any_action(),
        signed in any_signed(),
    ) {
        assert_round_trip(&grant);
        assert_round_trip(&registration);
        assert_round_trip(&action);
        assert_round_trip(&signed);
    }

    #[test]
    fn no_bytes_make_it_panic(tag in 0..6_u8, fields in vec(any::<u8>(), 0..200)) {
        read_as_everything(&[&[1, tag], &fields[..]].concat());
        read_as_everything(&fields);
    }

    #[test]
    fn no_damage_makes_it_panic(registration in any_registration(), at in any::<Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&registration).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_as_everything(&bytes);
        bytes.remove(at);
        read_as_everything(&bytes);
    }
}
