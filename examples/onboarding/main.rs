//! Run: cargo run --example onboarding
//!
//! A whole server: one user with a bearer token and a key, the code flow, user actions, and the user's list of credentials.
//! `--port N` (0 picks one), `--origin O` (repeatable), `--rp-id ID`, `--setup-file FILE` and `--relaxed-limits` change it.

mod host;
mod options;
mod setup;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use credential_code::action::{ActionFlow, ActionRouter, UserActions};
use credential_code::{
    Budget, CodeFlow, CodeRouter, CredentialAnswer, CredentialRepository, Event, RelyingParty,
};
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;

use crate::host::DemoHost;
use crate::options::{Limits, Options};
use crate::setup::Setup;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    let base = format!("http://localhost:{}", listener.local_addr()?.port());
    let mut origins = options.origins;
    if !origins.contains(&base) {
        origins.push(base.clone());
    }
    let party = RelyingParty::new(options.rp_id, "Onboarding", origins.clone())?;

    let setup = Setup::new(base, &party);
    let host = Arc::new(DemoHost::new(setup.user(), &setup.token, setup.credential(&party)?));
    let app = app(host, party, options.limits)?.layer(cors(&origins)?);
    if let Some(file) = options.setup_file {
        setup.write(&file)?;
    }
    println!("{}", setup.greeting());

    tokio::select! {
        served = axum::serve(listener, app).into_future() => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

fn app(host: Arc<DemoHost>, party: RelyingParty, limits: Limits) -> Result<Router, Box<dyn Error>> {
    let mut actions = ActionFlow::builder().host(host.clone()).relying_party(party.clone()).events(tell);
    let mut codes = CodeFlow::builder().host(host.clone()).relying_party(party).events(tell);
    if limits == Limits::Relaxed {
        let plenty = Budget::per_minute(10_000_000);
        actions = actions.misses_per_user(plenty).challenges_per_user(plenty);
        codes = codes.misses(plenty).misses_per_source(plenty).codes_per_user(plenty);
    }
    let actions = actions.build()?;
    // A code needs the bearer token and a user action.
    let codes = codes.authenticator(Arc::new(UserActions::new(host.clone(), actions.clone()))).build()?;
    let codes = CodeRouter::new(codes);
    Ok(Router::new()
        .route("/", get(|| async { Html(include_str!("index.html")) }))
        .route("/auth/credentials", get(list))
        // Not nested, since the list of credentials lies at the mount itself.
        .route_service("/auth/credentials/code", codes.clone())
        .route_service("/auth/credentials/code/{step}", codes)
        .nest_service("/auth/action", ActionRouter::new(actions))
        .with_state(host))
}

/// The signed-in user's credentials.
async fn list(State(host): State<Arc<DemoHost>>, headers: HeaderMap) -> Response {
    let Some(user) = host.signed_in(&headers) else {
        let body =
            serde_json::json!({ "error": { "message": "Sign in first." }, "message": "Sign in first." });
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    };
    match host.credentials(&user).await {
        Ok(credentials) => {
            let items: Vec<_> = credentials.iter().map(CredentialAnswer::from).collect();
            ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "items": items })))
                .into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What a real host would write to its audit log, and tell the user by e-mail.
fn tell(event: &Event<'_>) {
    if let Event::Registered { credential, .. } = event {
        println!("{} has a new {}: {}", credential.user, credential.kind, credential.name);
    }
}

/// What browsers on the other origins may send.
fn cors(origins: &[String]) -> Result<CorsLayer, Box<dyn Error>> {
    let origins: Vec<HeaderValue> = origins.iter().map(|origin| origin.parse()).collect::<Result<_, _>>()?;
    let dfns =
        ["x-dfns-useraction", "x-dfns-sdk-version", "x-dfns-appid", "x-dfns-nonce", "x-dfns-appsecret"];
    let headers =
        dfns.map(HeaderName::from_static).into_iter().chain([header::CONTENT_TYPE, header::AUTHORIZATION]);
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers.collect::<Vec<_>>()))
}
