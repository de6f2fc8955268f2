//! A root certificate, as it is and edited: no panic, and no chain that it did not sign.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::attestation::{NativeEngine, TrustAnchors};
use credential_code_fuzz::{Registration, edit};
use libfuzzer_sys::fuzz_target;

static ROOT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/vectors/webauthn_level_3.json")).expect("it is JSON");
    let root = file["attestation_root_cert_b64url"].as_str().expect("the file has a root");
    URL_SAFE_NO_PAD.decode(root).expect("the root is base64url")
});
static SEEDS: LazyLock<Vec<Registration>> = LazyLock::new(Registration::passkeys);

fuzz_target!(|input: &[u8]| {
    let _ = TrustAnchors::new().with_root(input, [[0; 16]]);
    let mut edited = ROOT.clone();
    edit(&mut edited, input);
    let Ok(anchors) = TrustAnchors::new().with_root(&edited, [[0; 16]]) else { return };
    let engine = NativeEngine::new().trust(anchors).into();
    for seed in SEEDS.iter() {
        let _ = seed.check_passkey(&seed.attestation, &engine);
    }
});
