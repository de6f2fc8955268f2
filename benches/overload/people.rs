//! A connection, and honest people who add one credential after the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::error::BoxError;
use credential_code::model::CredentialKind;
use credential_code::testing::KeyClient;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::HONEST;

/// A client with a connection that is kept open.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    user: String,
    source: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, user: String, source: String) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, user, source })
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<(StatusCode, Value), BoxError> {
        let request = Request::builder()
            .method(&method)
            .uri(format!("/auth{path}"))
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.user))
            .header(header::CONTENT_TYPE, "application/json")
            .header("source", &self.source);
        let body = if method == Method::GET { Bytes::new() } else { body.to_string().into() };
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&body)?))
    }

    /// Mints a code, and returns the answer.
    pub(crate) async fn mint(&mut self) -> Result<Value, BoxError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.ok("/credentials/code", &json!({ "expiration": now + 50 })).await
    }

    async fn ok(&mut self, path: &str, body: &Value) -> Result<Value, BoxError> {
        match self.send(Method::POST, path, body).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(format!("{path} was answered with {status}: {body}").into()),
        }
    }

    async fn add_credential(&mut self) -> Result<(), BoxError> {
        let code = &self.mint().await?["code"];
        let challenge =
            self.ok("/credentials/code/init", &json!({ "credentialKind": "Key", "code": code })).await?;
        let text = challenge["challenge"].as_str().ok_or("no challenge")?;
        let proof = KeyClient::ed25519().attest(CredentialKind::Key, text);
        let body = json!({
            "credentialKind": "Key",
            "credentialName": "laptop",
            "challengeIdentifier": challenge["challengeIdentifier"],
            "credentialInfo": {
                "credId": proof.credential_id.as_str(),
                "clientData": URL_SAFE_NO_PAD.encode(&proof.client_data),
                "attestationData": URL_SAFE_NO_PAD.encode(&proof.attestation_data),
            },
        });
        self.ok("/credentials/code/verify", &body).await.map(drop)
    }
}

/// Returns how many credentials honest people add in a second. Each of them has to succeed.
pub(crate) async fn rate(address: SocketAddr, time: Duration) -> Result<f64, BoxError> {
    let started = Instant::now();
    let mut people = JoinSet::new();
    for number in 0..HONEST {
        people.spawn(async move {
            let (user, source) = (format!("us-{number}"), format!("home {number}"));
            let mut person = Client::connect(address, user, source).await?;
            let mut added = 0;
            while started.elapsed() < time {
                person.add_credential().await?;
                added += 1;
            }
            Ok::<_, BoxError>(added)
        });
    }
    let added = people.join_all().await.into_iter().sum::<Result<u32, BoxError>>()?;
    Ok(f64::from(added) / started.elapsed().as_secs_f64())
}
