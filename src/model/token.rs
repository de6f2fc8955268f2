use std::fmt;
use std::sync::Arc;

/// The secret of the link in the notice of a new credential. It takes back the one credential that
/// it names, without a sign-in.
///
/// It works for seven days, while the site has the slot key that signed it. The default storage has
/// a random key, which ends with the process. One that lasts comes from
/// [`Storage::with_keys`](crate::Storage::with_keys).
#[derive(Clone)]
pub struct UndoToken(Arc<str>);

impl UndoToken {
    /// Wraps the text that a client sent. Any text will do: only one that the site signed has an
    /// effect.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the token. Only a notice to the owner may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(UndoToken);

/// A client's secret for one question: what happened to the credential that it made?
#[derive(Clone)]
pub struct OutcomeToken(Arc<str>);

impl OutcomeToken {
    /// Wraps the text that a client sent. Any text will do: only one that the site signed gets an
    /// answer.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the token. Only the answer to the client that registers may carry it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

hidden!(OutcomeToken);
