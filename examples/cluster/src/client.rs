use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::error::BoxError;
use credential_code::model::CredentialKind;
use credential_code::testing::KeyClient;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::worker::WORKER;

/// Ada's two apps: she is signed in at one, and not at the other. Each request goes to the next
/// address.
#[derive(Debug)]
pub(crate) struct Client {
    addresses: Vec<SocketAddr>,
    next: AtomicUsize,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

/// The answer, and the process that it came from.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) worker: String,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self { addresses, next: AtomicUsize::new(0), http }
    }

    /// Goes through all three steps, with a new key. Calls `tell` with the outcome of each step.
    pub(crate) async fn add_credential(&self, tell: impl Fn(&str, &Answer)) -> Result<(), BoxError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        let minted = self.post("", &json!({ "expiration": now + 50 })).await?;
        tell("mint", &minted);

        let body = json!({ "credentialKind": "Key", "code": minted.body["code"] });
        let challenge = self.post("/init", &body).await?;
        tell("exchange", &challenge);

        let signed = challenge.body["challenge"].as_str().ok_or("exchange answers with a challenge")?;
        let proof = KeyClient::ed25519().attest(CredentialKind::Key, signed);
        let body = json!({
            "credentialKind": "Key",
            "credentialName": "laptop",
            "challengeIdentifier": challenge.body["challengeIdentifier"],
            "credentialInfo": {
                "credId": proof.credential_id.as_str(),
                "clientData": URL_SAFE_NO_PAD.encode(&proof.client_data),
                "attestationData": URL_SAFE_NO_PAD.encode(&proof.attestation_data),
            },
        });
        tell("register", &self.post("/verify", &body).await?);
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer, BoxError> {
        let address = self.addresses[self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len()];
        let request = Request::post(format!("http://{address}/auth/credentials/code{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer ada")
            .body(body.to_string().into())?;
        let (head, body) = self.http.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        if head.status != StatusCode::OK {
            return Err(format!("{}: {}", head.status, String::from_utf8_lossy(&body)).into());
        }
        let worker = head.headers.get(WORKER).and_then(|name| name.to_str().ok()).unwrap_or_default();
        Ok(Answer { worker: worker.to_owned(), body: serde_json::from_slice(&body)? })
    }
}
