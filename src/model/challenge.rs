use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::encoding::base64url;
use crate::model::Invalid;
use crate::random::{self, NoRandomness};

/// The text that a credential signs: 32 random bytes in canonical, unpadded base64url.
///
/// The text itself is the challenge. Some clients decode it, others take its UTF-8 bytes. So
/// verification accepts both spellings.
#[derive(Clone, Eq, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(Arc<str>);

impl Challenge {
    /// Creates a challenge of your own, for verification outside the flow: canonical, unpadded
    /// base64url. It should have at least 16 random bytes. The flow's own challenges have 32.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        match base64url::decode(&text) {
            Ok(bytes) if !bytes.is_empty() => Ok(Self(text.into())),
            Ok(_) | Err(_) => Err(Invalid::new("a challenge is canonical, unpadded base64url")),
        }
    }

    /// Returns the text that clients get.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates a challenge of 32 random bytes.
    pub(crate) fn mint() -> Result<Self, NoRandomness> {
        Ok(Self(base64url::encode(&random::bytes::<32>()?).into()))
    }

    /// Creates a challenge and its handle: 32 random bytes each. One draw makes both, since each
    /// draw asks the system.
    pub(crate) fn mint_with_id() -> Result<(Self, ChallengeId), NoRandomness> {
        let [challenge, id] = random::arrays::<32, 2>()?;
        Ok((Self(base64url::encode(&challenge).into()), ChallengeId(base64url::encode(&id).into())))
    }
}

hidden!(Challenge);
conversions_of_text!(Challenge);

/// The handle of a pending registration, of a pending user action, or of a sign-in. A client that
/// has it may answer the challenge, so it is a secret too.
#[derive(Clone)]
pub struct ChallengeId(Box<str>);

impl ChallengeId {
    /// Wraps the text that a client sent back. Any text will do: an unknown one finds nothing.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the handle itself. Only the answer to the client may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hidden!(ChallengeId);
