//! An attestation object, and client data, of any bytes.

use std::sync::LazyLock;

use credential_code::attestation::{AttestationEngine, NativeEngine};
use credential_code_fuzz::Registration;

static SEED: LazyLock<Registration> = LazyLock::new(|| Registration::passkeys().swap_remove(0));

pub fn run(input: &[u8]) {
    let mut proof = SEED.attestation.clone();
    proof.attestation_data = input.to_vec();
    for engine in [NativeEngine::new().into(), AttestationEngine::WebauthnRs] {
        let _ = SEED.check_passkey(&proof, &engine);
    }
    proof.attestation_data.clone_from(&SEED.attestation.attestation_data);
    proof.client_data = input.to_vec();
    let _ = SEED.check_passkey(&proof, &NativeEngine::new().into());
}
