use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::error::BoxError;
use crate::serve::mount::Mount;
use crate::serve::respond::{find_nested, respond};
use crate::serve::{AnswerBody, AnswerFuture, Mountable};

/// Answers the endpoints of a flow, and anything else with 404.
///
/// The flow is a [`CodeFlow`](crate::CodeFlow), an [`ActionFlow`](crate::ActionFlow), or
/// [all flows of a site](crate::auth::AuthFlows). See the [module](super) for how to mount it.
#[derive(Clone, Debug)]
#[must_use]
pub struct FlowRouter<F> {
    flow: F,
    mount: Mount,
}

impl<F: Mountable> FlowRouter<F> {
    /// Creates a router that serves the endpoints of `flow` under their default mount.
    pub fn new(flow: F) -> Self {
        Self { flow, mount: Mount::new(F::MOUNT) }
    }

    /// Sets the path under which the router is mounted, seen from the root of the host.
    ///
    /// Works with `nest_service`, which strips the prefix, and with `route_service`, which keeps
    /// it. Either way the host's [`Authenticator`](crate::host::Authenticator) gets the full path.
    /// A user action covers that path.
    pub fn mounted_at(self, path: &str) -> Self {
        Self { mount: Mount::new(path), ..self }
    }
}

impl<F, B> Service<Request<B>> for FlowRouter<F>
where
    F: Mountable,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = AnswerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> AnswerFuture {
        let found = find_nested(&self.flow, &self.mount, request.uri().path());
        AnswerFuture::new(respond(self.flow.clone(), self.mount.clone(), found, request))
    }
}
