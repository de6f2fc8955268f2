//! Any body at any endpoint, signed in and not: an answer that a client is to blame for, and none of
//! the server's own failures.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use credential_code::model::{User, UserId};
use credential_code::testing::{MemoryHost, site};
use credential_code::{ActionFlow, ActionPolicy, AuthFlows, AuthRouter, CodeFlow, CodePolicy};
use credential_code_fuzz::choose;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const ENDPOINTS: [(&str, &str); 15] = [
    ("POST", "/auth/credentials/code"),
    ("POST", "/auth/credentials/code/init"),
    ("POST", "/auth/credentials/code/verify"),
    ("POST", "/auth/action/init"),
    ("POST", "/auth/action"),
    ("POST", "/auth/credentials/init"),
    ("POST", "/auth/credentials"),
    ("PUT", "/auth/credentials/activate"),
    ("PUT", "/auth/credentials/deactivate"),
    ("PUT", "/auth/credentials/rename"),
    ("DELETE", "/auth/credentials/cr-1"),
    ("POST", "/auth/credentials/enrolments/undo"),
    ("POST", "/auth/credentials/enrolments/outcome"),
    ("POST", "/auth/credentials/enrolments/en-1/approve"),
    ("POST", "/auth/credentials/enrolments/en-1/refuse"),
];

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime starts"));
static APP: LazyLock<Router> = LazyLock::new(|| {
    let user = UserId::new("us-ada").expect("the id is valid");
    let host = std::sync::Arc::new(MemoryHost::new([User::new(user, "ada@example.com")]));
    let site = site(&host);
    let actions = ActionFlow::new(&site, ActionPolicy::default()).expect("the policy is valid");
    let codes = CodeFlow::new(&site, CodePolicy::default()).expect("the policy is valid").signed_by(&actions);
    let flows = AuthFlows::new(codes.expect("both are flows of one site"));
    Router::new().nest_service("/auth", AuthRouter::new(flows))
});

pub fn run(input: &[u8]) {
    let Some((&(method, path), rest)) = choose(&ENDPOINTS, input) else { return };
    let Some((&is_signed_in, body)) = choose(&[true, false], rest) else { return };
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if is_signed_in {
        request = request.header("authorization", "Bearer us-ada");
    }
    let request = request.body(Body::from(body.to_vec())).expect("the request is valid");
    RUNTIME.block_on(async {
        let answer = APP.clone().oneshot(request).await.expect("a router does not fail");
        let (status, body) = (answer.status(), answer.into_body().collect().await.expect("it has a body"));
        assert!(!status.is_server_error(), "{method} {path}: {status}");
        if status != StatusCode::NO_CONTENT && !body.to_bytes().is_empty() {
            assert!(status.is_success() || status.is_client_error(), "{method} {path}: {status}");
        }
    });
}
