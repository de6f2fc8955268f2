//! DER, written by hand, so that it can be written wrongly.

use x509_cert::der::asn1::ObjectIdentifier;

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut der = vec![tag];
    match content.len() {
        short @ 0..128 => der.push(short as u8),
        middle @ 128..256 => der.extend_from_slice(&[0x81, middle as u8]),
        long => {
            der.push(0x82);
            der.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    der.extend_from_slice(&content);
    der
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x31, parts)
}

pub(crate) fn integer(value: u8) -> Vec<u8> {
    tlv(0x02, &[&[value]])
}

pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(0x0a, &[&[value]])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(0x04, &[bytes])
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], bytes])
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, &[text.as_bytes()])
}

pub(crate) fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, &[text.as_bytes()])
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    tlv(0x06, &[ObjectIdentifier::new_unwrap(text).as_bytes()])
}

/// Returns `[number] EXPLICIT`.
pub(crate) fn tagged(number: u16, inner: &[u8]) -> Vec<u8> {
    match number {
        0..31 => tlv(0xa0 | number as u8, &[inner]),
        _ => {
            let rest = tlv((number & 0x7f) as u8, &[inner]);
            [&[0xbf, 0x80 | (number >> 7) as u8], rest.as_slice()].concat()
        }
    }
}

/// Returns a name with these attributes, one after the other.
pub(crate) fn name(attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let attributes: Vec<_> =
        attributes.iter().map(|(id, value)| set(&[&sequence(&[&oid(id), value])])).collect();
    sequence(&attributes.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
