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

/// What to do about a [`StoreError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store could not answer. The flow answers 503, and puts the taken record back.
    Failed,
    /// A record was taken and can't be read. The flow refuses it like a code that does not work. It
    /// is spent, and another try would find nothing.
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

    /// Creates an error for a record of the named store that can't be read, and that the store no
    /// longer has.
    pub fn unreadable(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, kind: StoreErrorKind::Unreadable, source: source.into() }
    }

    /// Returns what to do about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Warns in the log. Nobody else can hear of a failure in the background.
    #[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
    pub(crate) fn warn(&self, what: &'static str) {
        #[cfg(feature = "tracing")]
        tracing::warn!(error = %self, reason = %self.source, "{what}");
        #[cfg(not(feature = "tracing"))]
        let _ = what;
    }
}
