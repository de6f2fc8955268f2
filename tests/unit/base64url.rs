//! One spelling of bytes in base64url.

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
