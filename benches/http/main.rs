//! Measures requests per second over loopback. Exchange and register stand beside a bare axum
//! handler that takes the same body and answers as many bytes.
//!
//! Server and clients share the machine's cores, so the bare handler shows what HTTP alone costs
//! here. The handler beside register also makes one signature check: register can't be faster than
//! that. Next to the rate stands the running time of the server's threads. The clients' share does
//! not touch it.

mod load;
mod references;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::BoxError;
use credential_code::host::{Addition, Caller, CredentialRepository};
use credential_code::model::{Code, Credential, CredentialKind, NewCredential, User, UserId};
use credential_code::store::Budget;
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Storage};
use load::{Sent, Server, send};
use references::{Reference, bare, bare_with_check, least};
use serde_json::json;
use tokio::runtime::Builder;

/// The backend that checks signatures in this build. Results of both builds stand beside each
/// other.
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rustcrypto" };
const ORIGIN: &str = "https://app.example.com";
const CONNECTIONS: usize = 16;
const EXCHANGES: usize = 60_000;
/// The exchanges of one connection, which waits for each answer before it asks again.
const EXCHANGES_ALONE: usize = 15_000;
const REGISTERS: usize = 10_000;
const ROUNDS: usize = 5;

/// Keeps nothing: the speed of a host's table is not measured here.
struct NoCredentials;

#[async_trait]
impl CredentialRepository for NoCredentials {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, _: NewCredential, _: usize) -> Result<Addition, BoxError> {
        Ok(Addition::Added)
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
        let storage = Storage::in_memory_of(1_000_000);
        let site = site_builder(&host).credentials(NoCredentials).events(|_| {}).storage(storage);
        let policy = CodePolicy::default().codes_per_user(plenty).code_lifetime(Duration::from_secs(600));
        let flow = CodeFlow::new(&site.build().expect("the site is complete"), policy);
        let flow = flow.expect("the policy holds");
        Self { flow, caller: Caller::new(user), party: Arc::new(party) }
    }

    async fn code(&self) -> Code {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let expiration = Expiration::from_unix(now + 590).expect("a time");
        self.flow.mint(&self.caller, MintRequest::new(expiration)).await.expect("a code").code
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

struct Comparison {
    name: String,
    path: &'static str,
    connections: usize,
    beside: &'static [(&'static str, Reference)],
}

impl Comparison {
    /// Runs some rounds. Each has a flow that holds nothing yet, and the references run right after
    /// it.
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

fn main() {
    // `cargo test` only checks that a bench starts.
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
