#![allow(dead_code, reason = "each test uses a part of it")]

mod ground;
pub(crate) mod openapi;
pub(crate) mod servers;
pub(crate) mod told;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::attestation::Attestation;
use credential_code::clock::Clock;
use credential_code::event::Event;
use credential_code::host::{RelyingParties, RelyingPartyList};
use credential_code::model::{CredentialKind, User, UserId};
use credential_code::site::SiteBuilder;
use credential_code::store::Budget;
use credential_code::testing::{
    KeyClient, ManualClock, MemoryHost, SoftAuthenticator, StatementFormat, site,
};
use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site, Storage};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

use self::ground::Ground;
use self::openapi::Heard;

pub(crate) const ENDPOINTS: [&str; 3] =
    ["/auth/credentials/code", "/auth/credentials/code/init", "/auth/credentials/code/verify"];
pub(crate) const MINT: &str = ENDPOINTS[0];
pub(crate) const EXCHANGE: &str = ENDPOINTS[1];
pub(crate) const REGISTER: &str = ENDPOINTS[2];

pub(crate) const PARTY: &str = "example.com";
pub(crate) const ORIGIN: &str = "https://app.example.com";
pub(crate) const USER: &str = "us-ada";

pub(crate) const KINDS: [CredentialKind; 4] = [
    CredentialKind::Fido2,
    CredentialKind::Key,
    CredentialKind::PasswordProtectedKey,
    CredentialKind::RecoveryKey,
];

pub(crate) fn flow() -> CodeFlow {
    CodeFlow::new(&site(&Arc::default()), CodePolicy::default()).unwrap()
}

/// Tells whether an endpoint gave this answer to a `GET`, and not the application around it.
pub(crate) fn is_an_endpoints(answer: &Answer) -> bool {
    answer.status == StatusCode::METHOD_NOT_ALLOWED
        && answer.headers.get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store")
}

/// Asks the endpoints in a stack of any kind, and holds the answer against the document.
pub(crate) async fn ask<S, B, R>(service: S, request: Request<B>, sent: &str) -> Answer
where
    S: Service<Request<B>, Response = Response<R>, Error: Debug>,
    R: http_body::Body<Error: Debug>,
{
    Answer::from(openapi::ask(service, request, sent).await)
}

pub(crate) fn user() -> UserId {
    UserId::new(USER).unwrap()
}

/// A host with one user, a clock that stands still, and the endpoints in an axum application.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) host: Arc<MemoryHost>,
    pub(crate) clock: ManualClock,
    pub(crate) site: Site,
    pub(crate) flow: CodeFlow,
    pub(crate) app: Router,
    _ground: Ground,
}

/// The parts of a world, for a test to change. Every part that it leaves unset is set after it.
pub(crate) struct Setup {
    pub(crate) site: SiteBuilder,
    pub(crate) policy: CodePolicy,
    pub(crate) storage: Storage,
    pub(crate) parties: Box<dyn RelyingParties>,
    pub(crate) events: Box<dyn Fn(&Event<'_>) + Send + Sync>,
}

impl Setup {
    pub(crate) fn site(self, change: impl FnOnce(SiteBuilder) -> SiteBuilder) -> Self {
        Self { site: change(self.site), ..self }
    }

    pub(crate) fn policy(self, change: impl FnOnce(CodePolicy) -> CodePolicy) -> Self {
        Self { policy: change(self.policy), ..self }
    }

    pub(crate) fn storage(self, storage: Storage) -> Self {
        Self { storage, ..self }
    }

    pub(crate) fn parties(self, parties: impl RelyingParties) -> Self {
        Self { parties: Box::new(parties), ..self }
    }

    pub(crate) fn events(self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { events: Box::new(listener), ..self }
    }
}

/// 2100-01-01T00:00:00Z, in seconds since the epoch. No engine's own clock takes a record of that
/// time for expired.
const START: u64 = 4_102_444_800;

/// Returns the relying party of a world, unless the test sets another.
pub(crate) fn party() -> RelyingParty {
    RelyingParty::new(PARTY, "Example", [ORIGIN, "https://example.com"]).unwrap()
}

/// Returns a policy whose budgets and bounds are out of the way.
pub(crate) fn plenty() -> CodePolicy {
    let plenty = Budget::per_minute(1_000_000);
    let policy = CodePolicy::default().codes_per_user(plenty).misses_per_source(plenty).misses(plenty);
    policy.credentials_per_user(usize::MAX)
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|setup| setup)
    }

    /// Creates a world. Budgets are out of the way unless the change sets them.
    pub(crate) fn with(change: impl FnOnce(Setup) -> Setup) -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(START));
        let (storage, ground) = ground::lay();
        let site = Site::builder().host(host.clone()).sign_counters(host.clone()).management(host.clone());
        let setup = Setup {
            site: site.passkeys(host.clone()),
            policy: plenty(),
            storage,
            parties: Box::new(RelyingPartyList::from(party())),
            events: Box::new(|_| {}),
        };
        let Setup { site, policy, storage, parties, events } = change(setup);
        let site = site.relying_parties(parties).events(move |event| {
            told::note(event);
            events(event);
        });
        let site = site.storage(storage.with_clock(clock.clone())).build().unwrap();
        let flow = CodeFlow::new(&site, policy).unwrap();
        let app = Router::new().nest_service("/auth/credentials", CodeRouter::new(flow.clone()));
        Self { host, clock, site, flow, app, _ground: ground }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (heard, request) = Heard::overhear(request);
        let answering = async { heard.read(self.app.clone().oneshot(request).await.unwrap()).await.into() };
        told::counting(answering, |answer: &Answer| answer.status).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request(path).body(body.into()).unwrap()).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, body.to_string()).await
    }

    /// Returns the time in that many seconds, in Unix time.
    pub(crate) fn unix(&self, seconds: u64) -> u64 {
        self.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs() + seconds
    }

    pub(crate) async fn mint(&self) -> String {
        let answer = self.post_json(MINT, &json!({ "expiration": self.unix(60) })).await;
        text(&answer.ok(), "code")
    }

    pub(crate) async fn exchange(&self, kind: CredentialKind, code: &str) -> Answer {
        self.post_json(EXCHANGE, &exchange_body(kind, code)).await
    }

    /// Exchanges a new code.
    pub(crate) async fn challenge(&self, kind: CredentialKind) -> Value {
        self.exchange(kind, &self.mint().await).await.ok()
    }

    pub(crate) async fn register(&self, body: &Value) -> Answer {
        self.post_json(REGISTER, body).await
    }

    /// Returns a good registration, ready to send.
    pub(crate) async fn registration(&self, kind: CredentialKind) -> Value {
        let challenge = self.challenge(kind).await;
        register_body(&challenge, &attest(kind, &challenge))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

pub(crate) fn request(path: &str) -> http::request::Builder {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {USER}"))
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, headers: head.headers, body }
    }
}

impl Answer {
    pub(crate) async fn read<B: http_body::Body<Error: Debug>>(response: Response<B>) -> Self {
        let (head, body) = response.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes()).into()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the body of a success.
    pub(crate) fn ok(&self) -> Value {
        self.assert_form();
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.json()
    }

    /// Asserts that the answer is a refusal of that kind, in the one form that refusals have.
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        self.assert_form();
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["error"]["code"], code, "{body}");
        assert_eq!(body["error"]["status"], status, "{body}");
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert_eq!(body["error"]["message"], body["message"], "{body}");
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
        // A conflict says at which stage the enrolment is.
        let members = if body["error"].get("stage").is_some() { 4 } else { 3 };
        assert!(code != "conflict" || members == 4, "{body}");
        assert_eq!(body["error"].as_object().unwrap().len(), members, "{body}");
    }

    fn assert_form(&self) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
    }
}

/// Asserts that the published schema allows a value. It leaves out the schema for the ids of
/// excluded credentials, because clients decode those as WebAuthn ids.
pub(crate) fn assert_valid(schema: &str, value: &Value) {
    let path = format!("{}/tests/vectors/openapi/{schema}.json", env!("CARGO_MANIFEST_DIR"));
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    if let Some(id) = schema.pointer_mut("/oneOf/0/properties/excludeCredentials/items/properties/id") {
        *id = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" });
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {value}");
}

pub(crate) fn member_names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

pub(crate) fn assert_uuid(uuid: &str) {
    let parts: Vec<_> = uuid.split('-').collect();
    let [cr, a, b, c] = parts[..] else { panic!("{uuid}") };
    assert_eq!((cr, a.len(), b.len()), ("cr", 5, 5), "{uuid}");
    assert!((14..=16).contains(&c.len()), "{uuid}");
    let is_symbol = |symbol: char| symbol.is_ascii_lowercase() || symbol.is_ascii_digit();
    assert!([a, b, c].iter().all(|part| part.chars().all(is_symbol)), "{uuid}");
}

pub(crate) fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is missing in {value}")).into()
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn exchange_body(kind: CredentialKind, code: &str) -> Value {
    json!({ "credentialKind": kind.as_str(), "code": code })
}

/// Returns a proof by a new client of the kind.
pub(crate) fn attest(kind: CredentialKind, challenge: &Value) -> Attestation {
    let signed = text(challenge, "challenge");
    match kind {
        CredentialKind::Fido2 => {
            SoftAuthenticator::new(StatementFormat::PackedSelf).attest(PARTY, ORIGIN, &signed)
        }
        _ => KeyClient::p256().attest(kind, &signed),
    }
}

pub(crate) fn register_body(challenge: &Value, attestation: &Attestation) -> Value {
    let mut body = json!({
        "credentialKind": attestation.kind.as_str(),
        "credentialName": "laptop",
        "challengeIdentifier": challenge["challengeIdentifier"],
        "credentialInfo": {
            "credId": attestation.credential_id.as_str(),
            "clientData": base64url(&attestation.client_data),
            "attestationData": base64url(&attestation.attestation_data),
        },
    });
    if attestation.kind == CredentialKind::PasswordProtectedKey {
        body["encryptedPrivateKey"] = "c2VjcmV0LWJ1dC1lbmNyeXB0ZWQ=".into();
    }
    body
}

/// Returns an answer to the challenge by a client that signs nothing: `{ password }`, or `{ otpCode
/// }`.
pub(crate) fn secret_body(challenge: &Value, info: &Value) -> Value {
    json!({
        "credentialKind": challenge["kind"],
        "credentialName": "laptop",
        "challengeIdentifier": challenge["challengeIdentifier"],
        "credentialInfo": info,
    })
}
