use tower_layer::Layer;

use super::CodeService;
use crate::flow::CodeFlow;
use crate::http::Mount;

/// Puts the endpoints in front of a service; what is not theirs passes to it.
///
/// See the [module](super) for what passes and for the caveats in axum.
///
/// ```
/// use credential_code::layer::CodeLayer;
///
/// # let flow = credential_code::testing::flow_builder(&Default::default()).build().unwrap();
/// let layer = CodeLayer::new(flow).mounted_at("/api/credentials");
/// # drop(layer);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CodeLayer {
    flow: CodeFlow,
    mount: Mount,
}

impl CodeLayer {
    /// The endpoints of `flow` under `/auth/credentials`.
    pub fn new(flow: CodeFlow) -> Self {
        Self { flow, mount: Mount::default() }
    }

    /// Moves the endpoints under another path, seen from the root of the host.
    pub fn mounted_at(self, path: &str) -> Self {
        Self { mount: Mount::new(path), ..self }
    }
}

impl<S> Layer<S> for CodeLayer {
    type Service = CodeService<S>;

    fn layer(&self, inner: S) -> CodeService<S> {
        CodeService::new(inner, self.flow.clone(), self.mount.clone())
    }
}
