//! A root certificate, as it is and edited: no panic, and no chain that it did not sign.

use std::sync::LazyLock;

use credential_code::attestation::{NativeEngine, TrustAnchors};
use credential_code_fuzz::{Registration, edit, root_certificate};

static ROOT: LazyLock<Vec<u8>> = LazyLock::new(root_certificate);
static SEEDS: LazyLock<Vec<Registration>> = LazyLock::new(Registration::passkeys);

pub fn run(input: &[u8]) {
    let _ = TrustAnchors::new().with_root(input, [[0; 16]]);
    let mut edited = ROOT.clone();
    edit(&mut edited, input);
    let Ok(anchors) = TrustAnchors::new().with_root(&edited, [[0; 16]]) else { return };
    let engine = NativeEngine::new().trust(anchors).into();
    for seed in SEEDS.iter() {
        let _ = seed.check_passkey(&seed.attestation, &engine);
    }
}
