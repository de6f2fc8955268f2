use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Invalid;

/// The place where a client runs, in the serialised form that clients sign:
/// `https://app.example.com`.
///
/// Origins are compared as strings, byte for byte, and never parsed as URLs. A parser would treat
/// `https://app.example.com/x`, `https://user@app.example.com` and `HTTPS://APP.EXAMPLE.COM:443` as
/// the same.
#[derive(Clone, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(Arc<str>);

impl Origin {
    /// Creates an origin: `https://host[:port]` (or `http://`, for development), in lower case and
    /// with nothing behind it. An app's origin is accepted too, such as `android:apk-key-hash:…`.
    pub fn new(origin: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let origin = origin.into();
        let is_plain = origin.bytes().all(|byte| byte.is_ascii_graphic());
        match origin.split_once("://") {
            Some((scheme, host)) if is_plain => {
                let is_lower = !origin.bytes().any(|byte| byte.is_ascii_uppercase());
                let is_bare = !host.is_empty() && !host.contains(['/', '?', '#', '@', '\\']);
                let default_port = match scheme {
                    "https" => ":443",
                    "http" => ":80",
                    _ => return Err(Invalid::new("an origin's scheme is https or http")),
                };
                if is_lower && is_bare && !host.ends_with(default_port) {
                    return Ok(Self(origin));
                }
                Err(Invalid::new(
                    "an origin is scheme://host[:port], in lower case, without the default port or a path",
                ))
            }
            None if is_plain && origin.contains(':') => Ok(Self(origin)),
            _ => Err(Invalid::new(
                "an origin is scheme://host[:port], or an app's such as android:apk-key-hash:…",
            )),
        }
    }

    /// Returns the origin as clients write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host. An app's origin has none.
    pub(crate) fn host(&self) -> Option<&str> {
        let (_, authority) = self.0.split_once("://")?;
        Some(authority.split_once(':').map_or(authority, |(host, _)| host))
    }
}

shown_text!(Origin);
conversions_of_text!(Origin);

/// The party for which a credential is made: a domain, its name for authenticators, and the origins
/// that may act for it.
///
/// ```
/// use credential_code::RelyingParty;
///
/// let party = RelyingParty::new("example.com", "Example", ["https://app.example.com", "https://example.com"]).unwrap();
/// assert_eq!(party.id(), "example.com");
/// assert!(RelyingParty::new("example.com", "Example", ["https://example.com/"]).is_err());
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct RelyingParty {
    id: Box<str>,
    name: Box<str>,
    origins: Box<[Origin]>,
}

/// A stored relying party before the constructor checked it again.
#[derive(Deserialize)]
struct Unchecked {
    id: String,
    name: String,
    origins: Vec<String>,
}

impl RelyingParty {
    /// Creates a relying party with at least one origin. A credential gets the first origin if its
    /// client names none.
    ///
    /// Rejects a public suffix such as `com` or `github.io`. Strangers share it, and no browser
    /// makes a passkey for it on another host. The host of one of the origins is always accepted.
    pub fn new<O>(
        id: impl Into<String>,
        name: impl Into<String>,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, Invalid>
    where
        O: Into<String>,
    {
        let party = Self::parse(id, name, origins)?;
        let is_own = party.origins.iter().any(|origin| origin.host() == Some(&party.id));
        if !is_own && psl::domain_str(&party.id).is_none() {
            return Err(Invalid::new("a relying party's id is no public suffix, such as com or co.uk"));
        }
        Ok(party)
    }

    /// Reads a stored relying party. The list of public suffixes changes, and that must not lose
    /// what was stored.
    fn parse<O: Into<String>>(
        id: impl Into<String>,
        name: impl Into<String>,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, Invalid> {
        let id = id.into();
        let is_domain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        if id.is_empty() || id.len() > 253 || !id.bytes().all(is_domain) {
            return Err(Invalid::new("a relying party's id is a domain in lower-case ASCII"));
        }
        let origins =
            origins.into_iter().map(|origin| Origin::new(origin.into())).collect::<Result<Box<[_]>, _>>()?;
        if origins.is_empty() {
            return Err(Invalid::new("a relying party has at least one origin"));
        }
        Ok(Self { id: id.into(), name: name.into().into(), origins })
    }

    /// Returns the domain.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name that authenticators show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the origins that may act for it. The first is the default.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Returns the listed origin with exactly this spelling.
    pub fn origin(&self, spelled: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.as_str() == spelled)
    }

    pub(crate) fn default_origin(&self) -> &Origin {
        &self.origins[0]
    }
}

impl TryFrom<Unchecked> for RelyingParty {
    type Error = Invalid;

    fn try_from(party: Unchecked) -> Result<Self, Invalid> {
        Self::parse(party.id, party.name, party.origins)
    }
}
