//! A site whose codes are minted with user actions, and a client that speaks to it over HTTP.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::action::{ActionLayer, ActionRouter, UserActions};
use credential_code::assertion::Assertion;
use credential_code::clock::Clock as _;
use credential_code::event::Event;
use credential_code::manage::{ManageFlow, ManageLayer};
use credential_code::model::{Credential, CredentialKind, User, UserId};
use credential_code::site::SiteBuilder;
use credential_code::testing::{self, KeyClient, ManualClock, MemoryHost, site_builder};
use credential_code::{
    ActionFlow, ActionPolicy, AuthFlows, AuthLayer, AuthRouter, CodeFlow, CodeLayer, CodePolicy, Storage,
};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt};

use crate::openapi::Heard;
use crate::told;

pub(crate) const MINT: &str = "/auth/credentials/code";
pub(crate) const INIT: &str = "/auth/action/init";
pub(crate) const COMPLETE: &str = "/auth/action";
/// Where every request comes from, at a site that knows places.
pub(crate) const PLACE: &str = "a test";

/// Returns a body of mint that is good for a minute of the manual clock, which starts where this
/// does.
pub(crate) fn mint_body() -> String {
    json!({ "expiration": seconds(ManualClock::new().now()) + 60 }).to_string()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) host: Arc<MemoryHost>,
    pub(crate) clock: ManualClock,
    actions: ActionFlow,
    flow: CodeFlow,
    app: Router,
}

impl Site {
    /// Creates a site with two users. `us-1` asks, and `us-2` is another one.
    pub(crate) fn new() -> Self {
        Self::over(Storage::in_memory())
    }

    /// Creates the same site, with actions of another policy.
    pub(crate) fn with(policy: ActionPolicy) -> Self {
        Self::made(Storage::in_memory(), policy, CodePolicy::default())
    }

    /// Creates the same site, with its records elsewhere.
    pub(crate) fn over(storage: Storage) -> Self {
        Self::made(storage, ActionPolicy::default(), CodePolicy::default())
    }

    /// Creates the same site, with codes of another policy, and a key of the first user.
    pub(crate) fn with_codes(policy: CodePolicy) -> (Self, KeyClient) {
        let site = Self::made(Storage::in_memory(), ActionPolicy::default(), policy);
        let client = KeyClient::p256();
        site.seed(client.credential(site.user(), CredentialKind::Key));
        (site, client)
    }

    /// Creates a site that knows sources and tells a listener, and a key of the first user.
    pub(crate) fn heard_by(
        policy: ActionPolicy,
        source: &'static str,
        listener: impl Fn(&Event<'_>) + Send + Sync + 'static,
    ) -> (Self, KeyClient) {
        let change = |site: SiteBuilder| {
            let site = site.source(|_| Some(source.to_owned())).place(|_| Some(PLACE.to_owned()));
            site.events(move |event| {
                told::note(event);
                listener(event);
            })
        };
        let site = Self::changed(change, Storage::in_memory(), policy, CodePolicy::default());
        let client = KeyClient::p256();
        site.seed(client.credential(site.user(), CredentialKind::Key));
        (site, client)
    }

    fn made(storage: Storage, policy: ActionPolicy, codes: CodePolicy) -> Self {
        Self::changed(|site| site.events(told::note), storage, policy, codes)
    }

    fn changed(
        change: impl FnOnce(SiteBuilder) -> SiteBuilder,
        storage: Storage,
        policy: ActionPolicy,
        codes: CodePolicy,
    ) -> Self {
        let user = |id: &str| User::new(UserId::new(id).unwrap(), format!("{id}@example.com"));
        let host = Arc::new(MemoryHost::new([user("us-1"), user("us-2")]));
        let clock = ManualClock::new();
        let storage = storage.with_clock(clock.clone());
        let site = change(site_builder(&host).storage(storage)).build().unwrap();
        let actions = ActionFlow::new(&site, policy).unwrap();
        let flow = CodeFlow::new(&site, codes).unwrap().signed_by(&actions).unwrap();
        let flows = AuthFlows::new(flow.clone());
        let app = Router::new().nest_service("/auth", AuthRouter::new(flows));
        Self { host, clock, actions, flow, app }
    }

    /// Creates a site whose first user has a key.
    pub(crate) fn with_key() -> (Self, KeyClient) {
        let (site, client) = (Self::new(), KeyClient::p256());
        site.seed(client.credential(site.user(), CredentialKind::Key));
        (site, client)
    }

    /// Puts the endpoints in front of the application instead of mounting them in it.
    pub(crate) fn behind_layers(mut self) -> Self {
        let application = Router::new().fallback(|| async { "\"the application\"" });
        let layered = ActionLayer::new(self.actions.clone())
            .layer(CodeLayer::new(self.flow.clone()).layer(application));
        self.app = Router::new().fallback_service(layered);
        self
    }

    /// Puts the endpoints of managing in front of the others.
    pub(crate) fn behind_a_layer_of_managing(mut self) -> Self {
        let layered = ManageLayer::new(self.manage()).layer(self.app);
        self.app = Router::new().fallback_service(layered);
        self
    }

    /// Puts the endpoints of all flows in front of the application.
    pub(crate) fn behind_one_layer(mut self) -> Self {
        let application = Router::new().fallback(|| async { "\"the application\"" });
        let layered = AuthLayer::new(AuthFlows::new(self.flow.clone())).layer(application);
        self.app = Router::new().fallback_service(layered);
        self
    }

    /// Puts all flows under another path. The outer router strips it or leaves it whole.
    pub(crate) fn mounted_at(mut self, mount: &str, strips: bool) -> Self {
        let router = AuthRouter::new(AuthFlows::new(self.flow.clone())).mounted_at(mount);
        self.app = match strips {
            true => Router::new().nest_service(mount, router),
            false => Router::new().route_service(&format!("{mount}/{{*rest}}"), router),
        };
        self
    }

    /// Creates a router of codes that need no action.
    pub(crate) fn unsigned() -> Router {
        let flow = CodeFlow::new(&testing::site(&Arc::default()), CodePolicy::default()).unwrap();
        Router::new().nest_service("/auth", AuthRouter::new(AuthFlows::new(flow)))
    }

    pub(crate) fn at_the_root(mut self) -> Self {
        self.app = Router::new().fallback_service(ActionRouter::new(self.actions.clone()).mounted_at("/"));
        self
    }

    pub(crate) fn at_the_root_of_a_layer(mut self) -> Self {
        let layer = ActionLayer::new(self.actions.clone()).mounted_at("/");
        self.app = Router::new().fallback_service(layer.layer(Router::new()));
        self
    }

    pub(crate) fn user_actions(&self) -> UserActions<Arc<MemoryHost>> {
        UserActions::new(self.host.clone(), self.actions.clone())
    }

    pub(crate) fn manage(&self) -> ManageFlow {
        ManageFlow::new(&self.flow).unwrap()
    }

    pub(crate) fn user(&self) -> UserId {
        UserId::new("us-1").unwrap()
    }

    pub(crate) fn seed(&self, credential: Credential) {
        self.host.seed(credential);
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (heard, request) = Heard::overhear(request);
        let answering = async { heard.read(self.app.clone().oneshot(request).await.unwrap()).await };
        let response = told::counting(answering, |response| response.status()).await;
        let body = serde_json::from_slice(response.body()).expect("every answer is JSON");
        Answer { status: response.status(), body }
    }

    pub(crate) async fn post_as(&self, user: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {user}"));
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn begin(&self, method: &str, path: &str, payload: &str) -> Value {
        let answer = self.post_as("us-1", INIT, begin_body(method, path, payload)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    pub(crate) async fn complete(&self, challenge: &Value, assertion: &Assertion) -> Answer {
        self.post_as("us-1", COMPLETE, complete_body(challenge, assertion)).await
    }

    /// Returns an action signed by a key.
    pub(crate) async fn sign(&self, client: &KeyClient, method: &str, path: &str, payload: &str) -> String {
        let challenge = self.begin(method, path, payload).await;
        let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
        let answer = self.complete(&challenge, &assertion).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body["userAction"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn mint(&self, action: &str, body: &str) -> Answer {
        self.mint_as("us-1", action, body).await
    }

    pub(crate) async fn mint_as(&self, user: &str, action: &str, body: &str) -> Answer {
        self.send(Self::minting(user, MINT, action, body)).await
    }

    pub(crate) async fn mint_at(&self, path: &str, action: &str, body: &str) -> Answer {
        self.send(Self::minting("us-1", path, action, body)).await
    }

    pub(crate) async fn mint_at_as(&self, user: &str, path: &str, action: &str, body: &str) -> Answer {
        self.send(Self::minting(user, path, action, body)).await
    }

    fn minting(user: &str, path: &str, action: &str, body: &str) -> Request<Body> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {user}"))
            .header("x-dfns-useraction", action);
        request.body(body.to_owned().into()).unwrap()
    }
}

pub(crate) fn begin_body(method: &str, path: &str, payload: &str) -> String {
    json!({
        "userActionPayload": payload,
        "userActionHttpMethod": method,
        "userActionHttpPath": path,
        "userActionServerKind": "Api",
    })
    .to_string()
}

pub(crate) fn complete_body(challenge: &Value, assertion: &Assertion) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut proof = json!({
        "credId": assertion.credential_id.as_str(),
        "clientData": encode(&assertion.client_data),
        "signature": encode(&assertion.signature),
    });
    if let Some(fido2) = &assertion.fido2 {
        proof["authenticatorData"] = encode(&fido2.authenticator_data).into();
        if let Some(handle) = &fido2.user_handle {
            proof["userHandle"] = encode(handle).into();
        }
    }
    json!({
        "challengeIdentifier": challenge["challengeIdentifier"],
        "firstFactor": { "kind": assertion.kind.as_str(), "credentialAssertion": proof },
    })
    .to_string()
}
