//! Base64 for URLs, canonical: trailing bits that are not zero are refused.

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

/// Unpadded text only.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    UNPADDED.decode(text).map_err(|_| InvalidBase64)
}

/// Unpadded text, or text with exactly the padding that it needs.
pub(crate) fn decode_padded_or_not(text: &str) -> Result<Vec<u8>, InvalidBase64> {
    let is_whole = !text.ends_with('=') || text.len().is_multiple_of(4);
    is_whole.then(|| PADDED_OR_NOT.decode(text).ok()).flatten().ok_or(InvalidBase64)
}

#[cfg(test)]
mod tests {
    use super::{InvalidBase64, decode, decode_padded_or_not};

    #[test]
    fn a_value_has_one_unpadded_spelling() {
        assert_eq!(decode("-_8"), Ok(vec![0xfb, 0xff]));
        for other in ["-_8=", "-_9", "+/8", "-_8 ", "-_8\n", "-_8==", "A"] {
            assert_eq!(decode(other), Err(InvalidBase64), "{other:?}");
        }
    }

    #[test]
    fn padding_is_whole_or_missing() {
        assert_eq!(decode_padded_or_not("-_8="), Ok(vec![0xfb, 0xff]));
        assert_eq!(decode_padded_or_not("-_8"), Ok(vec![0xfb, 0xff]));
        for other in ["-_8==", "-w=", "-w===", "-_9=", "="] {
            assert_eq!(decode_padded_or_not(other), Err(InvalidBase64), "{other:?}");
        }
    }
}
