use minicbor::decode::{Decoder, Error};

use crate::attestation::fido2::attestation_object::Items;

/// Three more than any published list has. Each certificate but one costs a signature check.
const MOST_CERTIFICATES: u64 = 8;

/// An attestation statement: the members of all the formats, each at most once, and no others. The
/// engine decides which of them a format has, and what they mean.
#[derive(Debug, Default)]
pub(super) struct Statement<'a> {
    pub(super) alg: Option<i64>,
    pub(super) sig: Option<&'a [u8]>,
    /// The certificates in DER, the attestation's own first.
    pub(super) x5c: Option<Vec<&'a [u8]>>,
    pub(super) ver: Option<&'a str>,
    pub(super) cert_info: Option<&'a [u8]>,
    pub(super) pub_area: Option<&'a [u8]>,
}

impl<'a> Statement<'a> {
    pub(super) fn read(cbor: &mut Decoder<'a>) -> Result<Self, Error> {
        let mut statement = Self::default();
        let mut members = Items::of_map(cbor)?;
        while members.next(cbor)? {
            let is_first = match cbor.str()? {
                "alg" => statement.alg.replace(cbor.i64()?).is_none(),
                "sig" => statement.sig.replace(cbor.bytes()?).is_none(),
                "x5c" => statement.x5c.replace(read_certificates(cbor)?).is_none(),
                "ver" => statement.ver.replace(cbor.str()?).is_none(),
                "certInfo" => statement.cert_info.replace(cbor.bytes()?).is_none(),
                "pubArea" => statement.pub_area.replace(cbor.bytes()?).is_none(),
                _ => return Err(Error::message("unknown member")),
            };
            if !is_first {
                return Err(Error::message("duplicate member"));
            }
        }
        Ok(statement)
    }

    /// Returns whether it is the empty map.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self { alg: None, sig: None, x5c: None, ver: None, cert_info: None, pub_area: None })
    }
}

fn read_certificates<'a>(cbor: &mut Decoder<'a>) -> Result<Vec<&'a [u8]>, Error> {
    let length = cbor.array()?.ok_or_else(|| Error::message("an array of indefinite length"))?;
    if length > MOST_CERTIFICATES {
        return Err(Error::message("too many certificates"));
    }
    (0..length).map(|_| cbor.bytes()).collect()
}
