//! The ways to put the endpoints into an axum application.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use credential_code::code::{Expiration, MintRequest};
use credential_code::host::Caller;
use credential_code::{CodeLayer, CodeRouter};
use http::{Request, StatusCode};
use tower::ServiceExt;

use crate::support::{self, Answer, ENDPOINTS, flow, is_an_endpoints};

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("the path is a URI")
}

async fn ask(app: &Router, path: &str) -> Answer {
    support::ask(app.clone(), request(path), "").await
}

/// Asks at paths where the application itself answers. The document does not describe those
/// answers.
async fn ask_application(app: &Router, path: &str) -> StatusCode {
    app.clone().oneshot(request(path)).await.unwrap_or_else(|never| match never {}).status()
}

fn application() -> Router {
    Router::new().route("/", get(|| async { "the application" }))
}

#[tokio::test]
async fn a_nested_router_answers_all_endpoints() {
    let app = application().nest_service("/auth/credentials", CodeRouter::new(flow()));

    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(&app, path).await), "{path}");
    }
    assert_eq!(ask(&app, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_nested_router_needs_no_mount_of_its_own() {
    let app = application().nest_service("/somewhere/else", CodeRouter::new(flow()));

    assert!(is_an_endpoints(&ask(&app, "/somewhere/else/code/verify").await));
    assert_eq!(ask_application(&app, ENDPOINTS[2]).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_nested_router_answers_what_it_does_not_know_itself() {
    let app = application().nest_service("/auth/credentials", CodeRouter::new(flow()));

    let answer = ask(&app, "/auth/credentials/other").await;

    answer.assert_refused(404, "not_found");
}

#[cfg(feature = "axum-core")]
#[tokio::test]
async fn a_handler_returns_errors_of_the_flow_as_the_endpoints_answer_them() {
    let long_ago = MintRequest::new(Expiration::from_unix(1).unwrap());
    let handler = move || async move { flow().mint(&Caller::new(support::user()), long_ago).await.map(drop) };
    let app = application().route("/expired", get(handler));

    let answer = ask(&app, "/expired").await;

    answer.assert_refused(400, "invalid_request");
}

#[tokio::test]
async fn a_routed_router_answers_all_endpoints() {
    let app = application().route_service("/auth/credentials/{*rest}", CodeRouter::new(flow()));

    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(&app, path).await), "{path}");
    }
}

#[tokio::test]
async fn a_routed_router_is_told_another_mount() {
    let router = CodeRouter::new(flow()).mounted_at("/api/v2");
    let app = application().route_service("/api/v2/code/init", router);

    assert!(is_an_endpoints(&ask(&app, "/api/v2/code/init").await));
    assert_eq!(ask(&app, "/api/v2/code").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_router_fits_inside_nested_routers_of_the_host() {
    let inner = Router::new().nest_service("/credentials", CodeRouter::new(flow()));
    let app = application().nest("/auth", inner);

    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(&app, path).await), "{path}");
    }
}

#[tokio::test]
async fn a_layer_on_the_outermost_router_answers_all_endpoints() {
    let app = application().layer(CodeLayer::new(flow()));

    for path in ENDPOINTS {
        assert!(is_an_endpoints(&ask(&app, path).await), "{path}");
    }
}

#[tokio::test]
async fn a_layer_on_a_nested_router_is_never_asked() {
    let inner = application().layer(CodeLayer::new(flow()));
    let app = Router::new().nest("/auth", inner);

    for path in ENDPOINTS {
        assert_eq!(ask_application(&app, path).await, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_layer_on_the_routes_alone_is_never_asked() {
    let app = application().route_layer(CodeLayer::new(flow()));

    for path in ENDPOINTS {
        assert_eq!(ask_application(&app, path).await, StatusCode::NOT_FOUND, "{path}");
    }
}
