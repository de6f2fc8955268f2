//! Requests per second over loopback: exchange and register beside a bare axum handler that takes the same body and answers as many bytes.
//!
//! Server and clients share the machine's cores, so the bare handler shows what HTTP alone costs here. Next to the rate stands the time that
//! the server's threads were running, which the clients' share does not touch.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use credential_code::crypto::Digest;
use credential_code::flow::{ExchangeRequest, Expiration};
use credential_code::host::CredentialRepository;
use credential_code::model::{Code, NewCredential};
use credential_code::store::{BoxError, Insertion};
use credential_code::testing::{KeyClient, MemoryHost, flow_builder};
use credential_code::{
    Budget, Caller, CodeFlow, CodeRouter, Credential, CredentialKind, RelyingParty, User, UserId,
};
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// What checks signatures in this build. Results of both builds stand beside each other.
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rustcrypto" };
const ORIGIN: &str = "https://app.example.com";
const CONNECTIONS: usize = 16;
const EXCHANGES: usize = 60_000;
const REGISTERS: usize = 20_000;
const ROUNDS: usize = 3;

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
        use base64::Engine as _;
        let base64url = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
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
fn send(server: &Server, path: &'static str, bodies: Vec<Bytes>) -> Sent {
    let clients = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let count = bodies.len();
    let (bodies, next, longest) =
        (Arc::new(bodies), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let address = server.address;
    clients.block_on(async move {
        let mut senders = Vec::new();
        for _ in 0..CONNECTIONS {
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

/// The best of some rounds, each beside the bare handler at once after it.
fn compare(name: &str, path: &'static str, bench: &Bench, bodies: impl Fn() -> Vec<Bytes>) {
    let app = Router::new().nest_service("/auth/credentials", CodeRouter::new(bench.flow.clone()));
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let server = Server::start(app.clone());
        let ours = send(&server, path, bodies());
        server.stop();
        let answer = Bytes::from(vec![b' '; ours.answer]);
        let handler = move |_: Bytes| async move { ([(header::CONTENT_TYPE, "application/json")], answer) };
        let server = Server::start(Router::new().route(path, post(handler)));
        let bare = send(&server, path, bodies());
        server.stop();
        println!("http/{name}/rate {:.0} 1/s", ours.rate);
        println!("http/{name}/bare {:.0} 1/s", bare.rate);
        if let (Some(ours), Some(bare)) = (ours.server_micros, bare.server_micros) {
            println!("http/{name}/server_time {:.0} ns", ours * 1e3);
            println!("http/{name}/bare_server_time {:.0} ns", bare * 1e3);
        }
        ratios.push(ours.rate / bare.rate);
    }
    ratios.sort_by(f64::total_cmp);
    println!("http/{name}/of_bare {:.3} ratio", ratios[ROUNDS / 2]);
}

/// The time of one signature check, the best of many.
fn check_time(client: &KeyClient) -> Duration {
    let message = [7; 300];
    let signature = client.sign(&message);
    let once = || {
        let start = Instant::now();
        client.public_key().verify(Digest::Sha256, &message, &signature).expect("the signature holds");
        start.elapsed()
    };
    (0..2000).map(|_| once()).min().expect("some runs")
}

fn main() {
    // What `cargo test` asks of a bench is only that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bench = Bench::new();
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    compare("exchange_Key", "/auth/credentials/code/init", &bench, || {
        runtime.block_on(async {
            let mut bodies = Vec::new();
            for _ in 0..EXCHANGES {
                bodies.push(bench.exchange_body().await);
            }
            bodies
        })
    });
    let client = KeyClient::p256();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("http/check_{BACKEND} {} ns", check_time(&client).as_nanos());
    println!("http/cores {cores} cores");
    compare(&format!("register_Key_p256_{BACKEND}"), "/auth/credentials/code/verify", &bench, || {
        runtime.block_on(async {
            let mut bodies = Vec::new();
            for _ in 0..REGISTERS {
                bodies.push(bench.register_body(&client).await);
            }
            bodies
        })
    });
}
