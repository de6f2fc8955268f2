//! A public key as DER, edited: what is read is written in one way, and read again as the same key.

use std::sync::LazyLock;

use credential_code::crypto::PublicKey;
use credential_code_fuzz::{Registration, choose, edit};

static KEYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let registrations = Registration::keys();
    let verified = registrations.iter().filter_map(|it| it.check_key(&it.attestation).ok());
    verified.map(|it| it.public_key().to_spki_der().to_vec()).collect()
});

pub fn run(input: &[u8]) {
    read(input);
    let Some((key, edits)) = choose(&KEYS, input) else { return };
    let mut der = key.clone();
    edit(&mut der, edits);
    read(&der);
}

fn read(der: &[u8]) {
    if let Ok(key) = PublicKey::from_spki_der(der) {
        let again = PublicKey::from_spki_der(key.to_spki_der()).expect("what is written is read");
        assert_eq!(again.to_spki_der(), key.to_spki_der());
        assert_eq!(again.algorithm(), key.algorithm());
    }
}
