//! The way in over HTTP: a router to mount, and a layer to put in front of any tower service.
//!
//! Both serve the same endpoints: those of one flow, or of [all flows of a
//! site](crate::auth::AuthFlows). Each request is parsed completely before anything is asked of the
//! host or taken from a store: path, method, media type, body within its limits, JSON, types. So
//! malformed input spends nothing. Every answer is JSON and must not be stored.
//!
//! # The router
//!
//! [`FlowRouter`] answers every request: the endpoints, and 404 in the same JSON form for anything
//! else. It takes both what a router hands on whole (`route_service`) and what a router has
//! stripped the mount from (`nest_service`). A path with the mount in it twice works too: a proxy
//! that limits or forbids paths should do so by prefix. Do not serve it as a fallback: it would
//! answer the paths below its mount as well.
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
//! 1. **These paths are ours with every method.** A `GET` on one of them is answered with a 405 and
//!    never reaches the inner service. The match is exact: no trailing slash, no percent-encoding,
//!    no other case.
//! 2. **Everything else passes untouched**, also what lies under the same mount. The request is
//!    moved to the inner service as it came, and the inner future and the inner response body are
//!    held by value: passing allocates nothing, boxes nothing and clones nothing.
//! 3. **Errors are the inner service's.** The endpoints answer every failure with a response.
//!
//! ## Readiness
//!
//! The path is known only once a request is there, so
//! [`poll_ready`](tower_service::Service::poll_ready) asks the inner service for every request, and
//! an endpoint is answered without the call that the inner service made itself ready for. What it
//! reserved, such as a permit of a concurrency limit, stays with this instance: the next request
//! that passes uses it, and dropping the instance gives it back. Tower's contract allows that, and
//! handing it back at once would mean to replace the inner service with a clone of itself. So
//! nothing is lost, but a connection that is idle after a request of ours may hold one permit.
//! Where permits are scarce, put their limit outside of this layer, where it covers the endpoints
//! too.
//!
//! It follows that the endpoints wait for as long as the inner service is not ready.
//!
//! ## In axum, prefer the router
//!
//! `Router::layer` of [axum] wraps the routes that the router has so far, and its fallback. The
//! endpoints have no route, so the layer only sees them through the fallback. That works on the
//! outermost router alone. The fallback of a nested router is replaced by the outer one's: the
//! layer is never asked, and the endpoints answer 404. A layer under `Router::route_layer` is never
//! asked either. Mount a [`CodeRouter`](crate::CodeRouter) instead, or wrap the finished, outermost
//! router as any other service: `CodeLayer::new(flow).layer(router)`.
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
