//! Users add a passkey with a one-time code, at another origin or on another device. They also
//! manage the passkeys that they have.

pub(crate) mod host;
mod metrics;
mod passkeys;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, request::Parts};
use axum::{Router, extract::ConnectInfo, routing::get};
use credential_code::store::{SlotKey, SlotKeys, SqlStore};
use credential_code::{ActionFlow, ActionPolicy, AuthFlows, AuthRouter, CodeFlow, CodePolicy, RelyingParty};
use credential_code::{Site, Storage, host::Keep, model::CredentialKind, site::source_of};
use sqlx::SqlitePool;
use tower_http::{cors::CorsLayer, services::ServeDir};

use self::{host::Host, metrics::Metrics};
use crate::{app::Error, database::migrate, options::Options};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../onboarding/pages/modules");

pub(crate) async fn router(options: &Options, db: &SqlitePool) -> Result<Router, Error> {
    migrate(db, 2, include_str!("../../migrations/2_codes.sql")).await?;
    // Codes, challenges and undo links are in the application's database, and outlive a restart.
    let store = SqlStore::sqlite(db.clone());
    store.migrate().await?;
    store.spawn_purge(store.clock(), Duration::from_secs(600)).detach();
    // Without `SLOT_KEY`, which belongs in your configuration, they end with this process.
    let configured = std::env::var("SLOT_KEY").ok().map(|hex| SlotKey::from_hex(&hex)).transpose()?;
    let key = configured.map_or_else(SlotKey::generate, Ok)?;

    let party = RelyingParty::new(&*options.rp_id, "The application", options.origins.clone())?;
    let host = Arc::new(Host { db: db.clone(), party: party.clone() });
    let metrics = Arc::new(Metrics::default());
    let (counted, is_proxied) = (metrics.clone(), options.is_proxied);
    let site = Site::builder()
        .host(host.clone())
        .sign_counters(host.clone())
        .management(host)
        .relying_party(party.clone())
        .storage(Storage::shared(store, SlotKeys::new(&key, &[])))
        .source(move |head| source(head, is_proxied))
        .events(move |event| counted.count(event))
        .build()?;
    let actions = ActionFlow::new(&site, ActionPolicy::default())?;
    // Allows passkeys alone, since the sign-in knows nothing else. A user always keeps one, or they
    // could never sign in again.
    let policy = CodePolicy::default().kinds([CredentialKind::Fido2]).keep(Keep::OneThatSigns);
    let auth = AuthRouter::new(AuthFlows::new(CodeFlow::new(&site, policy)?.signed_by(&actions)?));

    // App 2 may call the two steps from its origin, without cookies. No other request may cross
    // origins.
    let others = options.origins[1..].iter().map(|origin| HeaderValue::from_str(origin));
    let cors = CorsLayer::new().allow_origin(others.collect::<Result<Vec<_>, _>>()?);
    let cors = cors.allow_methods([Method::POST]).allow_headers([CONTENT_TYPE]).expose_headers([RETRY_AFTER]);
    let steps = ["/auth/credentials/code/init", "/auth/credentials/code/verify"].into_iter();
    let steps = steps.fold(Router::new(), |all, step| all.route_service(step, auth.clone())).layer(cors);

    let related = get(([(CONTENT_TYPE, "application/json")], party.well_known_webauthn()));
    let file = |kind: &'static str, text: &'static str| get(([(CONTENT_TYPE, kind)], text));
    Ok(Router::new()
        .nest_service("/auth", auth)
        .merge(steps)
        .route("/.well-known/webauthn", related)
        // For the collector, which runs inside. The proxy sends no outside request there.
        .route("/metrics", get(move || async move { metrics.to_string() }))
        .route("/passkeys", file("text/html", include_str!("pages/passkeys.html")))
        .route("/passkeys.js", file("text/javascript", include_str!("pages/passkeys.js")))
        .route("/enroll", file("text/html", include_str!("pages/enroll.html")))
        .route("/enroll-page.js", file("text/javascript", include_str!("pages/enroll-page.js")))
        // Serves the modules for pages unchanged. Keep yours with your other files.
        .nest_service("/modules", ServeDir::new(MODULES))
        .route("/undo", file("text/html", include_str!("pages/undo.html")))
        .route("/undo.js", file("text/javascript", include_str!("pages/undo.js"))))
}

/// Names the sender of a request. A proxy appends the address that it saw, so only the last entry
/// is the proxy's. The client wrote those before it.
fn source(head: &Parts, is_proxied: bool) -> Option<String> {
    if !is_proxied {
        return head.extensions.get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| source_of(peer.ip()));
    }
    let last = head.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok().map(source_of)
}
