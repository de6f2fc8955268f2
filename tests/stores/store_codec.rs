//! Records as bytes: written bytes are read, and anything else is refused.

use std::time::{Duration, UNIX_EPOCH};

use credential_code::store::codec::{decode, encode};
use credential_code::store::{
    CodeGrant, PendingAction, PendingApproval, PendingRegistration, Record, UserAction,
};
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

const ENROLMENT: &str = "en-6uunn-bm6ja-f6rmod5kqrk5rbel";
const UUID: &str = "cr-6uunn-bm6ja-f6rmod5kqrk5rbel";
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP2xPXQbwKFD64HSrCO95OpynC6nj1O0-9QYNCykOy1ex\
                          QyjmwSBWeFfNMM4SgqatXUe_5RDWpZv84knctarQ8w";

/// Returns an instant, this many seconds after the beginning of 2026.
fn instant(seconds: i64) -> Value {
    json!({ "secs_since_epoch": 1_767_225_600 + seconds, "nanos_since_epoch": 0 })
}

fn grant() -> CodeGrant {
    record(json!({
        "user": "us-ada",
        "enrolment": ENROLMENT,
        "scope": {
            "kinds": ["Fido2", "RecoveryKey"],
            "relying_parties": ["example.com"],
            "attachment": "cross-platform",
            "hints": ["security-key", "hybrid"],
            "longest_life": { "secs": 60, "nanos": 5 },
        },
        "approval": "AskedWithCheckCode",
        "began_at": { "secs_since_epoch": 1_767_225_540, "nanos_since_epoch": 7 },
        "expires_at": { "secs_since_epoch": 1_767_225_600, "nanos_since_epoch": 123_000_000 },
        "returns": 3,
    }))
}

fn pending_registration() -> PendingRegistration {
    record(json!({
        "user": "us-ada",
        "enrolment": ENROLMENT,
        "approval": "Asked",
        "began_at": instant(-60),
        "kind": "Fido2",
        "challenge": CHALLENGE,
        "relying_party": party(),
        "origin": "https://app.example.com",
        "fido2": {
            "algorithms": ["Es256", "Rs256"],
            "user_verification": "required",
            "resident_key": "preferred",
            "attachment": "cross-platform",
            "hints": ["hybrid", "client-device"],
            "attestation": "none",
        },
        "expires_at": instant(0),
        "returns": 0,
        "offered": "arn:key/1",
        "awaited": { "check_code": "012345", "expires_at": instant(60) },
    }))
}

fn pending_action() -> PendingAction {
    record(json!({
        "user": "us-ada",
        "challenge": CHALLENGE,
        "binding": (0..32).collect::<Vec<u8>>(),
        "relying_party": party(),
        "user_verification": "discouraged",
        "began_at": instant(-60),
        "expires_at": instant(0),
        "returns": 255,
    }))
}

fn user_action() -> UserAction {
    record(json!({
        "user": "us-ada",
        "credential": "arn:key/1",
        "uuid": "cr-6uunn-bm6ja-f6rmod5kqrk5rbel",
        "began_at": instant(-60),
        "expires_at": instant(0),
    }))
}

fn pending_approval() -> PendingApproval {
    record(json!({
        "user": "us-ada",
        "enrolment": ENROLMENT,
        "credential": {
            "user": "us-ada",
            "kind": "Fido2",
            "id": "arn:key/1",
            "uuid": UUID,
            "name": "Schlüssel",
            "public_key": PUBLIC_KEY,
            "digest": "SHA384",
            "relying_party_id": "example.com",
            "origin": "https://app.example.com",
            "created_at": instant(-30),
            "status": "Deactivated",
            "encrypted_private_key": "c2VjcmV0",
            "fido2": {
                "aaguid": vec![0xa5; 16],
                "format": "packed",
                "attestation_trust": "Trusted",
                "sign_count": 300,
                "user_verified": true,
                "backup_eligible": false,
                "backed_up": true,
            },
        },
        "check_code": "012345",
        "attempts_left": 3,
        "began_at": instant(-60),
        "expires_at": instant(0),
        "returns": 255,
        "offered": true,
    }))
}

fn assert_form<R: Record + PartialEq>(record: &R, form: &str) {
    assert_eq!(hex(&encode(record).unwrap()), form);
}

/// The bytes were made from the description of the form, and not by the code. If you change a
/// record, or the order of an enum's variants, make it another version.
#[test]
fn the_form_of_version_1_never_changes() {
    assert_form(
        &grant(),
        "01010675732d6164611f656e2d3675756e6e2d626d366a612d6636726d6f64356b71726b357262656c010200\
         0301010b6578616d706c652e636f6d0101020002013c0502c4f1d6ca060780f2d6ca06c0a9d33a03",
    );
    assert_form(
        &pending_registration(),
        "01020675732d6164611f656e2d3675756e6e2d626d366a612d6636726d6f64356b71726b357262656c01c4f1\
         d6ca0600002b41414543417751464267634943516f4c4441304f4478415245684d554652595847426b614778\
         77644868380b6578616d706c652e636f6d084578c3a46d706c65011768747470733a2f2f6170702e6578616d\
         706c652e636f6d011768747470733a2f2f6170702e6578616d706c652e636f6d02000300010101020201000080\
         f2d6ca060000010961726e3a6b65792f31010106303132333435bcf2d6ca0600",
    );
    assert_form(
        &pending_action(),
        "01030675732d6164612b41414543417751464267634943516f4c4441304f4478415245684d55465259584742\
         6b6147787764486838000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0b6578\
         616d706c652e636f6d084578c3a46d706c65011768747470733a2f2f6170702e6578616d706c652e636f6d02\
         c4f1d6ca060080f2d6ca0600ff",
    );
    assert_form(
        &user_action(),
        "01040675732d6164610961726e3a6b65792f311f63722d3675756e6e2d626d366a612d6636726d6f64356b71\
         726b357262656cc4f1d6ca060080f2d6ca0600",
    );
    assert_form(
        &pending_approval(),
        "01050675732d6164611f656e2d3675756e6e2d626d366a612d6636726d6f64356b71726b357262656c067573\
         2d616461000961726e3a6b65792f311f63722d3675756e6e2d626d366a612d6636726d6f64356b71726b3572\
         62656c0a5363686cc3bc7373656c017a4d466b77457759484b6f5a497a6a3043415159494b6f5a497a6a3044\
         415163445167414550327850585162774b46443634485372434f39354f70796e43366e6a314f302d3951594e\
         43796b4f7931657851796a6d775342576546664e4d4d3453677161745855655f35524457705a7638346b6e63\
         746172513877010b6578616d706c652e636f6d1768747470733a2f2f6170702e6578616d706c652e636f6de2\
         f1d6ca06000101086332566a636d563001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5067061636b656401ac0201\
         00010000010630313233343503c4f1d6ca060080f2d6ca0600ff01",
    );
}

const KINDS: &[&str] = &["Fido2", "Key", "PasswordProtectedKey", "RecoveryKey", "Password", "Totp"];
const ALGORITHMS: &[&str] = &["Es256", "Es384", "Es512", "Rs256", "Rs384", "Rs512", "EdDsa"];
const REQUIREMENTS: &[&str] = &["required", "preferred", "discouraged"];
const ATTACHMENTS: &[&str] = &["platform", "cross-platform"];
const CONVEYANCES: &[&str] = &["none", "indirect", "direct", "enterprise"];

const HINTS: &[&str] = &["security-key", "client-device", "hybrid"];
const APPROVALS: &[&str] = &["NotAsked", "Asked", "AskedWithCheckCode"];
const DIGESTS: &[&str] = &["SHA256", "SHA384", "SHA512"];
const STATUSES: &[&str] = &["Active", "Deactivated"];
const TRUSTS: &[&str] = &["Untrusted", "Trusted"];

/// A variant is one byte: its place in the declaration.
#[test]
fn every_variant_keeps_its_number() {
    for (path, names) in [
        ("/approval", APPROVALS),
        ("/kind", KINDS),
        ("/fido2/algorithms/0", ALGORITHMS),
        ("/fido2/user_verification", REQUIREMENTS),
        ("/fido2/attachment", ATTACHMENTS),
        ("/fido2/hints/0", HINTS),
        ("/fido2/attestation", CONVEYANCES),
    ] {
        assert_numbers(&pending_registration(), path, names);
    }
    for (path, names) in [
        ("/credential/digest", DIGESTS),
        ("/credential/status", STATUSES),
        ("/credential/fido2/attestation_trust", TRUSTS),
    ] {
        assert_numbers(&pending_approval(), path, names);
    }
}

fn assert_numbers<R: Record>(record: &R, path: &str, names: &[&str]) {
    let with = |name: &str| {
        let mut fields = serde_json::to_value(record).unwrap();
        *fields.pointer_mut(path).unwrap() = json!(name);
        serde_json::from_value::<R>(fields)
    };
    // An error that names an unknown variant also lists the known ones.
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

#[test]
fn no_record_is_read_as_another() {
    let bytes = [
        encode(&grant()).unwrap(),
        encode(&pending_registration()).unwrap(),
        encode(&pending_action()).unwrap(),
        encode(&user_action()).unwrap(),
        encode(&pending_approval()).unwrap(),
    ];
    for (own, bytes) in bytes.iter().enumerate() {
        let refused = [
            refusal::<CodeGrant>(bytes),
            refusal::<PendingRegistration>(bytes),
            refusal::<PendingAction>(bytes),
            refusal::<UserAction>(bytes),
            refusal::<PendingApproval>(bytes),
        ];
        for (other, refused) in refused.into_iter().enumerate() {
            // The version is refused before the fields are looked at, which might happen to fit.
            let is_other = refused.as_deref().map(|reason| reason.contains("another record"));
            assert_eq!(is_other, (other != own).then_some(true), "{own} as {other}: {refused:?}");
        }
    }
}

fn refusal<R: Record>(bytes: &[u8]) -> Option<String> {
    decode::<R>(bytes).err().map(|error| error.to_string())
}

fn complaint<R: Record>(bytes: &[u8]) -> String {
    refusal::<R>(bytes).expect("a refusal")
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
        let unreadable = decode::<CodeGrant>(&bytes[..length]).unwrap_err();
        assert_eq!(unreadable.records(), CodeGrant::NAME, "{length} bytes");
    }
}

/// Reading a record calls the constructors again. So no damage makes a value that no code could
/// make.
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

fn any_scope() -> impl Strategy<Value = Value> {
    let kinds = option::of(vec(one_of(KINDS), 0..6));
    let parties = option::of(vec("\\PC{1,16}", 0..4));
    let attachment = option::of(one_of(ATTACHMENTS));
    let life = option::of((any::<u64>(), 0..1_000_000_000_u32));
    (kinds, parties, attachment, vec(one_of(HINTS), 0..3), life).prop_map(
        |(kinds, parties, attachment, hints, life)| {
            json!({
                "kinds": kinds,
                "relying_parties": parties,
                "attachment": attachment,
                "hints": hints,
                "longest_life": life.map(|(secs, nanos)| json!({ "secs": secs, "nanos": nanos })),
            })
        },
    )
}

fn any_grant() -> impl Strategy<Value = CodeGrant> {
    ("\\PC{1,16}", any_scope(), one_of(APPROVALS), expiry(), expiry(), any::<u8>()).prop_map(
        |(user, scope, approval, began_at, expires_at, returns)| {
            record(json!({
                "user": user,
                "enrolment": ENROLMENT,
                "scope": scope,
                "approval": approval,
                "began_at": began_at,
                "expires_at": expires_at,
                "returns": returns,
            }))
        },
    )
}

fn any_party() -> impl Strategy<Value = Value> {
    ("[a-z0-9.-]{1,253}", "\\PC*", vec("https://[a-z0-9.-]{1,40}", 1..5))
        .prop_map(|(id, name, origins)| json!({ "id": id, "name": name, "origins": origins }))
}

fn any_policy() -> impl Strategy<Value = Value> {
    let algorithms = vec(one_of(ALGORITHMS), 0..8);
    let attachment = option::of(one_of(ATTACHMENTS));
    let attestation = one_of(CONVEYANCES);
    let hints = vec(one_of(HINTS), 0..3);
    (algorithms, one_of(REQUIREMENTS), one_of(REQUIREMENTS), attachment, hints, attestation).prop_map(
        |(algorithms, user_verification, resident_key, attachment, hints, attestation)| {
            json!({
                "algorithms": algorithms,
                "user_verification": user_verification,
                "resident_key": resident_key,
                "attachment": attachment,
                "hints": hints,
                "attestation": attestation,
            })
        },
    )
}

fn any_registration() -> impl Strategy<Value = PendingRegistration> {
    let kind = one_of(KINDS);
    let origin = option::of("https://[a-z0-9.-]{1,40}");
    let offered = option::of("\\PC{1,300}");
    let awaited = option::of((option::of("[0-9]{6}"), expiry()));
    let times = (expiry(), expiry());
    ("\\PC{1,16}", kind, any_party(), origin, any_policy(), times, any::<u8>(), offered, awaited).prop_map(
        |(user, kind, party, origin, policy, (began_at, expires_at), returns, offered, awaited)| {
            let awaited =
                awaited.map(|(code, expires_at)| json!({ "check_code": code, "expires_at": expires_at }));
            record(json!({
                "user": user,
                "enrolment": ENROLMENT,
                        "approval": "NotAsked",
                "began_at": began_at,
                "kind": kind,
                "challenge": CHALLENGE,
                "relying_party": party,
                "origin": origin,
                "fido2": policy,
                "expires_at": expires_at,
                "returns": returns,
                "offered": offered,
                "awaited": awaited,
            }))
        },
    )
}

fn any_action() -> impl Strategy<Value = PendingAction> {
    let requirement = one_of(REQUIREMENTS);
    ("\\PC{1,16}", any::<[u8; 32]>(), any_party(), requirement, expiry(), expiry(), any::<u8>()).prop_map(
        |(user, binding, party, requirement, began_at, expires_at, returns)| {
            record(json!({
                "user": user,
                "challenge": CHALLENGE,
                "binding": binding,
                "relying_party": party,
                "user_verification": requirement,
                "began_at": began_at,
                "expires_at": expires_at,
                "returns": returns,
            }))
        },
    )
}

fn any_signed() -> impl Strategy<Value = UserAction> {
    ("\\PC{1,16}", "\\PC{1,300}", expiry(), expiry()).prop_map(|(user, credential, began_at, expires_at)| {
        record(json!({
            "user": user,
            "credential": credential,
            "uuid": UUID,
            "began_at": began_at,
            "expires_at": expires_at,
        }))
    })
}

fn any_approval() -> impl Strategy<Value = PendingApproval> {
    let credential = ("\\PC{1,300}", one_of(KINDS), "\\PC*", any::<bool>(), any::<bool>(), expiry());
    let check_code = option::of("[0-9]{6}");
    (credential, check_code, any::<[u8; 2]>(), expiry(), expiry(), any::<bool>()).prop_map(
        |(credential, check_code, [attempts_left, returns], began_at, expires_at, offered)| {
            let mut fields = serde_json::to_value(pending_approval()).unwrap();
            let (id, kind, name, has_key, is_passkey, created_at) = credential;
            let credential = &mut fields["credential"];
            credential["id"] = json!(id);
            credential["kind"] = json!(kind);
            credential["name"] = json!(name);
            credential["created_at"] = created_at;
            if !has_key {
                credential["public_key"] = Value::Null;
            }
            if !is_passkey {
                credential["fido2"] = Value::Null;
            }
            fields["check_code"] = json!(check_code);
            fields["attempts_left"] = json!(attempts_left);
            fields["began_at"] = began_at;
            fields["expires_at"] = expires_at;
            fields["returns"] = json!(returns);
            fields["offered"] = json!(offered);
            record(fields)
        },
    )
}

fn assert_round_trip<R: Record + PartialEq>(record: &R) {
    assert_eq!(decode::<R>(&encode(record).unwrap()).unwrap(), *record);
}

fn read_as_everything(bytes: &[u8]) {
    let _ = decode::<CodeGrant>(bytes);
    let _ = decode::<PendingRegistration>(bytes);
    let _ = decode::<PendingAction>(bytes);
    let _ = decode::<UserAction>(bytes);
    let _ = decode::<PendingApproval>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_is_written_is_read(
        grant in any_grant(),
        registration in any_registration(),
        action in any_action(),
        signed in any_signed(),
        approval in any_approval(),
    ) {
        assert_round_trip(&grant);
        assert_round_trip(&registration);
        assert_round_trip(&action);
        assert_round_trip(&signed);
        assert_round_trip(&approval);
    }

    #[test]
    fn no_bytes_make_it_panic(tag in 0..7_u8, fields in vec(any::<u8>(), 0..200)) {
        read_as_everything(&[&[1, tag], &fields[..]].concat());
        read_as_everything(&fields);
    }

    #[test]
    fn no_damage_makes_it_panic(
        registration in any_registration(),
        approval in any_approval(),
        at in any::<Index>(),
        byte in any::<u8>(),
    ) {
        for mut bytes in [encode(&registration).unwrap(), encode(&approval).unwrap()] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            read_as_everything(&bytes);
            bytes.remove(at);
            read_as_everything(&bytes);
        }
    }
}
