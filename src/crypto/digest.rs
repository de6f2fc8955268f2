use serde::{Deserialize, Serialize};

/// What is hashed before it is signed. It is agreed on at registration and remembered, since later signatures do not say.
///
/// Ed25519 hashes by itself and ignores it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256, whatever the curve.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-384, which only passkeys use.
    #[serde(rename = "SHA384")]
    Sha384,
    /// SHA-512, whatever the curve.
    #[serde(rename = "SHA512")]
    Sha512,
}
