//! A public key as PEM: what is read is written in one way, and read again as the same key.

use credential_code::crypto::PublicKey;

pub fn run(text: &str) {
    if let Ok(key) = PublicKey::from_pem(text) {
        let again = PublicKey::from_pem(&key.to_pem()).expect("what is written is read");
        assert_eq!(again.to_spki_der(), key.to_spki_der());
    }
}
