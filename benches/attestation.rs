//! Measures what verification costs beside the signature check, or the engine, that it contains.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::RelyingParty;
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, NativeEngine, TrustAnchors, verify,
};
use credential_code::model::{
    AttestationTrust, Challenge, CoseAlgorithm, CredentialId, CredentialKind, Fido2Policy, Requirement,
};
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

/// The backend that checks signatures in this build. Results of both builds stand beside each
/// other.
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rustcrypto" };

fn load(file: &str) -> Value {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn vectors(file: &str, member: &str) -> Vec<Value> {
    serde_json::from_value(load(file)[member].take()).expect("the vectors are an array")
}

fn id(vector: &Value) -> &str {
    text(vector, "id").trim_start_matches("w3c-")
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().expect("the member is text")
}

fn bytes(vector: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(vector, member)).expect("the member is base64url")
}

type Check = Box<dyn Fn() -> bool>;

/// Returns the checks alone, one for each library that can do them. Each reads the key from its raw
/// bytes and hashes the message.
fn raw_checks(vector: &Value) -> Vec<(&'static str, Check)> {
    let der = bytes(vector, "publicKeyDer");
    let spki = SubjectPublicKeyInfoRef::from_der(&der).expect("the key is DER");
    let key = spki.subject_public_key.as_bytes().expect("whole bytes").to_vec();
    let (message, signature) = (bytes(vector, "signed"), bytes(vector, "signature"));
    let aws_lc: &'static dyn aws_lc_rs::signature::VerificationAlgorithm = match text(vector, "id") {
        "p256" => &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1,
        "p384" => &aws_lc_rs::signature::ECDSA_P384_SHA256_ASN1,
        "p521" => &aws_lc_rs::signature::ECDSA_P521_SHA256_ASN1,
        "secp256k1" => &aws_lc_rs::signature::ECDSA_P256K1_SHA256_ASN1,
        "ed25519" => &aws_lc_rs::signature::ED25519,
        _ => &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
    };
    let ring: Option<&'static dyn ring::signature::VerificationAlgorithm> = match text(vector, "id") {
        "p256" => Some(&ring::signature::ECDSA_P256_SHA256_ASN1),
        "p384" => Some(&ring::signature::ECDSA_P384_SHA256_ASN1),
        "p521" | "secp256k1" => None,
        "ed25519" => Some(&ring::signature::ED25519),
        _ => Some(&ring::signature::RSA_PKCS1_2048_8192_SHA256),
    };
    let mut checks = vec![("raw_rustcrypto", raw_rustcrypto(vector, key.clone()))];
    let input = (key.clone(), message.clone(), signature.clone());
    checks.push((
        "raw_aws-lc-rs",
        Box::new(move || {
            let (key, message, signature) = black_box(&input);
            aws_lc_rs::signature::UnparsedPublicKey::new(aws_lc, key).verify(message, signature).is_ok()
        }),
    ));
    if let Some(ring) = ring {
        checks.push((
            "raw_ring",
            Box::new(move || {
                let (key, message, signature) = black_box((&key, &message, &signature));
                ring::signature::UnparsedPublicKey::new(ring, key).verify(message, signature).is_ok()
            }),
        ));
    }
    checks
}

fn raw_rustcrypto(vector: &Value, key: Vec<u8>) -> Check {
    let (message, signature) = (bytes(vector, "signed"), bytes(vector, "signature"));
    macro_rules! ecdsa {
        ($curve:ident) => {{
            Box::new(move || {
                let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(black_box(&key)).expect("a point");
                let signature = $curve::ecdsa::Signature::from_der(&signature).expect("a signature");
                key.verify_prehash(&Sha256::digest(&message), &signature.normalize_s()).is_ok()
            })
        }};
    }
    match text(vector, "id") {
        "p256" => ecdsa!(p256),
        "p384" => ecdsa!(p384),
        "p521" => ecdsa!(p521),
        "secp256k1" => ecdsa!(k256),
        "ed25519" => Box::new(move || {
            let bytes = black_box(key.as_slice()).try_into().expect("32 bytes");
            let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).expect("a point");
            let signature = signature.as_slice().try_into().expect("64 bytes");
            key.verify_strict(&message, &signature).is_ok()
        }),
        _ => Box::new(move || {
            let parts = RsaPublicKeyRef::try_from(black_box(key.as_slice())).expect("an RSA key");
            let number = rsa::BoxedUint::from_be_slice_vartime;
            let (n, e) = (number(parts.modulus.as_bytes()), number(parts.public_exponent.as_bytes()));
            let key = rsa::RsaPublicKey::new(n, e).expect("an RSA key");
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&message), &signature).is_ok()
        }),
    }
}

fn keys(criterion: &mut Criterion) {
    for vector in vectors("bench_registration.json", "keys") {
        let party = RelyingParty::new("example.com", "Example", [text(&vector, "origin")]).expect("valid");
        let challenge = Challenge::new(text(&vector, "challenge")).expect("a challenge");
        let attestation = Attestation::new(
            CredentialKind::Key,
            CredentialId::new(text(&vector, "credId")).expect("an id"),
            bytes(&vector, "clientData"),
            bytes(&vector, "attestationData"),
        );
        let expected = Expected::new(CredentialKind::Key, &challenge);
        verify(&party, &expected, &attestation).expect("the vector is accepted");

        let mut group = criterion.benchmark_group(format!("key_{}", text(&vector, "id")));
        for (name, raw) in raw_checks(&vector) {
            assert!(raw(), "{name}: {}", vector["id"]);
            group.bench_function(name, |bencher| bencher.iter(&raw));
        }
        group.bench_function(format!("verify_{BACKEND}"), |bencher| {
            bencher.iter(|| verify(&party, &expected, black_box(&attestation)).is_ok());
        });
        group.finish();
    }
}

/// Returns a run of webauthn-rs-core on the same input. It builds beforehand what webauthn-rs-core
/// would have kept.
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
        "credential_algorithms": ["ES256", "ES384", "ES521", "RS256"],
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
            attestation_object: bytes(vector, "attestationData"),
            client_data_json: bytes(vector, "clientData"),
            transports: None,
        },
        type_: "public-key".into(),
        extensions: RegistrationExtensionsClientOutputs::default(),
    };
    move || core.register_credential(black_box(&response), &state, None).is_ok()
}

const TRUSTING: &str = "verify_native_trusting";

/// Returns the engines that a host can choose. The last one has a root that vouches for the
/// vector's model, so it also checks a chain up to that root.
fn engines(vector: &Value, root: &[u8]) -> [(&'static str, AttestationEngine); 3] {
    let object = bytes(vector, "attestationData");
    let credential_id = bytes(vector, "credId");
    let at = object.windows(credential_id.len()).position(|window| window == credential_id).expect("an id");
    // The length of the id and the AAGUID stand before the id.
    let aaguid = object[at - 18..at - 2].try_into().expect("16 bytes");
    let trusting = TrustAnchors::new().with_root(root, [aaguid]).expect("a root");
    [
        ("verify_webauthn_rs", AttestationEngine::WebauthnRs),
        ("verify_native", NativeEngine::new().into()),
        (TRUSTING, NativeEngine::new().trust(trusting).into()),
    ]
}

fn passkeys(criterion: &mut Criterion) {
    let vectors =
        [vectors("webauthn_level_3.json", "vectors"), vectors("bench_registration.json", "passkeys")]
            .concat();
    let root = bytes(&load("webauthn_level_3.json"), "attestation_root_cert_b64url");
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Preferred;
    policy.algorithms = vec![
        CoseAlgorithm::Es256,
        CoseAlgorithm::Es384,
        CoseAlgorithm::Es512,
        CoseAlgorithm::EdDsa,
        CoseAlgorithm::Rs256,
    ];
    for vector in &vectors {
        let party =
            RelyingParty::new(text(vector, "rp_id"), "Example", [text(vector, "origin")]).expect("valid");
        let challenge = Challenge::new(text(vector, "challenge_b64url")).expect("a challenge");
        let attestation = Attestation::new(
            CredentialKind::Fido2,
            CredentialId::new(text(vector, "credId")).expect("an id"),
            bytes(vector, "clientData"),
            bytes(vector, "attestationData"),
        );
        let expected = Expected::new(CredentialKind::Fido2, &challenge).with_fido2_policy(&policy);
        let verify_with = |engine| {
            verify(&party, &expected.with_attestation_engine(engine), black_box(&attestation))
                .ok()
                .and_then(|verified| verified.fido2().map(|fido2| fido2.attestation_trust))
        };
        // Not every engine can verify everything.
        let engines = engines(vector, &root);
        let engines = engines.iter().filter(|(name, engine)| match verify_with(engine) {
            Some(AttestationTrust::Trusted) => true,
            Some(AttestationTrust::Untrusted) => *name != TRUSTING,
            None => false,
        });
        let engines: Vec<_> = engines.collect();
        if engines.is_empty() {
            continue;
        }
        let mut group = criterion.benchmark_group(format!("fido2_{}", id(vector)));
        let core = core(vector);
        if core() {
            group.bench_function("core", |bencher| bencher.iter(&core));
        }
        for (name, engine) in engines {
            group.bench_function(format!("{name}_{BACKEND}"), |bencher| bencher.iter(|| verify_with(engine)));
        }
        group.finish();
    }
}

fn main() {
    // Only the fastest sample counts, and that comes soon.
    let criterion = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = criterion.measurement_time(Duration::from_secs(2)).configure_from_args();
    keys(&mut criterion);
    passkeys(&mut criterion);
    criterion.final_summary();
}
