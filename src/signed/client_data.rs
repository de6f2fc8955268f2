//! The JSON whose hash a client signs, and the checks that every kind shares.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use subtle::ConstantTimeEq;

#[cfg(feature = "fido2")]
use crate::encoding::base64url;
use crate::encoding::json::{self, JsonError, Text, Unknown};
use crate::model::{Challenge, Origin, RelyingParty};

/// Says what is wrong with client data. Attestations and assertions each turn it into an error of
/// their own.
#[derive(Clone, Debug)]
pub(crate) enum ClientDataError {
    Malformed(JsonError),
    Type,
    Challenge,
    Origin,
    CrossOrigin,
}

/// The client's statements about the ceremony. Members come in any order. Unknown ones are ignored,
/// as clients may add some. A duplicate is refused even among those: two readers could believe two
/// different ones.
#[derive(Debug)]
pub(crate) struct ClientData<'a> {
    ceremony: Cow<'a, str>,
    challenge: Cow<'a, str>,
    origin: Option<Cow<'a, str>>,
    cross_origin: Option<bool>,
    top_origin: Option<Cow<'a, str>>,
}

impl<'a> ClientData<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ClientDataError> {
        let text = json::utf8(bytes).map_err(ClientDataError::Malformed)?;
        serde_json::from_str(text).map_err(|error| ClientDataError::Malformed(error.into()))
    }

    pub(crate) fn check_type(&self, ceremony: &str) -> Result<(), ClientDataError> {
        (self.ceremony == ceremony).then_some(()).ok_or(ClientDataError::Type)
    }

    /// Returns whether the challenge has exactly this spelling.
    pub(crate) fn challenge_is(&self, spelling: &str) -> bool {
        self.challenge.as_bytes().ct_eq(spelling.as_bytes()).into()
    }

    /// Checks the challenge of a key, which is the text itself.
    pub(crate) fn check_challenge(&self, challenge: &Challenge) -> Result<(), ClientDataError> {
        self.challenge_is(challenge.as_str()).then_some(()).ok_or(ClientDataError::Challenge)
    }

    /// Returns the bytes of the challenge that a passkey signed. Clients that decode base64url sign
    /// the decoded bytes. The published browser client signs the text's own bytes. There is no
    /// third spelling.
    #[cfg(feature = "fido2")]
    pub(crate) fn signed_challenge(&self, challenge: &Challenge) -> Result<Vec<u8>, ClientDataError> {
        let text = challenge.as_str();
        if self.challenge_is(text) {
            return base64url::decode(text).map_err(|_| ClientDataError::Challenge);
        }
        if self.challenge_is(&base64url::encode(text.as_bytes())) {
            return Ok(text.as_bytes().to_vec());
        }
        Err(ClientDataError::Challenge)
    }

    /// Returns the origin that the client signed, if it signed one. It has to be exactly one of the
    /// relying party's.
    pub(crate) fn check_origin(
        &self,
        relying_party: &RelyingParty,
    ) -> Result<Option<Origin>, ClientDataError> {
        match &self.origin {
            None => Ok(None),
            Some(signed) => relying_party.origin(signed).cloned().map(Some).ok_or(ClientDataError::Origin),
        }
    }

    /// Checks that the page is not inside a page of another origin. Such a page may be made to look
    /// like anything, so nothing is signed there.
    pub(crate) fn check_same_origin(&self) -> Result<(), ClientDataError> {
        match (self.cross_origin, &self.top_origin) {
            (None | Some(false), None) => Ok(()),
            (Some(true), _) | (_, Some(_)) => Err(ClientDataError::CrossOrigin),
        }
    }
}

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
