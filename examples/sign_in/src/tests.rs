//! Drives the application as its page does.

use axum::body::Body;
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{Request, Response, StatusCode};
use credential_code::testing::{SoftAuthenticator, StatementFormat};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;

const ORIGIN: &str = "http://localhost:3000";

struct Browser {
    app: Router,
    cookie: Option<String>,
}

impl Browser {
    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Response<Body> {
        let request = request.header(COOKIE, self.cookie.clone().unwrap_or_default());
        let request = request.body(Body::from(body)).expect("the request is valid");
        let response = self.app.clone().oneshot(request).await.expect("a router never fails");
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie is text").to_owned();
            assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        response
    }

    async fn post(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        read(self.send(request, body.to_string()).await).await
    }

    async fn user(&mut self) -> Value {
        read(self.send(Request::get("/sign-in"), String::new()).await).await.1["user"].clone()
    }

    /// Returns what a page sends after the person chose that passkey.
    async fn signed(&mut self, passkey: &SoftAuthenticator) -> Value {
        let (_, begun) = self.post("/sign-in/init", json!({})).await;
        let challenge = begun["publicKey"]["challenge"].as_str().expect("options have a challenge");
        let credential = passkey.assert_json("localhost", ORIGIN, challenge, ADA.as_bytes());
        json!({ "challengeIdentifier": begun["challengeIdentifier"], "credential": credential })
    }
}

async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let body = response.into_body().collect().await.expect("the body arrives").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Returns a browser, and Ada's passkey, whose counter counts.
async fn start() -> (Browser, SoftAuthenticator, Code) {
    let ada = UserId::new(ADA).expect("the sample is valid");
    let host = Arc::new(MemoryHost::new([User::new(ada.clone(), "ada@example.com")]));
    let mut passkey = SoftAuthenticator::new(StatementFormat::None);
    let mut credential = passkey.credential(ada);
    credential.relying_party_id = "localhost".into();
    host.seed(credential);
    passkey.sign_count = 1;
    let (router, code) = app(host, ORIGIN).await.expect("the application is built");
    let app = router.layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4000))));
    (Browser { app, cookie: None }, passkey, code)
}

#[tokio::test]
async fn a_passkey_makes_a_session_which_ends_with_a_sign_out() {
    let (mut browser, passkey, _) = start().await;
    assert_eq!(browser.user().await, Value::Null);
    let body = browser.signed(&passkey).await;
    assert_eq!(browser.post("/sign-in", body).await, (StatusCode::OK, json!({ "name": "ada@example.com" })));
    assert_eq!(browser.user().await, ADA);

    let session = browser.cookie.clone();
    browser.post("/sign-out", json!({})).await;
    assert_eq!(browser.user().await, Value::Null);
    browser.cookie = session;
    assert_eq!(browser.user().await, Value::Null, "the old cookie is worth nothing");
}

#[tokio::test]
async fn each_sign_in_makes_a_session_of_its_own() {
    let (mut browser, mut passkey, _) = start().await;
    let mut cookies = vec![Some("session=planted".to_owned())];
    browser.cookie = cookies[0].clone();
    for count in [2, 3] {
        passkey.sign_count = count;
        let body = browser.signed(&passkey).await;
        assert_eq!(browser.post("/sign-in", body).await.0, StatusCode::OK);
        assert!(!cookies.contains(&browser.cookie));
        cookies.push(browser.cookie.clone());
    }
    browser.cookie = cookies[1].clone();
    assert_eq!(browser.user().await, Value::Null, "the one before has ended");
}

#[tokio::test]
async fn neither_a_clone_nor_a_form_signs_in() {
    let (mut browser, passkey, _) = start().await;
    let body = browser.signed(&passkey).await;
    let form = Request::post("/sign-in").header(CONTENT_TYPE, "text/plain");
    assert_eq!(browser.send(form, body.to_string()).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(browser.post("/sign-in", body).await.0, StatusCode::OK);

    // The same counter comes again: that of a clone.
    let body = browser.signed(&passkey).await;
    let (status, answer) = browser.post("/sign-in", body).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_assertion")));
}

#[tokio::test]
async fn the_printed_code_opens_the_account_and_a_session_mints_the_next() {
    let (mut browser, passkey, code) = start().await;
    let exchange = json!({ "code": code.reveal(), "credentialKind": "Fido2" });
    let (status, challenge) = browser.post("/auth/credentials/code/init", exchange).await;
    assert_eq!(
        (status, &challenge["publicKey"]["user"]["name"]),
        (StatusCode::OK, &json!("ada@example.com"))
    );

    let soon = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() + 60;
    let mint = json!({ "expiration": soon });
    assert_eq!(browser.post("/auth/credentials/code", mint.clone()).await.0, StatusCode::UNAUTHORIZED);
    let body = browser.signed(&passkey).await;
    browser.post("/sign-in", body).await;
    assert_eq!(browser.post("/auth/credentials/code", mint).await.0, StatusCode::OK);
}
