//! A browser with a cookie, at one of the origins, and the authenticators of its user.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_code::assertion::Fido2Assertion;
use credential_code::testing::{SoftAuthenticator, StatementFormat};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use tower::ServiceExt;

use crate::options::Options;
use crate::{app, database};

pub(super) const RP_ID: &str = "existing.test";
pub(super) const APP1: &str = "https://existing.test";
pub(super) const APP2: &str = "https://other.test";

/// An application with a database of its own.
pub(super) struct World {
    pub(super) router: Router,
    pub(super) db: SqlitePool,
    folder: Option<PathBuf>,
}

impl World {
    pub(super) async fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("existing_app-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = database::open(&folder.join("app.db")).await.unwrap();
        Self::over(db, Some(folder)).await
    }

    /// Starts the application anew over a database. The folder is deleted with it.
    pub(super) async fn over(db: SqlitePool, folder: Option<PathBuf>) -> Self {
        let args = ["--rp-id", RP_ID, "--origin", APP1, "--origin", APP2, "--behind-proxy"];
        let options = Options::from_args(args.map(str::to_owned)).unwrap();
        Self { router: app::router(&options, &db).await.unwrap(), db, folder }
    }

    pub(super) fn browser(&self, origin: &'static str) -> Browser {
        Browser { router: self.router.clone(), origin, cookie: None, address: "192.0.2.1" }
    }

    /// Signs Ada up at app 1. Returns her browser and her passkey.
    #[cfg(feature = "code")]
    pub(super) async fn ada(&self) -> (Browser, Passkey) {
        let mut browser = self.browser(APP1);
        let passkey = browser.sign_up("ada@example.com").await;
        (browser, passkey)
    }

    #[cfg(feature = "code")]
    pub(super) async fn count(&self, table: &'static str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.db).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // If the folder stays, the system cleans it up.
        let _ = self.folder.as_ref().map(std::fs::remove_dir_all);
    }
}

/// A passkey in an authenticator, and the user handle that came with it.
#[derive(Clone)]
pub(super) struct Passkey {
    pub(super) authenticator: SoftAuthenticator,
    pub(super) handle: String,
}

impl Passkey {
    pub(super) fn new(handle: &Value) -> Self {
        let authenticator = SoftAuthenticator::new(StatementFormat::None);
        Self { authenticator, handle: handle.as_str().unwrap().to_owned() }
    }

    fn id(&self) -> String {
        self.authenticator.credential_id().as_str().to_owned()
    }

    /// Returns what a browser returns for creation options.
    fn created(&self, origin: &str, challenge: &Value) -> Value {
        let attestation = self.authenticator.attest(RP_ID, origin, challenge.as_str().unwrap());
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": base64url(&attestation.client_data),
                "attestationObject": base64url(&attestation.attestation_data),
            },
        })
    }

    /// Returns what a browser returns for request options.
    pub(super) fn signed(&self, origin: &str, challenge: &Value) -> Value {
        let assertion = self.authenticator.assert(RP_ID, origin, challenge.as_str().unwrap());
        let Some(Fido2Assertion { authenticator_data, .. }) = assertion.fido2 else { unreachable!() };
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": base64url(&assertion.client_data),
                "authenticatorData": base64url(&authenticator_data),
                "signature": base64url(&assertion.signature),
                "userHandle": self.handle,
            },
        })
    }
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An answer to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) body: String,
}

impl Answer {
    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns the library's code for a refusal.
    #[cfg(feature = "code")]
    #[track_caller]
    pub(super) fn refusal(self) -> String {
        assert!(!self.status.is_success(), "{}", self.body);
        let answer: Value = serde_json::from_str(&self.body).unwrap();
        answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// A browser at one origin.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) router: Router,
    pub(super) origin: &'static str,
    pub(super) cookie: Option<String>,
    /// The address that the proxy sees.
    pub(super) address: &'static str,
}

impl Browser {
    pub(super) async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", format!("203.0.113.7, {}", self.address).parse().unwrap());
        if let Some(cookie) = &self.cookie {
            headers.insert(header::COOKIE, cookie.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        if let Some(cookie) = head.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let is_gone = cookie.contains("Max-Age=0");
            assert!(is_gone || cookie.contains("HttpOnly; SameSite=Strict; Secure"), "{cookie}");
            self.cookie = cookie.split(';').next().filter(|_| !is_gone).map(str::to_owned);
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Sends a request as a page of this origin does. The browser names the origin wherever
    /// something may change.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: &Value,
        action: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(&method).uri(path);
        if method != Method::GET {
            request =
                request.header(header::ORIGIN, self.origin).header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(action) = action {
            request = request.header("x-dfns-useraction", action);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &Value::Null, None).await
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body, None).await
    }

    pub(super) async fn sign_up(&mut self, name: &str) -> Passkey {
        let options = self.post("/sign-up/start", &json!({ "name": name })).await.ok();
        let options = &options["publicKey"];
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        let passkey = Passkey::new(&options["user"]["id"]);
        let created = passkey.created(self.origin, &options["challenge"]);
        assert_eq!(self.post("/sign-up/finish", &created).await.ok(), json!({ "name": name }));
        passkey
    }

    /// Signs in by the passkey that the browser offers in the field for the name.
    pub(super) async fn sign_in(&mut self, passkey: &Passkey) -> Answer {
        let options = self.post("/sign-in/start", &json!({})).await.ok();
        assert_eq!(options["mediation"], "conditional");
        let signed = passkey.signed(self.origin, &options["publicKey"]["challenge"]);
        self.post("/sign-in/finish", &signed).await
    }
}
