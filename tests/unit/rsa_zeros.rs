//! One RSA key has one identity, however its numbers are spelled.

use pkcs1::RsaPublicKeyRef;
use serde_json::Value;
use spki::SubjectPublicKeyInfoRef;

use crate::crypto::{Digest, PublicKey};
use crate::encoding::base64url;

#[test]
fn zeros_in_front_of_a_number_make_no_other_key() {
    let file = include_str!("../vectors/rsa_signatures.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let vector = file["vectors"].as_array().unwrap().iter().find(|vector| vector["bits"] == 2048).unwrap();
    let bytes = |member: &str| base64url::decode(vector[member].as_str().unwrap()).unwrap();
    let (der, signature) = (bytes("publicKeyDer"), bytes("signature"));
    let spki = SubjectPublicKeyInfoRef::try_from(&der[..]).unwrap();
    let parts = RsaPublicKeyRef::try_from(spki.subject_public_key.as_bytes().unwrap()).unwrap();
    for zeros in 0..3 {
        let spelled = |number: &[u8]| [&[0; 3][..zeros], number].concat();
        let (modulus, exponent) =
            (spelled(parts.modulus.as_bytes()), spelled(parts.public_exponent.as_bytes()));
        let key = PublicKey::from_rsa(&modulus, &exponent).unwrap();
        assert_eq!(key, PublicKey::from_spki_der(&der).unwrap());
        assert!(key.verifying_key().verify(Digest::Sha256, b"a message", &signature).is_ok(), "{zeros}");
    }
}

#[test]
fn a_number_with_more_zeros_than_an_encoding_has_is_refused() {
    let spelled = |number: &[u8], length: usize| [&vec![0; length - number.len()], number].concat();
    let (modulus, exponent) = ([0xff; 256], [1, 0, 1]);
    let judge = |modulus_length, exponent_length| {
        PublicKey::from_rsa(&spelled(&modulus, modulus_length), &spelled(&exponent, exponent_length))
    };
    assert!(judge(513, 9).is_ok());
    assert!(judge(514, 9).is_err());
    assert!(judge(513, 10).is_err());
}
