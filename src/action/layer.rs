use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::action::ActionFlow;
use crate::action::endpoint::{Endpoint, default_mount, respond};
use crate::http::Mount;
use crate::layer::{Answer, ResponseBody, ResponseFuture};
use crate::store::BoxError;

/// Puts the two endpoints of user action signing in front of a service; what is not theirs passes to it.
///
/// What the [layer of the code flow](crate::layer) promises holds here too, and so do its caveats.
///
/// ```
/// use credential_code::{ActionLayer, CodeLayer};
/// use tower::ServiceBuilder;
///
/// # use credential_code::testing::{action_flow_builder, flow_builder};
/// # let (actions, flow) =
/// #     (action_flow_builder(&Default::default()).build().unwrap(), flow_builder(&Default::default()).build().unwrap());
/// let layers = ServiceBuilder::new().layer(ActionLayer::new(actions)).layer(CodeLayer::new(flow));
/// # drop(layers);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ActionLayer {
    flow: ActionFlow,
    mount: Mount,
}

impl ActionLayer {
    /// The endpoints of `flow` under `/auth/action`.
    pub fn new(flow: ActionFlow) -> Self {
        Self { flow, mount: default_mount() }
    }

    /// Moves the endpoints under another path, seen from the root of the host.
    pub fn mounted_at(self, path: &str) -> Self {
        Self { mount: Mount::new(path), ..self }
    }
}

impl<S> Layer<S> for ActionLayer {
    type Service = ActionService<S>;

    fn layer(&self, inner: S) -> ActionService<S> {
        ActionService { inner, flow: self.flow.clone(), mount: self.mount.clone() }
    }
}

/// A service with the endpoints in front of it, from [`ActionLayer`].
#[derive(Clone, Debug)]
pub struct ActionService<S> {
    inner: S,
    flow: ActionFlow,
    mount: Mount,
}

impl<S, B, R> Service<Request<B>> for ActionService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.mount.endpoint_of(request.uri().path()) {
            None => ResponseFuture::inner(self.inner.call(request)),
            Some(endpoint) => ResponseFuture::own(answer(&self.flow, &self.mount, endpoint, request)),
        }
    }
}

// Kept out of `call`, as in the layer of the code flow.
#[inline(never)]
fn answer<B>(flow: &ActionFlow, mount: &Mount, endpoint: Endpoint, request: Request<B>) -> Answer
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    Box::pin(respond(flow.clone(), mount.clone(), Some(endpoint), request))
}
