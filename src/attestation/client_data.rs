//! The JSON that a client signs the hash of, and the checks that every kind shares.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use subtle::ConstantTimeEq;

use crate::attestation::VerifyError;
use crate::encoding::json;
use crate::model::{Origin, RelyingParty};

/// What a client says of the ceremony. Members come in any order and unknown ones are ignored, as clients may add some; a
/// duplicate is refused even among those, because two readers could take two different ones for the truth.
#[derive(Debug)]
pub(super) struct ClientData<'a> {
    ceremony: Cow<'a, str>,
    challenge: Cow<'a, str>,
    origin: Option<Cow<'a, str>>,
    cross_origin: Option<bool>,
    top_origin: Option<Cow<'a, str>>,
}

impl<'a> ClientData<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, VerifyError> {
        let text = json::utf8(bytes).map_err(VerifyError::ClientData)?;
        serde_json::from_str(text).map_err(|error| VerifyError::ClientData(error.into()))
    }

    pub(super) fn check_type(&self, ceremony: &str) -> Result<(), VerifyError> {
        (self.ceremony == ceremony).then_some(()).ok_or(VerifyError::Type)
    }

    /// Whether the challenge is spelled exactly so.
    pub(super) fn challenge_is(&self, spelling: &str) -> bool {
        self.challenge.as_bytes().ct_eq(spelling.as_bytes()).into()
    }

    /// The origin that the client signed, if it signed one: it has to be one of the relying party's, to the letter.
    pub(super) fn check_origin(&self, relying_party: &RelyingParty) -> Result<Option<Origin>, VerifyError> {
        match &self.origin {
            None => Ok(None),
            Some(signed) => relying_party.origin(signed).cloned().map(Some).ok_or(VerifyError::Origin),
        }
    }

    /// A page inside a page of another origin may be made to look like anything, so neither is registered from.
    pub(super) fn check_same_origin(&self) -> Result<(), VerifyError> {
        match (self.cross_origin, &self.top_origin) {
            (None | Some(false), None) => Ok(()),
            (Some(true), _) | (_, Some(_)) => Err(VerifyError::CrossOrigin),
        }
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for ClientData<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ClientData<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut ceremony = None;
        let mut challenge = None;
        let mut origin = None;
        let mut cross_origin = None;
        let mut top_origin = None;
        let mut unknown = BTreeSet::new();
        while let Some(Text(name)) = map.next_key()? {
            let is_first = match &*name {
                "type" => ceremony.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                "challenge" => challenge.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                "origin" => origin.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                "crossOrigin" => cross_origin.replace(map.next_value()?).is_none(),
                "topOrigin" => top_origin.replace(map.next_value::<Text<'_>>()?.0).is_none(),
                _ => {
                    map.next_value::<Unknown>()?;
                    unknown.insert(name)
                }
            };
            if !is_first {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(ClientData {
            ceremony: ceremony.ok_or_else(|| de::Error::missing_field("type"))?,
            challenge: challenge.ok_or_else(|| de::Error::missing_field("challenge"))?,
            origin,
            cross_origin,
            top_origin,
        })
    }
}

/// A value that nobody asked for. It is read like any other and not skipped, because skipping checks neither its depth nor its
/// escapes.
struct Unknown;

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnknownVisitor)
    }
}

struct UnknownVisitor;

impl<'de> Visitor<'de> for UnknownVisitor {
    type Value = Unknown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unknown, E> {
        Ok(Unknown)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unknown, A::Error> {
        while items.next_element::<Unknown>()?.is_some() {}
        Ok(Unknown)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unknown, A::Error> {
        while members.next_entry::<Text<'de>, Unknown>()?.is_some() {}
        Ok(Unknown)
    }
}
