use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::error::BoxError;
use crate::serve::mount::Mount;
use crate::serve::respond::{Found, find, respond};
use crate::serve::{AnswerFuture, Mountable, ResponseBody, ResponseFuture};

/// A service with the endpoints in front of it. A [`FlowLayer`](super::FlowLayer) creates it.
#[derive(Clone, Debug)]
pub struct FlowService<F, S> {
    inner: S,
    flow: F,
    mount: Mount,
}

impl<F, S> FlowService<F, S> {
    pub(super) fn new(inner: S, flow: F, mount: Mount) -> Self {
        Self { inner, flow, mount }
    }

    /// Returns the inner service, which gets all other requests.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service without the endpoints.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<F, S, B, R> Service<Request<B>> for FlowService<F, S>
where
    F: Mountable,
    S: Service<Request<B>, Response = Response<R>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    // Asks the inner service for requests of ours too: the path is not known yet. The inner service
    // keeps its reservation for the next request through this instance, or until the instance is
    // dropped. Tower's contract says so.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match find(&self.flow, &self.mount, request.uri().path()) {
            None => ResponseFuture::inner(self.inner.call(request)),
            Some(found) => ResponseFuture::own(answer(&self.flow, &self.mount, found, request)),
        }
    }
}

// It is outside `call`. Otherwise the frame of `call` would hold the whole flow, even for requests
// that only pass.
#[inline(never)]
fn answer<F, B>(flow: &F, mount: &Mount, found: Found, request: Request<B>) -> AnswerFuture
where
    F: Mountable,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    AnswerFuture::new(respond(flow.clone(), mount.clone(), Some(found), request))
}
