use std::fmt;

use crate::error::BoxError;

/// A store could not answer, or not with a record.
#[derive(Debug, thiserror::Error)]
#[error("the {store} store {kind}")]
pub struct StoreError {
    store: &'static str,
    kind: StoreErrorKind,
    source: BoxError,
}

/// What is to be done about a [`StoreError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store could not answer. The flow says 503, and puts back what it had taken.
    Failed,
    /// A record was taken and can't be read. The flow refuses it like a code that does not work: it
    /// is spent, and another try would find nothing else.
    Unreadable,
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Unreadable => "had a record that can't be read",
        })
    }
}

impl StoreError {
    /// Creates a failure of the named store.
    pub fn new(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, kind: StoreErrorKind::Failed, source: source.into() }
    }

    /// Says that the named store had a record that can't be read, and has it no more.
    pub fn unreadable(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, kind: StoreErrorKind::Unreadable, source: source.into() }
    }

    /// Returns what is to be done about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Warns in the log. A failure in the background has nobody else to tell.
    #[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
    pub(crate) fn warn(&self, what: &'static str) {
        #[cfg(feature = "tracing")]
        tracing::warn!(error = %self, reason = %self.source, "{what}");
        #[cfg(not(feature = "tracing"))]
        let _ = what;
    }
}
