//! Run: cargo run -p onboarding
//!
//! A whole application around the library, to click through. In app 1 a user is signed in and mints
//! a code. In app 2 they have nothing yet. With the code they make a passkey, a recovery key or a
//! password-protected key there. App 1 then shows who asks, and adds the credential when the user
//! says yes. Both are plain files in `pages/`.
//!
//! App 2 runs at `http://app2.localhost:3000/enroll`: another domain, and so another relying party,
//! on the same machine. `--origin O` puts it elsewhere, and may be repeated. `--origin
//! http://localhost:3001` is another port. `--origin http://127.0.0.1:3000` is a bare address,
//! which can't have passkeys. `--origin https://…` is behind a tunnel, which a phone reaches.
//!
//! With `--approval asked`, the default, app 1 asks before it adds anything. With `--approval code`
//! it also asks for six digits that app 2 shows. With `--approval none` it asks for nothing, as the
//! published clients expect. `--approval-lifetime SECONDS` says how long the answer may take: five
//! minutes by default, ten at most.
//!
//! A mail reports each new credential. It goes to stdout, and to a panel of app 1. Its link takes
//! the credential back. With `--undo-tokens FILE` each such mail also adds a line
//! `{"credentialUuid", "token"}` to a file, for tests. `--setup-file FILE` writes there what a
//! client needs to be the user of app 1. The member `second` is for another user. Nobody but their
//! owner can read these two files. `--port N` (0 picks one), `--rp-id ID` and `--relaxed-limits`
//! change the rest.

mod api;
mod host;
mod mailbox;
mod news;
mod notes;
mod notices;
mod options;
mod pages;
mod places;
mod providers;
mod session;
mod setup;
mod sign_in;
mod well_known;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{get, post};
use credential_code::host::RelyingPartyList;
use credential_code::site::source_of;
use credential_code::store::Budget;
use credential_code::{ActionFlow, ActionPolicy, AuthFlows, AuthRouter, CodeFlow, CodePolicy, Site};
use tower_http::cors::CorsLayer;

use crate::api::App;
use crate::notices::Notices;
use crate::options::{Limits, Options, USAGE};
use crate::places::Places;
use crate::setup::Setup;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Some(mut options) = Options::from_args(std::env::args().skip(1))? else {
        println!("{USAGE}");
        return Ok(());
    };
    let listener = places::listen(options.port).await?;
    let port = listener.local_addr()?.port();
    let places = Places::new(port, std::mem::take(&mut options.origins), &options.rp_id)?;
    let others = places.other_listeners(port).await;

    let setup = Setup::new(&places);
    let host = Arc::new(setup.host(&places)?);
    let cors = cors(places.origins())?;
    let app = App { host, places: Arc::new(places), mailbox: Arc::default(), notes: Arc::default() };
    let notices = Notices::new(&app, options.undo_tokens.as_deref())?;
    let router = router(app.clone(), notices, &options)?.layer(cors);
    if let Some(file) = options.setup_file {
        setup.write(&file)?;
    }
    println!("{}", setup.greeting(&app.places));

    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    for listener in others {
        tokio::spawn(axum::serve(listener, service.clone()).into_future());
    }
    tokio::select! {
        served = axum::serve(listener, service).into_future() => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

fn router(app: App, notices: Notices, options: &Options) -> Result<Router, Box<dyn Error>> {
    let site = Site::builder()
        .host(app.host.clone())
        .sign_counters(app.host.clone())
        .passkeys(app.host.clone())
        .management(app.host.clone())
        .relying_parties(RelyingPartyList::new(app.places.parties().to_vec())?)
        .source(peer)
        .place(places::device)
        .events({
            let notes = app.notes.clone();
            move |event| {
                notes.hear(event);
                notices.hear(event);
            }
        })
        .build()?;
    let sign_in = sign_in::router(&app, &site)?;
    let (codes, actions) = policies(options);
    let actions = ActionFlow::new(&site, actions)?;
    // A code needs the bearer token and a user action.
    let codes = CodeFlow::new(&site, codes)?.signed_by(&actions)?;
    let flows = AuthFlows::new(codes);
    Ok(Router::new()
        .merge(pages::router())
        .route("/demo/session", post(session::session))
        .route("/demo/news", get(news::news))
        .route("/.well-known/webauthn", get(well_known::webauthn))
        .route("/.well-known/passkey-endpoints", get(well_known::passkey_endpoints))
        .nest_service("/auth", AuthRouter::new(flows))
        .fallback(pages::not_found)
        .with_state(app)
        .merge(sign_in))
}

fn policies(options: &Options) -> (CodePolicy, ActionPolicy) {
    let codes = CodePolicy::default().approval(options.approval).approval_lifetime(options.approval_lifetime);
    let actions = ActionPolicy::default();
    match options.limits {
        Limits::Default => (codes, actions),
        Limits::Relaxed => {
            let plenty = Budget::per_minute(10_000_000);
            (
                codes.misses(plenty).misses_per_source(plenty).codes_per_user(plenty).begins_per_user(plenty),
                actions.challenges_per_user(plenty),
            )
        }
    }
}

/// Names the sender of a request, so that each guesser uses up their own budget. Behind a tunnel
/// everybody comes from its end on this machine, and shares one budget. There, read the header that
/// your own proxy overwrites. Never read one that a client may send.
fn peer(head: &Parts) -> Option<String> {
    let ConnectInfo(address) = head.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(source_of(address.ip()))
}

/// Says what browsers on the other origins may send.
fn cors(origins: &[String]) -> Result<CorsLayer, Box<dyn Error>> {
    let origins: Vec<HeaderValue> = origins.iter().map(|origin| origin.parse()).collect::<Result<_, _>>()?;
    let dfns =
        ["x-dfns-useraction", "x-dfns-sdk-version", "x-dfns-appid", "x-dfns-nonce", "x-dfns-appsecret"];
    let headers =
        dfns.map(HeaderName::from_static).into_iter().chain([header::CONTENT_TYPE, header::AUTHORIZATION]);
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(headers.collect::<Vec<_>>())
        .expose_headers([header::RETRY_AFTER, header::DATE]))
}
