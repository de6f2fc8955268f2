use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

use crate::code::{Expiration, MintRequest, MintedCode};
use crate::encoding::{json, rfc3339};
use crate::error::Error;

/// The body of mint.
#[derive(Debug, DeriveDeserialize)]
#[serde(deny_unknown_fields)]
struct MintBody {
    expiration: Expiration,
}

pub(in crate::code) fn read_mint(body: &[u8]) -> Result<MintRequest, Error> {
    json::object::<MintBody>(body)
        .map(|body| MintRequest::new(body.expiration))
        .map_err(Error::invalid_request)
}

impl<'de> Deserialize<'de> for Expiration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpirationVisitor)
    }
}

/// Accepts text or an integer. A fraction, which a float would be, is neither.
struct ExpirationVisitor;

impl Visitor<'_> for ExpirationVisitor {
    type Value = Expiration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RFC 3339 text or an integer")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expiration, E> {
        Expiration::from_rfc3339(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Expiration, E> {
        Expiration::from_unix(number).map_err(E::custom)
    }
}

/// The answer of mint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MintAnswer<'a> {
    code: String,
    expiration: String,
    enrolment_id: &'a str,
}

pub(in crate::code) fn write_minted(minted: &MintedCode) -> impl Serialize {
    MintAnswer {
        code: minted.code.reveal(),
        expiration: rfc3339::format(minted.expires_at),
        enrolment_id: minted.enrolment.as_str(),
    }
}
