//! RSA: sizes and exponents, and every change to the signature and to the modulus.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{DIGESTS, MESSAGE, flipped, resized, verdict};
use crate::crypto::{Digest, PublicKey, PublicKeyError};

#[derive(Deserialize)]
struct File {
    message: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    bits: usize,
    exponent: String,
    public_key_der: String,
    signature: String,
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn vectors() -> Vec<Vector> {
    let file: File = serde_json::from_str(include_str!("../../vectors/rsa_signatures.json")).unwrap();
    assert_eq!(file.message.as_bytes(), MESSAGE);
    file.vectors
}

#[test]
fn every_key_that_is_let_in_can_be_used() {
    let (mut let_in, mut kept_out) = (0, 0);
    for vector in vectors() {
        let exponent: u64 = vector.exponent.parse().unwrap();
        let is_usual = exponent % 2 == 1 && (3..1 << 33).contains(&exponent);
        match PublicKey::from_spki_der(&decode(&vector.public_key_der)) {
            Ok(key) => {
                assert!((2048..=4096).contains(&vector.bits) && is_usual, "{} bits, {exponent}", vector.bits);
                for digest in DIGESTS {
                    let holds = verdict(&key, digest, MESSAGE, &decode(&vector.signature));
                    assert_eq!(holds, digest == Digest::Sha256, "{} bits, {exponent}", vector.bits);
                }
                let_in += 1;
            }
            Err(error) => {
                assert!(
                    !(2048..=4096).contains(&vector.bits) || !is_usual,
                    "{} bits, {exponent}",
                    vector.bits
                );
                assert_eq!(error, PublicKeyError::Rsa);
                kept_out += 1;
            }
        }
    }
    assert_eq!((let_in, kept_out), (10, 5));
}

#[test]
fn a_bit_makes_another_signature() {
    // 2055 bits leave room for numbers beyond the modulus.
    for vector in
        vectors().iter().filter(|vector| [2048, 2055].contains(&vector.bits) && vector.exponent == "65537")
    {
        let key = PublicKey::from_spki_der(&decode(&vector.public_key_der)).unwrap();
        let signature = decode(&vector.signature);
        for other in flipped(&signature).chain(resized(&signature)) {
            assert!(!verdict(&key, Digest::Sha256, MESSAGE, &other), "{other:02x?}");
        }
        for other in flipped(MESSAGE) {
            assert!(!verdict(&key, Digest::Sha256, &other, &signature));
        }
    }
}

#[test]
fn a_bit_makes_another_key() {
    let vector = vectors().into_iter().find(|vector| vector.bits == 2048).unwrap();
    let mut let_in = 0;
    for other in flipped(&decode(&vector.public_key_der)) {
        let Ok(other) = PublicKey::from_spki_der(&other) else { continue };
        let_in += 1;
        assert!(!verdict(&other, Digest::Sha256, MESSAGE, &decode(&vector.signature)));
    }
    assert!(let_in > 200, "{let_in}");
}
