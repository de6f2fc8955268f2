use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Invalid;

/// A way to reach an authenticator, by the names of WebAuthn: `usb`, `nfc`, `ble`, `smart-card`,
/// `hybrid`, `internal`. Unknown names are kept unchanged, as WebAuthn asks.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Transport(Arc<str>);

impl Transport {
    /// The greatest number that a credential has.
    pub const MOST: usize = 16;

    /// Creates a name of 1 to 32 bytes of visible ASCII.
    pub fn new(name: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let name = name.into();
        match name.len() {
            1..=32 if name.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(name)),
            _ => Err(Invalid::new("a transport has 1 to 32 bytes of visible ASCII")),
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown_text!(Transport);
conversions_of_text!(Transport);

/// The hints that a client gives about a passkey that it made. Nobody signs them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
#[non_exhaustive]
pub struct ClientReport {
    /// The ways to reach its authenticator, each once and in order.
    pub transports: Box<[Transport]>,
    /// Whether it is found without a user name (`credProps.rk`), if the client knows.
    pub discoverable: Option<bool>,
}

/// A stored report before the constructor checked it again.
#[derive(Deserialize)]
struct Unchecked {
    #[serde(default)]
    transports: Vec<Transport>,
    #[serde(default)]
    discoverable: Option<bool>,
}

impl ClientReport {
    /// Creates a report of at most [`Transport::MOST`] transports, in any order.
    pub fn new(
        transports: impl IntoIterator<Item = Transport>,
        discoverable: Option<bool>,
    ) -> Result<Self, Invalid> {
        let mut transports: Vec<_> = transports.into_iter().collect();
        if transports.len() > Transport::MOST {
            return Err(Invalid::new("a passkey has at most 16 transports"));
        }
        transports.sort_unstable();
        transports.dedup();
        Ok(Self { transports: transports.into(), discoverable })
    }
}

impl TryFrom<Unchecked> for ClientReport {
    type Error = Invalid;

    fn try_from(report: Unchecked) -> Result<Self, Invalid> {
        Self::new(report.transports, report.discoverable)
    }
}
