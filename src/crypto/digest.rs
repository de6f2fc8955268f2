use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The hash that is computed before signing. It is set at registration and stored, since later
/// signatures do not name it.
///
/// Ed25519 hashes by itself and ignores it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256, with any curve.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-384. Only passkeys use it.
    #[serde(rename = "SHA384")]
    Sha384,
    /// SHA-512, with any curve.
    #[serde(rename = "SHA512")]
    Sha512,
}

/// The text is not the name of a [`Digest`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the name of a digest")]
pub struct UnknownDigest;

impl Digest {
    /// Returns its name in storage: `SHA256`, `SHA384`, `SHA512`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Digest {
    type Err = UnknownDigest;

    fn from_str(name: &str) -> Result<Self, UnknownDigest> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|digest| digest.as_str() == name)
            .ok_or(UnknownDigest)
    }
}
