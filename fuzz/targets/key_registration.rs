//! A key's registration, edited. What still holds registers the same key for the same challenge.

use std::sync::LazyLock;

use credential_code_fuzz::{Registration, choose, edit, split};

static SEEDS: LazyLock<Vec<Registration>> = LazyLock::new(Registration::keys);

pub fn run(input: &[u8]) {
    let Some((seed, rest)) = choose(&SEEDS, input) else { return };
    let (client_data, attestation_data) = split(rest);
    let mut edited = seed.attestation.clone();
    edit(&mut edited.client_data, client_data);
    edit(&mut edited.attestation_data, attestation_data);
    if let (Ok(verified), Ok(original)) = (seed.check_key(&edited), seed.check_key(&seed.attestation)) {
        assert_eq!(verified.public_key().to_spki_der(), original.public_key().to_spki_der());
        assert_eq!(edited.client_data, seed.attestation.client_data, "the key signed the client data");
    }
}
