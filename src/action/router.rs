use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::action::ActionFlow;
use crate::action::endpoint::{default_mount, respond};
use crate::http::Mount;
use crate::router::ResponseFuture;
use crate::store::BoxError;

/// Answers the two endpoints of user action signing, and anything else with 404.
///
/// It mounts as [`CodeRouter`](crate::CodeRouter) does. See the [module](crate::action) for an example.
#[derive(Clone, Debug)]
#[must_use]
pub struct ActionRouter {
    flow: ActionFlow,
    mount: Mount,
}

impl ActionRouter {
    /// The endpoints of `flow` under `/auth/action`.
    pub fn new(flow: ActionFlow) -> Self {
        Self { flow, mount: default_mount() }
    }

    /// Tells the path that the router is mounted under, seen from the root of the host. It matters where the outer router leaves the
    /// path whole, and where the host's authenticator looks at it.
    pub fn mounted_at(self, path: &str) -> Self {
        Self { mount: Mount::new(path), ..self }
    }
}

impl<B> Service<Request<B>> for ActionRouter
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        // What is left of the mount itself once a router has stripped it.
        let path = match request.uri().path() {
            "/" => "",
            path => path,
        };
        let endpoint = self.mount.endpoint_of_nested(path);
        ResponseFuture::new(respond(self.flow.clone(), self.mount.clone(), endpoint, request))
    }
}
