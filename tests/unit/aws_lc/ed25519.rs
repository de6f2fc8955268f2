//! Ed25519: the points and scalars on which libraries are known to disagree.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

use super::{MESSAGE, flipped, resized, verdict};
use crate::crypto::rustcrypto::VerifyingKey;
use crate::crypto::{Digest, PublicKey};

/// The order of the base point, in little-endian bytes.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Points of small order in a form that is not canonical: a sign of zero, or a `y` beyond the
/// field's prime.
fn other_spellings_of_small_order() -> Vec<[u8; 32]> {
    let prime_plus = |more: u8, sign: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + more, 0x7f | sign);
        bytes
    };
    let mut negative_one = [0; 32];
    (negative_one[0], negative_one[31]) = (1, 0x80);
    let mut negative_minus_one = [0xff; 32];
    negative_minus_one[0] = 0xec;
    let beyond = [prime_plus(0, 0), prime_plus(0, 0x80), prime_plus(1, 0), prime_plus(1, 0x80)];
    [&[negative_one, negative_minus_one], &beyond[..]].concat()
}

fn small_order() -> impl Iterator<Item = [u8; 32]> {
    EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).chain(other_spellings_of_small_order())
}

fn key(point: EdwardsPoint) -> PublicKey {
    PublicKey::new(VerifyingKey::ed25519(point.compress().as_bytes()).unwrap()).unwrap()
}

fn secret() -> Scalar {
    Scalar::from(0x5eed_u64)
}

/// Returns the scalar that ties a signature to its key and message.
fn challenge(commitment: &[u8; 32], key: &PublicKey, message: &[u8]) -> Scalar {
    let point = &key.to_spki_der()[12..];
    Scalar::from_bytes_mod_order_wide(&Sha512::digest([commitment, point, message].concat()).into())
}

fn join(commitment: &[u8; 32], scalar: &[u8; 32]) -> Vec<u8> {
    [commitment, &scalar[..]].concat()
}

fn holds(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    verdict(key, Digest::Sha256, message, signature)
}

/// Returns a plain signature over [`MESSAGE`].
fn signed() -> (PublicKey, [u8; 32], Scalar) {
    let key = key(BASE * secret());
    let nonce = Scalar::from(77_u64);
    let commitment = (BASE * nonce).compress().to_bytes();
    let scalar = nonce + challenge(&commitment, &key, MESSAGE) * secret();
    (key, commitment, scalar)
}

#[test]
fn a_bit_makes_another_signature() {
    let (key, commitment, scalar) = signed();
    let signature = join(&commitment, scalar.as_bytes());
    assert!(holds(&key, MESSAGE, &signature));
    for other in flipped(&signature).chain(resized(&signature)) {
        assert!(!holds(&key, MESSAGE, &other), "{other:02x?}");
    }
    for other in flipped(MESSAGE) {
        assert!(!holds(&key, &other, &signature));
    }
}

#[test]
fn a_scalar_is_below_the_order() {
    let (key, commitment, scalar) = signed();
    let mut beyond = *scalar.as_bytes();
    // Adds the order as often as it fits into 32 bytes.
    for _ in 0..15 {
        let mut carry = 0;
        for (digit, more) in beyond.iter_mut().zip(ORDER) {
            let sum = u16::from(*digit) + u16::from(more) + carry;
            (*digit, carry) = (sum as u8, sum >> 8);
        }
        assert_eq!(Scalar::from_bytes_mod_order(beyond), scalar);
        assert!(!holds(&key, MESSAGE, &join(&commitment, &beyond)));
    }
}

/// Anybody can sign for such a key, so it is refused.
#[test]
fn keys_of_small_order_are_refused_in_every_spelling() {
    assert_eq!(small_order().count(), 14);
    for bytes in small_order() {
        assert!(VerifyingKey::ed25519(&bytes).is_err(), "{bytes:02x?}");
    }
}

/// For each of these, AWS-LC alone finds that the equation holds, if the key's owner makes it so.
#[test]
fn commitments_of_small_order_are_refused_in_every_spelling() {
    // Such a key has a part of small order itself, so the equation can produce every such
    // commitment.
    for key_part in EIGHT_TORSION {
        let key = key(BASE * secret() + key_part);
        let mut solved = 0;
        for commitment in small_order() {
            for message in 0..64_u8 {
                let challenge = challenge(&commitment, &key, &[message]);
                let scalar = challenge * secret();
                let computed = BASE * scalar - (BASE * secret() + key_part) * challenge;
                solved += usize::from(computed.compress().to_bytes() == commitment);
                assert!(!holds(&key, &[message], &join(&commitment, scalar.as_bytes())));
            }
        }
        assert!(solved > 0, "not one of them would have held");
    }
}

/// A key or a commitment has a part of small order. The equation holds exactly or not at all. It
/// holds without the factor that would hide the part.
#[test]
fn parts_of_small_order_are_never_multiplied_away() {
    let (mut accepted, mut refused) = (0, 0);
    for (key_part, commitment_part) in
        EIGHT_TORSION.iter().flat_map(|key| EIGHT_TORSION.map(|part| (key, part)))
    {
        let key = key(BASE * secret() + key_part);
        let nonce = Scalar::from(77_u64);
        let commitment = (BASE * nonce + commitment_part).compress().to_bytes();
        for message in 0..8_u8 {
            let scalar = nonce + challenge(&commitment, &key, &[message]) * secret();
            let holds = holds(&key, &[message], &join(&commitment, scalar.as_bytes()));
            *if holds { &mut accepted } else { &mut refused } += 1;
        }
    }
    assert!(accepted > 20 && refused > 300, "{accepted} accepted, {refused} refused");
}

/// All points whose `y` has a second spelling.
#[test]
fn commitments_and_keys_have_one_spelling() {
    let (key, _, scalar) = signed();
    for (more, sign) in (0..19_u8).flat_map(|more| [(more, 0x7f), (more, 0xff)]) {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + more, sign);
        assert!(VerifyingKey::ed25519(&bytes).is_err());
        assert!(!holds(&key, MESSAGE, &join(&bytes, scalar.as_bytes())));
    }
}

#[test]
fn a_bit_makes_another_key() {
    let (key, commitment, scalar) = signed();
    let mut let_in = 0;
    for other in flipped(&key.to_spki_der()[12..]) {
        let Ok(other) = VerifyingKey::ed25519(&other) else { continue };
        let_in += 1;
        assert!(!holds(&PublicKey::new(other).unwrap(), MESSAGE, &join(&commitment, scalar.as_bytes())));
    }
    assert!(let_in > 5, "{let_in} of 32");
}
