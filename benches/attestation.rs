//! What verification costs beside the signature check, or the engine, that it contains.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::attestation::{Attestation, Expected, verify};
use credential_code::model::{Challenge, CredentialId, CredentialKind, Fido2Policy, Requirement};
use criterion::Criterion;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::Pkcs1v15Sign;
use rsa::pkcs1::RsaPublicKeyRef;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, RegisterPublicKeyCredential, RegistrationExtensionsClientOutputs,
    RegistrationState,
};

fn vectors(file: &str, member: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors are there");
    let mut file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    serde_json::from_value(file[member].take()).expect("the vectors are an array")
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().expect("the member is text")
}

fn bytes(vector: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(vector, member)).expect("the member is base64url")
}

/// The check alone: the key is parsed, the signature is parsed, the message is hashed.
fn raw_check(vector: &Value) -> Box<dyn Fn() -> bool> {
    let der = bytes(vector, "publicKeyDer");
    let spki = SubjectPublicKeyInfoRef::from_der(&der).expect("the key is DER");
    let key = spki.subject_public_key.as_bytes().expect("whole bytes").to_vec();
    let message = bytes(vector, "signed");
    let hash = Sha256::digest(&message);
    let signature = bytes(vector, "signature");
    macro_rules! ecdsa {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(&key).expect("a point");
            let signature = $curve::ecdsa::Signature::from_der(&signature).expect("a signature");
            Box::new(move || key.verify_prehash(&hash, &signature).is_ok())
        }};
    }
    match text(vector, "id") {
        "p256" => ecdsa!(p256),
        "p384" => ecdsa!(p384),
        "p521" => ecdsa!(p521),
        "secp256k1" => {
            let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(&key).expect("a point");
            let signature = k256::ecdsa::Signature::from_der(&signature).expect("a signature").normalize_s();
            Box::new(move || key.verify_prehash(&hash, &signature).is_ok())
        }
        "ed25519" => {
            let bytes = key.as_slice().try_into().expect("32 bytes");
            let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).expect("a point");
            let signature = signature.as_slice().try_into().expect("64 bytes");
            Box::new(move || key.verify_strict(&message, &signature).is_ok())
        }
        _ => {
            let parts = RsaPublicKeyRef::try_from(key.as_slice()).expect("an RSA key");
            let number = rsa::BoxedUint::from_be_slice_vartime;
            let (n, e) = (number(parts.modulus.as_bytes()), number(parts.public_exponent.as_bytes()));
            let key = rsa::RsaPublicKey::new(n, e).expect("an RSA key");
            Box::new(move || key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, &signature).is_ok())
        }
    }
}

fn keys(criterion: &mut Criterion) {
    for vector in vectors("bench_registration.json", "keys") {
        let party = RelyingParty::new("example.com", "Example", [text(&vector, "origin")]).expect("valid");
        let challenge = Challenge::new(text(&vector, "challenge")).expect("a challenge");
        let attestation = Attestation {
            kind: CredentialKind::Key,
            credential_id: CredentialId::new(text(&vector, "credId")).expect("an id"),
            client_data: bytes(&vector, "clientData"),
            attestation_data: bytes(&vector, "attestationData"),
        };
        let expected = Expected::new(CredentialKind::Key, &challenge);
        let raw = raw_check(&vector);
        assert!(raw() && verify(&party, &expected, &attestation).is_ok(), "{}", vector["id"]);

        let mut group = criterion.benchmark_group(format!("key_{}", text(&vector, "id")));
        group.bench_function("raw", |bencher| bencher.iter(&raw));
        group.bench_function("verify", |bencher| {
            bencher.iter(|| verify(&party, &expected, black_box(&attestation)).is_ok());
        });
        group.finish();
    }
}

/// webauthn-rs-core on the same input, with everything built beforehand that it would have kept.
fn core(vector: &Value) -> impl Fn() -> bool {
    let core = WebauthnCore::new_unsafe_experts_only(
        "Example",
        text(vector, "rp_id"),
        vec![Url::parse(text(vector, "origin")).expect("an origin is a URL")],
        Duration::ZERO,
        Some(false),
        Some(false),
    );
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": "preferred",
        "exclude_credentials": [],
        "challenge": text(vector, "challenge_b64url"),
        "credential_algorithms": ["ES256", "RS256"],
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .expect("the state has this shape");
    let response = RegisterPublicKeyCredential {
        id: String::new(),
        raw_id: Vec::new(),
        response: AuthenticatorAttestationResponseRaw {
            attestation_object: bytes(vector, "attestationObject_b64url"),
            client_data_json: bytes(vector, "clientDataJSON_b64url"),
            transports: None,
        },
        type_: "public-key".into(),
        extensions: RegistrationExtensionsClientOutputs::default(),
    };
    move || core.register_credential(black_box(&response), &state, None).is_ok()
}

fn passkeys(criterion: &mut Criterion) {
    let mut vectors: Vec<_> =
        [vectors("fido2_registration.json", "vectors"), vectors("bench_registration.json", "passkeys")]
            .concat();
    // Core can't verify any TPM statement.
    vectors.retain(|vector| vector["fmt"] != "tpm");
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Preferred;
    for vector in vectors {
        let party =
            RelyingParty::new(text(&vector, "rp_id"), "Example", [text(&vector, "origin")]).expect("valid");
        let challenge = Challenge::new(text(&vector, "challenge_b64url")).expect("a challenge");
        let attestation = Attestation {
            kind: CredentialKind::Fido2,
            credential_id: CredentialId::new(text(&vector, "credential_id_b64url")).expect("an id"),
            client_data: bytes(&vector, "clientDataJSON_b64url"),
            attestation_data: bytes(&vector, "attestationObject_b64url"),
        };
        let expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
        let core = core(&vector);
        verify(&party, &expected, &attestation).expect("the vector is accepted");
        assert!(core(), "{}", vector["id"]);

        let mut group = criterion.benchmark_group(format!("fido2_{}", text(&vector, "id")));
        group.bench_function("core", |bencher| bencher.iter(&core));
        group.bench_function("verify", |bencher| {
            bencher.iter(|| verify(&party, &expected, black_box(&attestation)).is_ok());
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    keys(&mut criterion);
    passkeys(&mut criterion);
    criterion.final_summary();
}
