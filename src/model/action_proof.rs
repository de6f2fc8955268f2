use std::fmt;

use zeroize::Zeroizing;

use crate::encoding::base64url;
use crate::random::{self, NoRandomness};

/// The proof that a user action was signed: `userAction` on the wire, where it is opaque. Only the
/// user who signed may make the signed request with it, and only once.
#[derive(Clone)]
pub struct ActionProof(Zeroizing<String>);

impl ActionProof {
    /// Wraps the text that a client sent back. Any text will do: an unknown one proves nothing.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the proof itself. Only the answer to the user who signed may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn mint() -> Result<Self, NoRandomness> {
        Ok(Self::new(base64url::encode(&random::bytes::<32>()?)))
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

hidden!(ActionProof);
