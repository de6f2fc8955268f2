use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use credential_code::model::CredentialKind;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::UnixStream;

use crate::support::{EXCHANGE, MINT, REGISTER, attest, exchange_body, register_body, request};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client, which asks one of the sockets after the other.
#[derive(Debug)]
pub(crate) struct Person {
    sockets: Vec<PathBuf>,
    next: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
}

/// The times of a request and its answer, and whether the answer was 503.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
    pub(crate) is_unavailable: bool,
}

/// The outcome of a request.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Ok(Value),
    Refused(u16),
    /// No answer came, or only a part of one.
    Lost,
}

impl Outcome {
    pub(crate) fn unwrap(self) -> Value {
        match self {
            Self::Ok(body) => body,
            other => panic!("{other:?}"),
        }
    }
}

impl Person {
    pub(crate) fn new(sockets: impl Into<Vec<PathBuf>>) -> Self {
        Self { sockets: sockets.into(), next: AtomicUsize::new(0), seen: Mutex::default() }
    }

    pub(crate) async fn mint(&self) -> Outcome {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        self.post(MINT, &json!({ "expiration": now + 55 })).await
    }

    pub(crate) async fn exchange(&self, code: &Value) -> Outcome {
        self.post(EXCHANGE, &exchange_body(CredentialKind::Key, code.as_str().unwrap())).await
    }

    pub(crate) async fn register(&self, body: &Value) -> Outcome {
        self.post(REGISTER, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome {
        let asked = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, self.ask(path, body.to_string())).await;
        let outcome = match answer.expect("every request is answered, or its connection ends") {
            Ok((200, body)) => Outcome::Ok(body),
            Ok((status, _)) => Outcome::Refused(status),
            Err(_) => Outcome::Lost,
        };
        let is_unavailable = matches!(outcome, Outcome::Refused(503));
        self.seen.lock().unwrap().push(Seen { asked, answered: Instant::now(), is_unavailable });
        outcome
    }

    /// Returns every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    async fn ask(&self, path: &str, body: String) -> Result<(u16, Value), axum::BoxError> {
        let socket = &self.sockets[self.next.fetch_add(1, Ordering::Relaxed) % self.sockets.len()];
        let stream = TokioIo::new(UnixStream::connect(socket).await?);
        let (mut sender, connection) = http1::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let request = request(path).header("host", "app.example.com").body(Body::from(body))?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        connection.abort();
        Ok((status, serde_json::from_slice(&body)?))
    }
}

/// Returns an answer to a challenge by a new key, with a name by which it is found again.
pub(crate) fn answer(challenge: &Value, name: &str) -> Value {
    let mut body = register_body(challenge, &attest(CredentialKind::Key, challenge));
    body["credentialName"] = name.into();
    body
}
