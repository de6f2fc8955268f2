//! Hexadecimal digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The text is not pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidHex;

/// Writes lower-case digits.
pub(crate) fn encode(bytes: &[u8; 32]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads digits of either case, in pairs.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, InvalidHex> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(InvalidHex) };
    // Collecting results would not know their number.
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push(value(*high)? << 4 | value(*low)?);
    }
    Ok(bytes)
}

fn value(digit: u8) -> Result<u8, InvalidHex> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(InvalidHex),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/hex.rs"]
mod tests;
