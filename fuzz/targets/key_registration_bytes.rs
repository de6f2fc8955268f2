//! A key's registration of any bytes: nothing holds that nobody signed.

use std::sync::LazyLock;

use credential_code_fuzz::{Registration, split};

static SEED: LazyLock<Registration> = LazyLock::new(|| Registration::keys().swap_remove(0));

pub fn run(input: &[u8]) {
    let (client_data, attestation_data) = split(input);
    let mut proof = SEED.attestation.clone();
    proof.client_data = client_data.to_vec();
    let _ = SEED.check_key(&proof);
    proof.client_data.clone_from(&SEED.attestation.client_data);
    proof.attestation_data = attestation_data.to_vec();
    let _ = SEED.check_key(&proof);
}
