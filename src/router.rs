//! The endpoints as a service of their own, for a router to mount.
//!
//! [`CodeRouter`] answers every request: the three endpoints of the code flow, and 404 in the same JSON form for anything else. It
//! takes both what a router hands on as it came and what a router has stripped the mount from, so the two ways
//! to mount a service in axum are the same to it. (So is a path with the mount in it twice: a proxy that limits or forbids
//! paths should do so by prefix.) [`ActionRouter`](crate::ActionRouter) does the same for user action signing.
//!
//! # Examples
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use credential_code::router::CodeRouter;
//! use http::{Request, StatusCode};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let flow = credential_code::testing::flow_builder(&Default::default()).build().unwrap();
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the application" }))
//!     .nest_service("/auth/credentials", CodeRouter::new(flow));
//!
//! let request = Request::get("/auth/credentials/code/init").body(Body::empty())?;
//! assert_eq!(app.oneshot(request).await?.status(), StatusCode::METHOD_NOT_ALLOWED);
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::flow::CodeFlow;
pub use crate::http::Mountable;
use crate::http::{Mount, respond};
use crate::store::BoxError;

/// The endpoints that add a credential with a code, under `/auth/credentials` if not told otherwise.
pub type CodeRouter = FlowRouter<CodeFlow>;

/// Answers the endpoints of a flow, and anything else with 404.
///
/// The flow is a [`CodeFlow`] ([`CodeRouter`]) or an [`ActionFlow`](crate::ActionFlow) ([`ActionRouter`](crate::ActionRouter)). See the
/// [module](self) for how to mount it.
#[derive(Clone, Debug)]
#[must_use]
pub struct FlowRouter<F> {
    flow: F,
    mount: Mount,
}

impl<F: Mountable> FlowRouter<F> {
    /// The endpoints of `flow` under their default mount.
    pub fn new(flow: F) -> Self {
        Self { flow, mount: Mount::new(F::MOUNT) }
    }

    /// Tells the path that the router is mounted under, seen from the root of the host.
    ///
    /// Where the outer router leaves the path whole, as axum's `route_service` does, requests are found by it. Where it
    /// strips the mount, as `nest_service` does, the host's [`Authenticator`](crate::Authenticator) still learns the full
    /// path from it, which a user action signature covers.
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
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let endpoint = self.mount.endpoint_of_nested(request.uri().path());
        ResponseFuture::new(respond(self.flow.clone(), self.mount.clone(), endpoint, request))
    }
}

/// The response future of a [`FlowRouter`].
#[must_use = "futures do nothing unless they are polled"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl ResponseFuture {
    fn new(answer: impl Future<Output = Response<Full<Bytes>>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
