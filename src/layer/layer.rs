use tower_layer::Layer;

use super::FlowService;
use crate::flow::CodeFlow;
use crate::http::{Mount, Mountable};

/// The endpoints that add a credential with a code, under `/auth/credentials` if not told otherwise, in front of a service.
pub type CodeLayer = FlowLayer<CodeFlow>;

/// Puts the endpoints of a flow in front of a service; what is not theirs passes to it.
///
/// The flow is a [`CodeFlow`] ([`CodeLayer`]) or an [`ActionFlow`](crate::ActionFlow) ([`ActionLayer`](crate::ActionLayer)). See the
/// [module](super) for what passes and for the caveats in axum.
///
/// ```
/// use credential_code::{ActionLayer, CodeLayer};
/// use tower::ServiceBuilder;
///
/// # use credential_code::testing::{action_flow_builder, flow_builder};
/// # let flow = flow_builder(&Default::default()).build().unwrap();
/// # let actions = action_flow_builder(&Default::default()).build().unwrap();
/// let layers = ServiceBuilder::new()
///     .layer(ActionLayer::new(actions))
///     .layer(CodeLayer::new(flow).mounted_at("/api/credentials"));
/// # drop(layers);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FlowLayer<F> {
    flow: F,
    mount: Mount,
}

impl<F: Mountable> FlowLayer<F> {
    /// The endpoints of `flow` under their default mount.
    pub fn new(flow: F) -> Self {
        Self { flow, mount: Mount::new(F::MOUNT) }
    }

    /// Moves the endpoints under another path, seen from the root of the host.
    pub fn mounted_at(self, path: &str) -> Self {
        Self { mount: Mount::new(path), ..self }
    }
}

impl<F: Mountable, S> Layer<S> for FlowLayer<F> {
    type Service = FlowService<F, S>;

    fn layer(&self, inner: S) -> FlowService<F, S> {
        FlowService::new(inner, self.flow.clone(), self.mount.clone())
    }
}
