//! Keys and signatures, edited, by both backends: both accept or both refuse. A key that RustCrypto
//! refuses is refused before any backend sees it, so AWS-LC never reads one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::crypto::{Digest, PublicKey};
use credential_code_fuzz::der::Der;
use credential_code_fuzz::{choose, crypto, edit, split};
use serde_json::Value;

struct Signed {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// A key of every kind, and RSA keys of usual and unusual sizes and exponents.
static SIGNED: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let kinds: Value = serde_json::from_str(include_str!("../../tests/vectors/bench_registration.json"))
        .expect("the file is JSON");
    let rsa: Value = serde_json::from_str(include_str!("../../tests/vectors/rsa_signatures.json"))
        .expect("the file is JSON");
    let bytes =
        |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().expect("it is a text")).expect("it is base64url");
    let signed = |it: &Value, message: Vec<u8>| Signed {
        key: bytes(&it["publicKeyDer"]),
        message,
        signature: bytes(&it["signature"]),
    };
    let kinds = kinds["keys"].as_array().expect("it has keys").iter();
    let kinds = kinds.map(|it| signed(it, bytes(&it["signed"])));
    let message = rsa["message"].as_str().expect("it is a text").as_bytes();
    let rsa = rsa["vectors"].as_array().expect("it has vectors").iter();
    kinds.chain(rsa.map(|it| signed(it, message.to_vec()))).collect()
});

// Numbers at the edge: the orders of the curves and their fields, and one byte.
const P256_ORDER: &[u8] = b"\x00\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
    \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
const P256_FIELD: &[u8] = b"\x00\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
const P384_ORDER: &[u8] = b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\
    \xec\xec\x19\x6a\xcc\xc5\x29\x73";
const P521_ORDER: &[u8] = b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfa\x51\x86\x87\x83\xbf\x2f\x96\
    \x6b\x7f\xcc\x01\x48\xf7\x09\xa5\xd0\x3b\xb5\xc9\xb8\x89\x9c\x47\xae\xbb\x6f\xb7\x1e\x91\x38\x64\
    \x09";
const SECP256K1_ORDER: &[u8] = b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\
    \xba\xae\xdc\xe6\xaf\x48\xa0\x3b\xbf\xd2\x5e\x8c\xd0\x36\x41\x41";
const ED25519_ORDER: &[u8] = b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10";
const ED25519_ONE: &[u8] = b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const ED25519_EIGHTH: &[u8] = b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
    \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05";
const KNOWN: [&[u8]; 16] = [
    P256_ORDER,
    P256_FIELD,
    P384_ORDER,
    P521_ORDER,
    SECP256K1_ORDER,
    ED25519_ORDER,
    ED25519_ONE,
    ED25519_EIGHTH,
    &[0; 32],
    &[0xff; 32],
    &[],
    &[0],
    &[1],
    &[3],
    &[1, 0, 0, 0, 1],
    &[1, 0xff, 0xff, 0xff, 0xff],
];
const ORDERS: [&[u8]; 4] = [P256_ORDER, P384_ORDER, P521_ORDER, SECP256K1_ORDER];

pub fn run(input: &[u8]) {
    let Some((signed, rest)) = choose(&SIGNED, input) else { return };
    let Some((arithmetic, rest)) = rest.split_first() else { return };
    let (of_key, of_signature) = split(rest);
    let key = edited(&signed.key, of_key, 0xff);
    let signature = edited(&signed.signature, of_signature, *arithmetic);
    let ours = PublicKey::from_spki_der(&key);
    let theirs = crypto::PublicKey::from_spki_der(&key);
    assert_eq!(ours.is_ok(), theirs.is_ok());
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return };
    for (digest, theirs_digest) in [
        (Digest::Sha256, crypto::Digest::Sha256),
        (Digest::Sha384, crypto::Digest::Sha384),
        (Digest::Sha512, crypto::Digest::Sha512),
    ] {
        let rust_crypto = ours.verify(digest, &signed.message, &signature).is_ok();
        let aws_lc = theirs.verify(theirs_digest, &signed.message, &signature).is_ok();
        assert_eq!(rust_crypto, aws_lc, "{ours:?} {digest}: {key:02x?} {signature:02x?}");
    }
}

/// Edits the values of DER, and then the bytes. What is no DER, such as an RSA signature, is edited as
/// bytes alone.
fn edited(bytes: &[u8], edits: &[u8], arithmetic: u8) -> Vec<u8> {
    let (of_values, of_bytes) = split(edits);
    let mut edited = match Der::read(bytes) {
        Some(mut der) => {
            negate(&mut der, arithmetic);
            der.edit(of_values, &KNOWN);
            der.write()
        }
        None => bytes.to_vec(),
    };
    edit(&mut edited, of_bytes);
    edited
}

/// Replaces `s` by the order without it, or adds the order to `r` or `s`.
fn negate(der: &mut Der, arithmetic: u8) {
    let order = ORDERS[usize::from(arithmetic) % 4];
    let Some([r, s]) = der.children.get_mut(..) else { return };
    match arithmetic / 4 {
        0 => s.content = subtract(order, &s.content),
        1 => r.content = subtract(order, &subtract(&[0], &r.content)),
        2 => s.content = subtract(order, &subtract(&[0], &s.content)),
        _ => {}
    }
}

/// Subtracts numbers in two's complement, with one byte to spare, and drops what leads in vain.
fn subtract(from: &[u8], number: &[u8]) -> Vec<u8> {
    let width = from.len().max(number.len()) + 1;
    let byte = |of: &[u8], place: usize| -> u8 {
        let fill = if of.first().is_some_and(|first| *first >= 0x80) { 0xff } else { 0 };
        place.checked_sub(width - of.len()).map_or(fill, |place| of[place])
    };
    let mut difference = vec![0; width];
    let mut borrow = false;
    for place in (0..width).rev() {
        let (once, first) = byte(from, place).overflowing_sub(byte(number, place));
        let (twice, second) = once.overflowing_sub(u8::from(borrow));
        difference[place] = twice;
        borrow = first || second;
    }
    let in_vain =
        difference.windows(2).take_while(|two| matches!(two, [0, 0..=0x7f] | [0xff, 0x80..=0xff])).count();
    difference.split_off(in_vain)
}
