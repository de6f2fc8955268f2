//! Names that the server gives: a prefix of two letters, then five, five, and 14 to 16 lower-case
//! letters and digits. None of them is a secret.

use std::sync::Arc;

/// How many random bytes make a name: 26 symbols of five bits each, 130 bits in all. So two names
/// never collide.
pub(super) const RANDOM_BYTES: usize = 17;

const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

pub(super) fn is_public_id(prefix: &str, text: &str) -> bool {
    let is_symbol = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let mut parts = text.split('-');
    let mut next = || parts.next().unwrap_or_default();
    let (first, a, b, c) = (next(), next(), next(), next());
    first == prefix
        && (a.len(), b.len()) == (5, 5)
        && (14..=16).contains(&c.len())
        && [a, b, c].into_iter().all(is_symbol)
        && parts.next().is_none()
}

pub(super) fn public_id(prefix: &str, random: [u8; RANDOM_BYTES]) -> Arc<str> {
    // The array is on the stack, so the name is the only allocation.
    let mut text = [b'-'; 31];
    text[..2].copy_from_slice(prefix.as_bytes());
    let (mut bits, mut left) = (0_u32, 0);
    let mut random = random.into_iter();
    for place in text.iter_mut().enumerate().filter(|(index, _)| !matches!(index, 0..=2 | 8 | 14)) {
        if left < 5 {
            bits = bits << 8 | u32::from(random.next().unwrap_or_default());
            left += 8;
        }
        left -= 5;
        *place.1 = SYMBOLS[(bits >> left & 31) as usize];
    }
    str::from_utf8(&text).expect("letters, digits and hyphens are UTF-8").into()
}
