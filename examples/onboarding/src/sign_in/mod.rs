//! Signs people in at app 2 with the credential that they just added: a passkey, or a key that a
//! secret opens.
//!
//! The library has the flow for passkeys. A host writes the rest: the flow for keys, and the
//! session that follows.

mod keys;
mod sessions;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use credential_code::error::BoxError;
use credential_code::host::{PasskeyDirectory, async_trait};
use credential_code::model::{Credential, CredentialId, CredentialKind};
use credential_code::sign_in::{CompleteRequest, SignInFlow, SignInPolicy};
use credential_code::site::{BuildError, source_of};
use credential_code::{RelyingParty, Site};
use serde_json::json;

use self::keys::Challenges;
use self::sessions::Sessions;
use crate::api::{App, answer, refusal};
use crate::host::DemoHost;

/// The state that the handlers share.
#[derive(Clone, Debug)]
struct SignIn {
    app: App,
    passkeys: SignInFlow,
    challenges: Arc<Challenges>,
    sessions: Arc<Sessions>,
}

/// Serves the endpoints of the sign-in.
pub(crate) fn router(app: &App, site: &Site) -> Result<Router, BuildError> {
    let sign_in = SignIn {
        app: app.clone(),
        passkeys: SignInFlow::new(site, SignInPolicy::default())?,
        challenges: Arc::default(),
        sessions: Arc::default(),
    };
    Ok(Router::new()
        .route("/demo/sign-in", post(complete).get(who))
        .route("/demo/sign-in/init", post(begin))
        .route("/demo/sign-in/key", post(keys::complete))
        .route("/demo/sign-in/key/init", post(keys::begin))
        .route("/demo/sign-out", post(sign_out))
        .with_state(sign_in))
}

#[async_trait]
impl PasskeyDirectory for DemoHost {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        Ok(self.stored(|stored| stored.kind == CredentialKind::Fido2 && stored.id == *id))
    }
}

impl SignIn {
    /// Returns the origin that asks, and its relying party. A page of another origin could sign its
    /// visitor in as somebody else. So only the page that this server has at that very origin may
    /// ask.
    fn asking<'a>(&self, headers: &'a HeaderMap) -> Option<(&'a str, Arc<RelyingParty>)> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (origin, host) =
            (text(header::ORIGIN).unwrap_or_default(), text(header::HOST).unwrap_or_default());
        let is_own = origin.split_once("://").is_some_and(|(_, authority)| authority == host);
        let mut parties = self.app.places.parties().iter();
        let party = parties.find(|party| is_own && party.origin(origin).is_some())?;
        Some((origin, Arc::new(party.clone())))
    }

    /// Begins a session of the user who holds a credential, and says who that is.
    fn sign_in(&self, headers: &HeaderMap, origin: &str, credential: &Credential) -> Response {
        let Some(user) = self.app.host.find(&credential.user) else { return unknown() };
        let cookie = self.sessions.begin(headers, user, origin);
        ([(header::SET_COOKIE, cookie)], answer(&json!({ "user": user.name }))).into_response()
    }
}

/// `POST /demo/sign-in/init`: returns a challenge for any passkey of this site.
async fn begin(State(sign_in): State<SignIn>, headers: HeaderMap) -> Response {
    let Some((_, party)) = sign_in.asking(&headers) else { return elsewhere() };
    match sign_in.passkeys.begin(&party) {
        Ok(challenge) => answer(&challenge),
        Err(error) => error.into_response(),
    }
}

/// `POST /demo/sign-in`: takes what a passkey signed.
async fn complete(
    State(sign_in): State<SignIn>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: Result<Json<CompleteRequest>, JsonRejection>,
) -> Response {
    let Some((origin, party)) = sign_in.asking(&headers) else { return elsewhere() };
    let request = match request {
        Ok(Json(request)) => request.with_source(source_of(peer.ip())),
        Err(rejection) => return invalid(&rejection),
    };
    match sign_in.passkeys.complete(&party, request).await {
        Ok(signed_in) => sign_in.sign_in(&headers, origin, &signed_in.credential),
        Err(error) => error.into_response(),
    }
}

/// `GET /demo/sign-in`: returns the user who is signed in, if anybody is.
async fn who(State(sign_in): State<SignIn>, headers: HeaderMap) -> Response {
    answer(&json!({ "user": sign_in.sessions.user(&headers) }))
}

/// `POST /demo/sign-out`: ends the session.
async fn sign_out(State(sign_in): State<SignIn>, headers: HeaderMap) -> Response {
    if sign_in.asking(&headers).is_none() {
        return elsewhere();
    }
    ([(header::SET_COOKIE, sign_in.sessions.end(&headers))], answer(&json!({}))).into_response()
}

/// Returns the one answer for everything that signs nobody in.
fn unknown() -> Response {
    refusal(StatusCode::FORBIDDEN, "invalid_assertion", "This does not sign you in.")
}

fn elsewhere() -> Response {
    refusal(StatusCode::FORBIDDEN, "forbidden", "Nobody signs in from this address.")
}

fn invalid(rejection: &JsonRejection) -> Response {
    refusal(rejection.status(), "invalid_request", &rejection.body_text())
}
