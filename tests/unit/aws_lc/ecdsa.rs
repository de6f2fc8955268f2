//! ECDSA: every curve with every digest, and every change to its two numbers and to their encoding.

use crypto_bigint::BoxedUint;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{DIGESTS, MESSAGE, flipped, resized, verdict};
use crate::crypto::rustcrypto::VerifyingKey;
use crate::crypto::{Digest, PublicKey};
use crate::encoding::hex;

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffff\
                          c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const P521_ORDER: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa\
                          51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
const SECP256K1_ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

struct Signed {
    key: PublicKey,
    signature: Vec<u8>,
    order: BoxedUint,
}

/// Returns a signature by each curve.
fn signed(digest: Digest) -> [Signed; 4] {
    let prehash = match digest {
        Digest::Sha256 => Sha256::digest(MESSAGE).to_vec(),
        Digest::Sha384 => Sha384::digest(MESSAGE).to_vec(),
        Digest::Sha512 => Sha512::digest(MESSAGE).to_vec(),
    };
    let p256 = p256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
    let p384 = p384::ecdsa::SigningKey::from_slice(&[1; 48]).unwrap();
    let p521 = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
    let secp256k1 = k256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
    let by_p256: p256::ecdsa::DerSignature = p256.sign_prehash(&prehash).unwrap();
    let by_p384: p384::ecdsa::DerSignature = p384.sign_prehash(&prehash).unwrap();
    let by_p521: p521::ecdsa::DerSignature = p521.sign_prehash(&prehash).unwrap();
    let by_secp256k1: k256::ecdsa::DerSignature = secp256k1.sign_prehash(&prehash).unwrap();
    [
        (VerifyingKey::P256(*p256.verifying_key()), by_p256.as_bytes(), P256_ORDER),
        (VerifyingKey::P384(*p384.verifying_key()), by_p384.as_bytes(), P384_ORDER),
        (VerifyingKey::P521(*p521.verifying_key()), by_p521.as_bytes(), P521_ORDER),
        (VerifyingKey::Secp256k1(*secp256k1.verifying_key()), by_secp256k1.as_bytes(), SECP256K1_ORDER),
    ]
    .map(|(key, signature, order)| Signed {
        key: PublicKey::new(key).unwrap(),
        signature: signature.to_vec(),
        order: number(&hex::decode(order).unwrap()),
    })
}

/// Returns content behind a tag, with its length in one byte, or in two if it has to be.
fn with_length(tag: u8, content: &[u8]) -> Vec<u8> {
    match content.len() {
        length @ ..0x80 => [&[tag, length as u8], content].concat(),
        length => [&[tag, 0x81, length as u8], content].concat(),
    }
}

fn with_long_length(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x82, 0, content.len() as u8], content].concat()
}

/// Returns the shortest content of an integer: no zeros in front, except one where the sign would
/// be.
fn shortest(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    match &number[zeros..] {
        [] => vec![0],
        digits @ [0x80..=0xff, ..] => [&[0], digits].concat(),
        digits => digits.to_vec(),
    }
}

fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
    with_length(0x30, &[with_length(2, r), with_length(2, s)].concat())
}

/// Returns the contents of the two integers.
fn integers(signature: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let start = if signature[1] == 0x81 { 3 } else { 2 };
    let r = start + 2..start + 2 + usize::from(signature[start + 1]);
    (signature[r.clone()].to_vec(), signature[r.end + 2..].to_vec())
}

/// Returns a number with room for sums.
fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice(bytes, 640).unwrap()
}

#[test]
fn every_curve_goes_with_every_digest() {
    for digest in DIGESTS {
        for Signed { key, signature, .. } in signed(digest) {
            for other in DIGESTS {
                assert_eq!(verdict(&key, other, MESSAGE, &signature), digest == other, "{key:?}, {digest:?}");
            }
        }
    }
}

#[test]
fn a_bit_makes_another_signature() {
    for Signed { key, signature, .. } in signed(Digest::Sha256) {
        for other in flipped(&signature).chain(resized(&signature)) {
            assert!(!verdict(&key, Digest::Sha256, MESSAGE, &other), "{key:?}: {other:02x?}");
        }
        for other in flipped(MESSAGE) {
            assert!(!verdict(&key, Digest::Sha256, &other, &signature), "{key:?}");
        }
    }
}

#[test]
fn the_other_s_holds_too() {
    for Signed { key, signature, order } in signed(Digest::Sha256) {
        let (r, s) = integers(&signature);
        assert_eq!(sequence(&r, &s), signature);
        let other = sequence(&r, &shortest(&(order - number(&s)).to_be_bytes()));
        assert!(verdict(&key, Digest::Sha256, MESSAGE, &other), "{key:?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for Signed { key, signature, order } in signed(Digest::Sha256) {
        let (r, s) = integers(&signature);
        let beyond = |bytes: &[u8]| shortest(&(number(bytes) + &order).to_be_bytes());
        let (zero, minus_one) = (vec![0], vec![0xff]);
        for bad in [&zero, &minus_one, &beyond(&zero), &beyond(&r), &beyond(&s)] {
            for other in [sequence(bad, &s), sequence(&r, bad), sequence(bad, bad)] {
                assert!(!verdict(&key, Digest::Sha256, MESSAGE, &other), "{key:?}: {other:02x?}");
            }
        }
    }
}

#[test]
fn the_encoding_is_der_and_not_ber() {
    for Signed { key, signature, .. } in signed(Digest::Sha256) {
        let (r, s) = integers(&signature);
        let (r_with_zero, s_with_zero) = ([&[0], &r[..]].concat(), [&[0], &s[..]].concat());
        let both = [with_length(2, &r), with_length(2, &s)].concat();
        let spellings = [
            sequence(&r_with_zero, &s),
            sequence(&r, &s_with_zero),
            sequence(&[], &s),
            sequence(&r, &[]),
            sequence(&s, &r),
            with_long_length(0x30, &both),
            with_length(0x30, &[with_long_length(2, &r), with_length(2, &s)].concat()),
            with_length(0x30, &[with_length(2, &r), with_long_length(2, &s)].concat()),
            with_length(0x30, &[&both[..], &[0]].concat()),
            with_length(0x30, &[&both[..], &[5, 0]].concat()),
            with_length(0x30, &[&both[..], &with_length(2, &s)].concat()),
            with_length(0x30, &with_length(2, &r)),
            with_length(0x31, &both),
            with_length(0x30, &with_length(0x30, &both)),
            [&[0x30, 0x80], &both[..], &[0, 0]].concat(),
            [&[0x30, 0x81, both.len() as u8][..], &both].concat(),
            both.clone(),
            [&r[..], &s].concat(),
        ];
        for other in spellings.iter().filter(|other| **other != signature) {
            assert!(!verdict(&key, Digest::Sha256, MESSAGE, other), "{key:?}: {other:02x?}");
        }
    }
}
