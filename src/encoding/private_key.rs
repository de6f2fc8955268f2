//! Recognises a private key that was not encrypted, in the spellings that tools write: PEM, a JWK,
//! and DER in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use spki::der::asn1::AnyRef;
use spki::der::{Decode, Tag, Tagged};

/// Returns whether anybody can read the private key in a text.
pub(crate) fn is_plain(text: &str) -> bool {
    is_pem(text)
        || match text.trim_start().as_bytes().first() {
            Some(b'{') => is_jwk(text),
            // The first six bits of a sequence in DER.
            Some(b'M') => is_der(text),
            Some(_) | None => false,
        }
}

/// Returns whether it has a block whose label ends in `PRIVATE KEY` and does not say that it is
/// encrypted.
fn is_pem(text: &str) -> bool {
    text.match_indices("-----").any(|(at, _)| {
        let label = &text.as_bytes()[..at];
        ends_with(label, b"PRIVATE KEY") && !ends_with(label, b"ENCRYPTED PRIVATE KEY")
    })
}

/// Compares without regard to case.
fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len().checked_sub(end.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(end))
}

/// Returns whether it is a JSON object with the members of a private key (RFC 7517).
fn is_jwk(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Jwk {
        #[serde(rename = "kty")]
        _type: IgnoredAny,
        #[serde(rename = "d")]
        _private: IgnoredAny,
    }
    serde_json::from_str::<Jwk>(text).is_ok()
}

/// Returns whether it is a sequence that begins with a version of 0 or 1, as in PKCS#8, PKCS#1 and
/// SEC 1. An encrypted key begins with the name of its cipher.
fn is_der(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let digits: Vec<_> = digits.map(of_standard_alphabet).collect();
    STANDARD_NO_PAD.decode(digits).is_ok_and(|der| {
        let sequence = AnyRef::from_der(&der).ok().filter(|any| any.tag() == Tag::Sequence);
        sequence.is_some_and(|sequence| matches!(sequence.value(), [2, 1, 0 | 1, ..]))
    })
}

fn of_standard_alphabet(digit: u8) -> u8 {
    match digit {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}
