use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use credential_code::auth::{AuthFlows, AuthRouter};
use credential_code::clock::Clock;
use credential_code::error::BoxError;
use credential_code::event::Event;
use credential_code::model::{CredentialKind, User, UserId};
use credential_code::testing::{KeyClient, ManualClock, MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, Storage};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;

/// Adds a credential now and then.
const HONEST: &str = "us-ada";
/// Does whatever its budgets allow.
const ATTACKER: &str = "us-mallory";

const SOURCE: &str = "x-source";
const SYMBOLS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A site at its defaults, with those who use it.
pub(crate) struct World {
    router: AuthRouter,
    clock: ManualClock,
    guesses: u64,
    evicted: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new(storage: Storage, clock: &ManualClock) -> Result<Self, BoxError> {
        let users = [HONEST, ATTACKER].map(|id| Ok(User::new(UserId::new(id)?, "somebody@example.com")));
        let users = users.into_iter().collect::<Result<Vec<_>, BoxError>>()?;
        let evicted = Arc::new(AtomicU64::new(0));
        let counted = evicted.clone();
        let site = site_builder(&Arc::new(MemoryHost::new(users)))
            .storage(storage.with_clock(clock.clone()))
            .source(|head| head.headers.get(SOURCE)?.to_str().ok().map(str::to_owned))
            .events(move |event| {
                if let Event::Evicted { .. } = event {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build()?;
        let flow = CodeFlow::new(&site, CodePolicy::default())?;
        let router = AuthRouter::new(AuthFlows::new(flow));
        Ok(Self { router, clock: clock.clone(), guesses: 0, evicted })
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Returns how many guesses were wrong so far.
    pub(crate) fn guesses(&self) -> u64 {
        self.guesses
    }

    /// Returns how many records had to go before their time.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Lets everybody who attacks do what their budgets allow at this instant.
    pub(crate) async fn attack(&mut self) -> Result<(), BoxError> {
        while self.mint(ATTACKER).await?.0 == StatusCode::OK {}
        while self.begin().await? == StatusCode::OK {}
        while self.guess().await? == StatusCode::FORBIDDEN {
            self.guesses += 1;
        }
        Ok(())
    }

    async fn mint(&self, user: &str) -> Result<(StatusCode, Value), BoxError> {
        let now = self.now().duration_since(UNIX_EPOCH)?.as_secs();
        self.post("/code", ("authorization", &bearer(user)), &json!({ "expiration": now + 60 })).await
    }

    async fn begin(&self) -> Result<StatusCode, BoxError> {
        let body = json!({ "kind": "Key" });
        Ok(self.post("/init", ("authorization", &bearer(ATTACKER)), &body).await?.0)
    }

    /// Guesses another code, from another source.
    async fn guess(&self) -> Result<StatusCode, BoxError> {
        let symbol = |place: u32| char::from(SYMBOLS[(self.guesses >> (5 * place)) as usize % SYMBOLS.len()]);
        let code: String = (0..9).map(symbol).collect();
        let body = json!({ "credentialKind": "Key", "code": code });
        Ok(self.post("/code/init", (SOURCE, &format!("bot {}", self.guesses)), &body).await?.0)
    }

    /// Goes through all three steps.
    pub(crate) async fn add_credential(&self) -> Result<(), BoxError> {
        let minted = succeeded(self.mint(HONEST).await?)?;
        let body = json!({ "credentialKind": "Key", "code": minted["code"] });
        let challenge = succeeded(self.post("/code/init", (SOURCE, "home"), &body).await?)?;
        let signed = challenge["challenge"].as_str().ok_or("exchange answers with a challenge")?;
        let proof = KeyClient::ed25519().attest(CredentialKind::Key, signed);
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
        succeeded(self.post("/code/verify", (SOURCE, "home"), &body).await?).map(drop)
    }

    async fn post(
        &self,
        path: &str,
        (name, value): (&str, &str),
        body: &Value,
    ) -> Result<(StatusCode, Value), BoxError> {
        let request = Request::post(format!("/auth/credentials{path}"))
            .header("content-type", "application/json")
            .header(name, value)
            .body(Full::new(Bytes::from(body.to_string())))?;
        let (head, body) = self.router.clone().oneshot(request).await?.into_parts();
        let body = serde_json::from_slice(&body.collect().await?.to_bytes())?;
        match head.status {
            StatusCode::OK | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => Ok((head.status, body)),
            status => Err(format!("{status}: {body}").into()),
        }
    }
}

fn bearer(user: &str) -> String {
    format!("Bearer {user}")
}

fn succeeded((status, body): (StatusCode, Value)) -> Result<Value, BoxError> {
    if status == StatusCode::OK { Ok(body) } else { Err(format!("{status}: {body}").into()) }
}
