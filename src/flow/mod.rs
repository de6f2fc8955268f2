//! The life of a code, without HTTP.

use std::sync::Arc;

/// The flow that the endpoints drive; clones share it.
#[derive(Clone, Debug)]
pub struct CodeFlow {
    _shared: Arc<()>,
}

impl CodeFlow {
    /// A flow that knows nobody.
    #[doc(hidden)]
    #[must_use]
    pub fn stand_in() -> Self {
        Self { _shared: Arc::new(()) }
    }
}
