//! An attestation object, and client data, of any bytes.
#![no_main]

use std::sync::LazyLock;

use credential_code::attestation::{AttestationEngine, NativeEngine};
use credential_code_fuzz::Registration;
use libfuzzer_sys::fuzz_target;

static SEED: LazyLock<Registration> = LazyLock::new(|| Registration::passkeys().swap_remove(0));

fuzz_target!(|input: &[u8]| {
    let mut proof = SEED.attestation.clone();
    proof.attestation_data = input.to_vec();
    for engine in [NativeEngine::new().into(), AttestationEngine::WebauthnRs] {
        let _ = SEED.check_passkey(&proof, &engine);
    }
    proof.attestation_data.clone_from(&SEED.attestation.attestation_data);
    proof.client_data = input.to_vec();
    let _ = SEED.check_passkey(&proof, &NativeEngine::new().into());
});
