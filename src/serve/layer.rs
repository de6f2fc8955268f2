use tower_layer::Layer;

use crate::serve::mount::Mount;
use crate::serve::{FlowService, Mountable};

/// Puts the endpoints of a flow in front of a service. Other requests pass to the service.
///
/// The flow is a [`CodeFlow`](crate::CodeFlow), an [`ActionFlow`](crate::ActionFlow), or [all flows
/// of a site](crate::auth::AuthFlows). See the [module](super) for the requests that pass, and for
/// the caveats in axum.
///
/// ```
/// use credential_code::action::ActionLayer;
/// use credential_code::{ActionFlow, ActionPolicy, CodeFlow, CodeLayer, CodePolicy};
/// use tower::ServiceBuilder;
///
/// # let site = credential_code::testing::site(&Default::default());
/// let codes = CodeFlow::new(&site, CodePolicy::default())?;
/// let actions = ActionFlow::new(&site, ActionPolicy::default())?;
/// let layers = ServiceBuilder::new()
///     .layer(ActionLayer::new(actions))
///     .layer(CodeLayer::new(codes).mounted_at("/api/credentials"));
/// # drop(layers);
/// # Ok::<(), credential_code::site::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FlowLayer<F> {
    flow: F,
    mount: Mount,
}

impl<F: Mountable> FlowLayer<F> {
    /// Creates a layer that serves the endpoints of `flow` under their default mount.
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
