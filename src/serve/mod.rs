//! The HTTP interface: a router to mount, and a layer to put in front of any tower service.
//!
//! Both serve the same endpoints: those of one flow, or of [all flows of a
//! site](crate::auth::AuthFlows). Each request is parsed completely first: path, method, media
//! type, body within its limits, JSON, types. Only then is the host asked, or anything taken from a
//! store. So malformed input spends nothing. Every answer is JSON and must not be stored.
//!
//! # The router
//!
//! [`FlowRouter`] answers every request: the endpoints, and 404 in the same JSON form for anything
//! else. It works with `route_service`, which keeps the mount in the path, and with `nest_service`,
//! which strips it. A path with the mount in it twice works too. So a proxy that limits or forbids
//! paths should do so by prefix. Do not serve it as a fallback: it would answer the paths below its
//! mount as well.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use credential_code::{CodeFlow, CodePolicy, CodeRouter};
//! use http::{Request, StatusCode};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let site = credential_code::testing::site(&Default::default());
//! let flow = CodeFlow::new(&site, CodePolicy::default())?;
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the application" }))
//!     .nest_service("/auth/credentials", CodeRouter::new(flow));
//!
//! let request = Request::get("/auth/credentials/code/init").body(Body::empty())?;
//! assert_eq!(app.oneshot(request).await?.status(), StatusCode::METHOD_NOT_ALLOWED);
//! # Ok(())
//! # }
//! ```
//!
//! # The layer
//!
//! [`FlowLayer`] wraps a service and answers the paths of the endpoints itself.
//!
//! 1. **These paths are ours with every method.** A `GET` on one of them gets a 405 and never
//!    reaches the inner service. The match is exact: no trailing slash, no percent-encoding, no
//!    other case.
//! 2. **Everything else passes untouched**, even below the same mount. The inner service gets the
//!    request unchanged. The inner future and the inner response body are held by value: passing
//!    allocates nothing, boxes nothing and clones nothing.
//! 3. **Errors are the inner service's.** The endpoints answer every failure with a response.
//!
//! ## Readiness
//!
//! In [`poll_ready`](tower_service::Service::poll_ready), the layer asks the inner service for
//! every request, since it does not know the path yet. It then answers an endpoint without the call
//! for which the inner service made itself ready. The inner service may have reserved something,
//! such as a permit of a concurrency limit. This instance keeps it: the next request that passes
//! uses it, and dropping the instance gives it back.
//!
//! Tower's contract allows that. To give it back at once, the layer would have to replace the inner
//! service with a clone. So nothing is lost, but an idle connection may hold one permit after a
//! request of ours. Where permits are scarce, put their limit outside of this layer, where it
//! covers the endpoints too.
//!
//! It follows that the endpoints wait while the inner service is not ready.
//!
//! ## In axum, prefer the router
//!
//! `Router::layer` of [axum] wraps the routes that the router has so far, and its fallback. The
//! endpoints have no route, so the layer only sees them through the fallback. That works on the
//! outermost router alone. The outer router replaces the fallback of a nested one. The layer is
//! then never asked, and the endpoints answer 404. A layer under `Router::route_layer` is never
//! asked either. Mount a [`CodeRouter`](crate::CodeRouter) instead, or wrap the finished, outermost
//! router like any other service: `CodeLayer::new(flow).layer(router)`.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use credential_code::{CodeFlow, CodeLayer, CodePolicy};
//! use http::{Request, Response, StatusCode};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let site = credential_code::testing::site(&Default::default());
//! let flow = CodeFlow::new(&site, CodePolicy::default())?;
//! let service = ServiceBuilder::new().layer(CodeLayer::new(flow)).service(service_fn(
//!     |_: Request<Full<Bytes>>| async { Ok::<_, Infallible>(Response::new(Full::from("the application"))) },
//! ));
//!
//! // Not ours: the application answers.
//! let response = service.clone().oneshot(Request::get("/").body(Full::default())?).await?;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "the application");
//!
//! // Ours: the application is not asked.
//! let request = Request::get("/auth/credentials/code/init").body(Full::default())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
//! # Ok(())
//! # }
//! ```
//!
//! [axum]: https://docs.rs/axum

mod answer;
mod body;
mod endpoints;
mod future;
mod layer;
mod mount;
mod request;
mod respond;
mod response_body;
mod router;
mod service;
mod shapes;

pub use self::answer::AnswerBody;
pub(crate) use self::answer::success;
pub use self::endpoints::Mountable;
pub(crate) use self::endpoints::{Asked, Endpoints, Verb};
pub use self::future::{AnswerFuture, ResponseFuture};
pub use self::layer::FlowLayer;
pub use self::response_body::ResponseBody;
pub use self::router::FlowRouter;
pub use self::service::FlowService;
pub(crate) use self::shapes::{RelyingPartyAnswer, read_base64url, read_credential_id};
