use std::fmt;

use tokio::task::JoinHandle;

use crate::store::StoreError;

/// A task in the background, which ends when this is dropped.
#[must_use = "dropping it ends the task"]
pub struct Background(JoinHandle<()>);

impl Background {
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }

    /// What fails in the background has only the log to tell.
    #[cfg(feature = "tracing")]
    pub(super) fn warn(error: &StoreError, what: &'static str) {
        use std::error::Error as _;

        tracing::warn!(%error, reason = error.source().map(tracing::field::display), "{what}");
    }

    #[cfg(not(feature = "tracing"))]
    pub(super) fn warn(_: &StoreError, _: &'static str) {}
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background")
    }
}
