use std::fmt;
use std::sync::Arc;

/// A link's secret in the notice of a new credential: takes back the one credential that it names,
/// without a sign-in.
///
/// It works for seven days, as long as the site has the slot key that signed it. The default storage
/// has a random key, which ends with the process:
/// [`Storage::with_keys`](crate::Storage::with_keys) sets one that lasts.
#[derive(Clone)]
pub struct UndoToken(Arc<str>);

impl UndoToken {
    /// Takes what a client sent. Any text will do: only one that the site signed does anything.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the token. Only a notice to the owner may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(UndoToken);

/// A client's secret for one question: what became of the credential that it made?
#[derive(Clone)]
pub struct OutcomeToken(Arc<str>);

impl OutcomeToken {
    /// Takes what a client sent. Any text will do: only one that the site signed is answered.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the token. Only the answer to the client that registers may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(OutcomeToken);
