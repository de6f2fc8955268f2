//! Hexadecimal digits, read strictly.

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
