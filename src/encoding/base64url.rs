//! Canonical base64 for URLs. Trailing bits that are not zero are refused.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const UNPADDED: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD);
const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text is not canonical base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidBase64;

pub(crate) fn encode(bytes: &[u8]) -> String {
    UNPADDED.encode(bytes)
}

/// Encodes in one allocation, if the text has at most `N` bytes.
pub(crate) fn encode_shared<const N: usize>(bytes: &[u8]) -> Arc<str> {
    let mut text = [0; N];
    let length = UNPADDED.encode_slice(bytes, &mut text).expect("what is encoded so is short");
    str::from_utf8(&text[..length]).expect("base64 is ASCII").into()
}

/// Decodes unpadded text only.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    UNPADDED.decode(text).map_err(|_| InvalidBase64)
}

/// Decodes unpadded text, or text with exactly the padding that it needs.
pub(crate) fn decode_padded_or_not(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    let is_whole = !text.ends_with('=') || text.len().is_multiple_of(4);
    is_whole.then(|| PADDED_OR_NOT.decode(text).ok()).flatten().ok_or(InvalidBase64)
}

/// Decodes either alphabet of base64, with the needed padding or without any.
#[cfg(feature = "webauthn-rs")]
pub(crate) fn decode_either_alphabet(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    decode_padded_or_not(&text.replace('+', "-").replace('/', "_"))
}

#[cfg(test)]
#[path = "../../tests/unit/base64url.rs"]
mod tests;
