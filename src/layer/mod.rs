//! The endpoints in front of any tower service.
//!
//! [`CodeLayer`] wraps a service and answers three paths itself:
//!
//! | path, with the default mount | what it does |
//! | --- | --- |
//! | `/auth/credentials/code` | mints a code for the user who is signed in |
//! | `/auth/credentials/code/init` | exchanges a code for a challenge |
//! | `/auth/credentials/code/verify` | registers the credential that answers the challenge |
//!
//! [`ActionLayer`](crate::ActionLayer) does the same for user action signing.
//!
//! 1. **These paths are ours with every method.** A `GET` on one of them is answered with a 405 and never reaches
//!    the inner service. The match is exact: no trailing slash, no percent-encoding, no other case.
//! 2. **Everything else passes untouched**, also what lies under the same mount. The request is moved to the inner
//!    service as it came, and the inner future and the inner response body are held by value: passing allocates
//!    nothing, boxes nothing and clones nothing.
//! 3. **Errors are the inner service's.** The endpoints answer every failure with a response.
//!
//! # Readiness
//!
//! The path is known only once a request is there, so [`poll_ready`](tower_service::Service::poll_ready) asks the
//! inner service for every request, and an endpoint is answered without the call that the inner service made itself
//! ready for. What it reserved, such as a permit of a concurrency limit, stays with this instance: the next request
//! that passes uses it, and dropping the instance gives it back. Tower's contract allows that, and handing it back
//! at once would mean to replace the inner service with a clone of itself. So nothing is lost, but a
//! connection that is idle after a request of ours may hold one permit. Where permits are scarce, put their limit
//! outside of this layer, where it covers the endpoints too.
//!
//! It follows that the endpoints wait for as long as the inner service is not ready.
//!
//! # In axum, prefer the router
//!
//! `Router::layer` of [axum] wraps the routes that the router has so far, and its fallback. These three paths have no
//! route, so the layer only sees them through the fallback, and that works on the outermost router alone: the
//! fallback of a nested router is replaced by the outer one's, the layer is never asked, and the endpoints answer
//! 404. A layer under `Router::route_layer` is never asked either. Mount a
//! [`CodeRouter`](crate::router::CodeRouter) instead, or wrap the finished, outermost router as any other service:
//! `CodeLayer::new(flow).layer(router)`.
//!
//! # Examples
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use credential_code::layer::CodeLayer;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let flow = credential_code::testing::flow_builder(&Default::default()).build().unwrap();
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

mod body;
mod future;
#[expect(
    clippy::module_inception,
    reason = "the file holds the layer of the folder, which is named by its stage"
)]
mod layer;
mod service;

pub use self::body::ResponseBody;
use self::future::Answer;
pub use self::future::ResponseFuture;
pub use self::layer::{CodeLayer, FlowLayer};
pub use self::service::FlowService;
