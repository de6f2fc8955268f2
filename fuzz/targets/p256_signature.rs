//! A signature by a P-256 key, edited: this crate accepts it where the library `p256` does.

use std::sync::LazyLock;

use credential_code::crypto::{Digest, PublicKey};
use credential_code_fuzz::edit;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, Signature, SigningKey, VerifyingKey};
use p256::pkcs8::EncodePublicKey;

const MESSAGE: &[u8] = b"a message";

static KEYS: LazyLock<(VerifyingKey, PublicKey, Vec<u8>)> = LazyLock::new(|| {
    let signing = SigningKey::from_slice(&[7; 32]).expect("the number is below the order");
    let signature: DerSignature = signing.sign(MESSAGE);
    let theirs = *signing.verifying_key();
    let der = theirs.to_public_key_der().expect("a key has DER");
    let ours = PublicKey::from_spki_der(der.as_bytes()).expect("the key is valid");
    (theirs, ours, signature.as_bytes().to_vec())
});

pub fn run(edits: &[u8]) {
    let (theirs, ours, good) = &*KEYS;
    let mut signature = good.clone();
    edit(&mut signature, edits);
    let accepted = Signature::from_der(&signature).is_ok_and(|it| theirs.verify(MESSAGE, &it).is_ok());
    assert_eq!(ours.verify(Digest::Sha256, MESSAGE, &signature).is_ok(), accepted);
}
