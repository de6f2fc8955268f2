//! Hexadecimal digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The text is not pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidHex;

/// Lower-case digits.
pub(crate) fn encode(bytes: &[u8; 32]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Digits of either case, in pairs.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, InvalidHex> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(InvalidHex) };
    // Collecting results would not know how many there are.
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
mod tests {
    use super::{InvalidHex, decode, encode};

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes = std::array::from_fn(|index| index as u8 * 8 + 5);
        assert_eq!(decode(&encode(&bytes)), Ok(bytes.to_vec()));
    }

    #[test]
    fn digits_come_in_pairs() {
        assert_eq!(decode("fF0a"), Ok(vec![0xff, 0x0a]));
        for odd in ["f", "0x", "fg", " f", "ff ", "ﬀ"] {
            assert_eq!(decode(odd), Err(InvalidHex), "{odd:?}");
        }
    }
}
