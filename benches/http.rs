//! Requests per second over loopback: exchange and register beside a bare axum handler that takes the same body and answers as many bytes.
//!
//! Server and clients share the machine's cores, so the bare handler shows what HTTP alone costs here. That beside register also makes one
//! signature check, which is as fast as a register could be. Next to the rate stands the time that the server's threads were running,
//! which the clients' share does not touch.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::crypto::Digest;
use credential_code::flow::{ExchangeRequest, Expiration};
use credential_code::host::CredentialRepository;
use credential_code::model::{Code, NewCredential};
use credential_code::store::{BoxError, Insertion};
use credential_code::testing::{KeyClient, MemoryHost, flow_builder};
use credential_code::{
    Budget, Caller, CodeFlow, CodeRouter, Credential, CredentialKind, RelyingParty, User, UserId,
};
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// What checks signatures in this build. Results of both builds stand beside each other.
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rustcrypto" };
const ORIGIN: &str = "https://app.example.com";
const CONNECTIONS: usize = 16;
const EXCHANGES: usize = 60_000;
/// Of one connection, which waits for each answer before it asks again.
const EXCHANGES_ALONE: usize = 15_000;
const REGISTERS: usize = 10_000;
const ROUNDS: usize = 5;
/// About as long as what a key signs.
const MESSAGE: [u8; 300] = [7; 300];

/// Keeps nothing: how fast a host's table is, is not the question.
struct NoCredentials;

#[async_trait]
impl CredentialRepository for NoCredentials {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, _: NewCredential) -> Result<Insertion, BoxError> {
        Ok(Insertion::Created)
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Bench {
    flow: CodeFlow,
    caller: Caller,
    party: Arc<RelyingParty>,
}

impl Bench {
    fn new() -> Self {
        let user = UserId::new("us-1").expect("an id");
        let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
        let plenty = Budget::new(u32::MAX, Duration::from_secs(86_400)).expect("a budget");
        let party = RelyingParty::new("example.com", "Example", [ORIGIN]).expect("a party");
        let flow = flow_builder(&host)
            .credentials(Arc::new(NoCredentials))
            .codes_per_user(plenty)
            .code_lifetime(Duration::from_secs(600))
            .memory_capacity(1_000_000)
            .build()
            .expect("the flow is complete");
        Self { flow, caller: Caller::new(user), party: Arc::new(party) }
    }

    async fn code(&self) -> Code {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let expiration = Expiration::from_unix(now + 590).expect("a time");
        let expiry = self.flow.code_expiry(expiration).expect("within the lifetime");
        self.flow.mint(&self.caller, expiry, None).await.expect("a code").code
    }

    async fn exchange_body(&self) -> Bytes {
        json!({ "credentialKind": "Key", "code": self.code().await.reveal() }).to_string().into()
    }

    async fn register_body(&self, client: &KeyClient) -> Bytes {
        let request = ExchangeRequest::new(self.code().await, CredentialKind::Key, self.party.clone());
        let challenge = self.flow.exchange(request).await.expect("a challenge");
        let attestation = client.attest(CredentialKind::Key, challenge.challenge.as_str());
        let body = json!({
            "credentialKind": "Key",
            "credentialName": "laptop",
            "challengeIdentifier": challenge.challenge_id.reveal(),
            "credentialInfo": {
                "credId": attestation.credential_id.as_str(),
                "clientData": base64url(&attestation.client_data),
                "attestationData": base64url(&attestation.attestation_data),
            },
        });
        body.to_string().into()
    }
}

/// A server on a runtime of its own, with a thread for each core.
struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    fn start(app: Router) -> Self {
        let runtime = Builder::new_multi_thread().thread_name("bench-server").enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { runtime, address }
    }

    fn stop(self) {
        self.runtime.shutdown_background();
    }
}

/// How long the threads of servers have been running, where the system tells.
fn server_time() -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let running = tasks.flatten().filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let nanoseconds = times.split(' ').next()?.parse().ok()?;
        (name.trim() == "bench-server").then(|| Duration::from_nanos(nanoseconds))
    });
    Some(running.sum())
}

struct Sent {
    /// Requests per second.
    rate: f64,
    /// The server's running time for each request, in microseconds.
    server_micros: Option<f64>,
    /// The length of an answer.
    answer: usize,
}

/// Sends every body once, over connections that are kept open. Every answer has to be 200.
fn send(server: &Server, path: &'static str, connections: usize, bodies: Vec<Bytes>) -> Sent {
    let clients = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let count = bodies.len();
    let (bodies, next, longest) =
        (Arc::new(bodies), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let address = server.address;
    clients.block_on(async move {
        let mut senders = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("the option exists");
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
            tokio::spawn(connection);
            senders.push(sender);
        }
        let (before, start) = (server_time(), Instant::now());
        let tasks: Vec<_> = senders
            .into_iter()
            .map(|mut sender| {
                let (bodies, next, longest) = (bodies.clone(), next.clone(), longest.clone());
                tokio::spawn(async move {
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let request = Request::post(path)
                            .header(header::HOST, "localhost")
                            .header(header::CONTENT_TYPE, "application/json")
                            .body(Full::new(body.clone()))
                            .expect("a request");
                        let response = sender.send_request(request).await.expect("an answer");
                        assert_eq!(response.status(), 200);
                        let answer = response.into_body().collect().await.expect("a body").to_bytes();
                        longest.fetch_max(answer.len(), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("every request was answered");
        }
        let took = start.elapsed().as_secs_f64();
        let server_micros = before
            .zip(server_time())
            .map(|(before, after)| after.saturating_sub(before).as_secs_f64() * 1e6 / count as f64);
        Sent { rate: count as f64 / took, server_micros, answer: longest.load(Ordering::Relaxed) }
    })
}

/// A server to compare with: made for the bodies that it will get, at a path, with answers of a length.
type Reference = fn(&[Bytes], &str, usize) -> Router;

struct Comparison {
    name: String,
    path: &'static str,
    connections: usize,
    beside: &'static [(&'static str, Reference)],
}

impl Comparison {
    /// Some rounds, each of them with a flow that holds nothing yet, and beside the references at once after it.
    fn run(&self, bodies: impl Fn(&Bench) -> Vec<Bytes>) {
        let Self { name, path, beside, .. } = self;
        let mut ratios = vec![Vec::new(); beside.len()];
        for _ in 0..ROUNDS {
            let bench = Bench::new();
            let app = Router::new().nest_service("/auth/credentials", CodeRouter::new(bench.flow.clone()));
            let ours = self.measure("ours", app, bodies(&bench));
            for ((reference, make), ratios) in beside.iter().zip(&mut ratios) {
                let bodies = bodies(&bench);
                let app = make(&bodies, path, ours.answer);
                ratios.push(ours.rate / self.measure(reference, app, bodies).rate);
            }
        }
        for ((reference, _), mut ratios) in beside.iter().zip(ratios) {
            ratios.sort_by(f64::total_cmp);
            println!("http/{name}/of_{reference} {:.3} ratio", ratios[ROUNDS / 2]);
        }
    }

    fn measure(&self, what: &str, app: Router, bodies: Vec<Bytes>) -> Sent {
        let server = Server::start(app);
        let sent = send(&server, self.path, self.connections, bodies);
        server.stop();
        println!("http/{}/{what}_rate {:.0} 1/s", self.name, sent.rate);
        if let Some(micros) = sent.server_micros {
            println!("http/{}/{what}_server_time {:.0} ns", self.name, micros * 1e3);
        }
        sent
    }
}

/// Takes the body and answers.
fn bare(_: &[Bytes], path: &str, length: usize) -> Router {
    answering(path, length, || {})
}

/// The same, and checks one signature, by a key that is read already.
fn bare_with_check(_: &[Bytes], path: &str, length: usize) -> Router {
    let client = KeyClient::p256();
    let (key, signature) = (client.public_key().clone(), client.sign(&MESSAGE));
    answering(path, length, move || {
        key.verify(Digest::Sha256, &MESSAGE, &signature).expect("the signature holds");
    })
}

fn answering(path: &str, length: usize, work: impl Fn() + Clone + Send + Sync + 'static) -> Router {
    let answer = Bytes::from(vec![b' '; length]);
    let handler = move |_: Bytes| async move {
        work();
        ([(header::CONTENT_TYPE, "application/json")], answer)
    };
    Router::new().route(path, post(handler))
}

/// What no exchange can do without, and nothing else.
fn least(bodies: &[Bytes], path: &str, length: usize) -> Router {
    let least = Arc::new(Least::new(bodies));
    let handler = move |body: Bytes| async move {
        ([(header::CONTENT_TYPE, "application/json")], least.exchange(&body, length))
    };
    Router::new().route(path, post(handler))
}

/// The body is read as JSON, the code's hash is taken out of a moka cache, two secrets are
/// drawn and written as base64url, the hash of one goes into another cache, and the answer is JSON.
struct Least {
    key: Hmac<Sha256>,
    codes: Cache<[u8; 32], Arc<str>>,
    pending: Cache<[u8; 32], Arc<str>>,
}

impl Least {
    fn new(bodies: &[Bytes]) -> Self {
        let cache =
            || Cache::builder().max_capacity(1_000_000).eviction_policy(EvictionPolicy::lru()).build();
        let key = Hmac::new_from_slice(&[7; 32]).expect("a key of any length");
        let least = Self { key, codes: cache(), pending: cache() };
        for body in bodies {
            let asked: Asked<'_> = serde_json::from_slice(body).expect("a body");
            least.codes.insert(least.slot(asked.code), "us-1".into());
        }
        least.codes.run_pending_tasks();
        least
    }

    fn slot(&self, secret: &str) -> [u8; 32] {
        let mut mac = self.key.clone();
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn exchange(&self, body: &Bytes, length: usize) -> Vec<u8> {
        let asked: Asked<'_> = serde_json::from_slice(body).expect("a body");
        let user = self.codes.remove(&self.slot(asked.code)).expect("a code");
        let mut secrets = [0; 64];
        getrandom::fill(&mut secrets).expect("randomness");
        let [challenge, id] = [&secrets[..32], &secrets[32..]].map(base64url);
        self.pending.insert(self.slot(&id), challenge.as_str().into());
        let filling = " ".repeat(length.saturating_sub(150));
        json!({ "challenge": challenge, "id": id, "user": &*user, "filling": filling }).to_string().into()
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    code: &'a str,
}

fn main() {
    // What `cargo test` asks of a bench is only that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let exchanges = [
        ("exchange_Key", CONNECTIONS, EXCHANGES),
        ("exchange_Key_crowd", CONNECTIONS * 4, EXCHANGES),
        ("exchange_Key_alone", 1, EXCHANGES_ALONE),
    ];
    for (name, connections, count) in exchanges {
        let exchange = Comparison {
            name: name.into(),
            path: "/auth/credentials/code/init",
            connections,
            beside: &[("bare", bare), ("least", least)],
        };
        exchange.run(|bench| {
            runtime.block_on(async {
                let mut bodies = Vec::new();
                for _ in 0..count {
                    bodies.push(bench.exchange_body().await);
                }
                bodies
            })
        });
    }
    let client = KeyClient::p256();
    let register = Comparison {
        name: format!("register_Key_p256_{BACKEND}"),
        path: "/auth/credentials/code/verify",
        connections: CONNECTIONS,
        beside: &[("bare_with_check", bare_with_check)],
    };
    register.run(|bench| {
        runtime.block_on(async {
            let mut bodies = Vec::new();
            for _ in 0..REGISTERS {
                bodies.push(bench.register_body(&client).await);
            }
            bodies
        })
    });
}
