//! The layer around services of every kind.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use credential_code::CodeLayer;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tonic::service::Routes;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{ENDPOINTS, ask, flow, is_an_endpoints};

/// Paths that look like an endpoint but are none.
const LOOKALIKES: [&str; 9] = [
    "/",
    "/code",
    "/code/init",
    "/auth/credentials",
    "/auth/credentials/",
    "/auth/credentials/code/",
    "/auth/credentials/code/initial",
    "/auth/credentialscode",
    "/auth/credentials/%63ode",
];

fn request<B: Default>(path: &str) -> Request<B> {
    Request::get(path).body(B::default()).expect("the path is a URI")
}

/// A service that answers with the request that it got, and counts.
#[derive(Clone, Default)]
struct Echo {
    calls: Arc<AtomicUsize>,
}

impl Service<Request<Full<Bytes>>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (parts, body) = request.into_parts();
        let mut response = Response::builder().status(StatusCode::ACCEPTED).body(body).expect("a status");
        *response.headers_mut() = parts.headers;
        response.headers_mut().insert("path", parts.uri.path().parse().expect("a URI is visible ASCII"));
        std::future::ready(Ok(response))
    }
}

#[tokio::test]
async fn what_is_not_ours_reaches_the_inner_service_and_comes_back_unchanged() {
    for path in LOOKALIKES {
        let request = Request::put(path).header("tag", "kept").body(Full::from("sent")).unwrap();

        let response = CodeLayer::new(flow()).layer(Echo::default()).oneshot(request).await.unwrap();

        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers().len(), 2, "{:?}", response.headers());
        assert_eq!(response.headers()["tag"], "kept");
        assert_eq!(response.headers()["path"], path);
        assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(4));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "sent");
    }
}

#[tokio::test]
async fn an_endpoint_never_reaches_the_inner_service() {
    let inner = Echo::default();
    let mut service = CodeLayer::new(flow()).layer(inner.clone());

    for path in ENDPOINTS {
        let answer = ask(&mut service, request::<Full<Bytes>>(path), "").await;

        assert!(is_an_endpoints(&answer), "{path}: {answer:?}");
    }
    assert_eq!(inner.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_body_of_an_endpoint_tells_its_length_and_its_end() {
    let service = CodeLayer::new(flow()).layer(Echo::default());

    let response = service.oneshot(request::<Full<Bytes>>(ENDPOINTS[0])).await.unwrap();

    let (head, mut body) = response.into_parts();
    let length = http_body::Body::size_hint(&body).exact().expect("it is known");
    assert!(!http_body::Body::is_end_stream(&body), "{head:?}");
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap().len() as u64, length);
    assert!(http_body::Body::is_end_stream(&body));
}

#[test]
fn the_inner_service_can_be_reached_and_taken_out_again() {
    let inner = Echo::default();
    let mut service = CodeLayer::new(flow()).layer(inner.clone());

    service.get_mut().calls = Arc::new(AtomicUsize::new(7));

    assert_eq!(service.get_ref().calls.load(Ordering::Relaxed), 7);
    assert_eq!(service.into_inner().calls.load(Ordering::Relaxed), 7);
    assert_eq!(inner.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_query_does_not_hide_an_endpoint() {
    let service = CodeLayer::new(flow()).layer(Echo::default());

    let answer = ask(service, request::<Full<Bytes>>("/auth/credentials/code?next=/"), "").await;

    assert!(is_an_endpoints(&answer));
}

#[tokio::test]
async fn the_mount_moves_all_endpoints_and_leaves_none_behind() {
    let service = CodeLayer::new(flow()).mounted_at("/api/v2").layer(Echo::default());

    let moved = ask(service.clone(), request::<Full<Bytes>>("/api/v2/code/init"), "").await;
    let left = service.oneshot(request::<Full<Bytes>>(ENDPOINTS[1])).await.unwrap();

    assert!(is_an_endpoints(&moved));
    assert_eq!(left.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes() {
    let inner = service_fn(|_: Request<Full<Bytes>>| async { Err::<Response<Full<Bytes>>, _>("down") });

    let outcome = CodeLayer::new(flow()).layer(inner).oneshot(request("/")).await;

    assert_eq!(outcome.unwrap_err(), "down");
}

#[tokio::test]
async fn readiness_is_the_inner_services_and_an_unused_one_serves_the_next_request() {
    let limited = ConcurrencyLimit::new(Echo::default(), 1);
    let mut service = CodeLayer::new(flow()).layer(limited.clone());

    let ours = ask(&mut service, request(ENDPOINTS[0]), "").await;
    assert!(is_an_endpoints(&ours));
    let mut other = CodeLayer::new(flow()).layer(limited);
    assert!(is_pending(&mut other), "the one permit is still reserved");
    let passed = service.ready().await.unwrap().call(request("/")).await.unwrap();
    assert_eq!(passed.status(), StatusCode::ACCEPTED);

    drop(service);
    assert!(!is_pending(&mut other), "a dropped service gives its permit back");
}

fn is_pending<S: Service<Request<Full<Bytes>>>>(service: &mut S) -> bool {
    service.poll_ready(&mut Context::from_waker(std::task::Waker::noop())).is_pending()
}

#[tokio::test]
async fn a_whole_axum_router_can_be_the_inner_service() {
    let router: Router = Router::new().route("/", get(|| async { "the application" }));
    let service = CodeLayer::new(flow()).layer(router);

    let passed = service.clone().oneshot(request::<axum::body::Body>("/")).await.unwrap();
    assert_eq!(passed.into_body().collect().await.unwrap().to_bytes(), "the application");
    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(service.clone(), request::<axum::body::Body>(path), "").await));
    }
}

#[tokio::test]
async fn tonics_routes_can_be_the_inner_service() {
    let service = CodeLayer::new(flow()).layer(Routes::default());

    let passed =
        service.clone().oneshot(request::<tonic::body::Body>("/package.Service/Method")).await.unwrap();
    assert_eq!(passed.headers()["grpc-status"], "12", "tonic's answer to an unknown method");
    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(service.clone(), request::<tonic::body::Body>(path), "").await));
    }
}

#[tokio::test]
async fn the_layer_is_shared_between_threads_and_its_futures_move_between_them() {
    fn assert_shareable<T: Clone + Send + Sync + 'static>(_: &T) {}
    let layer = CodeLayer::new(flow());
    assert_shareable(&layer);
    let service = layer.layer(Echo::default());
    assert_shareable(&service);

    let answer = tokio::spawn(async move { ask(service, request(ENDPOINTS[2]), "").await }).await.unwrap();

    assert!(is_an_endpoints(&answer));
}
