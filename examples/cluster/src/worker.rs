//! One process of the cluster. Its settings come from its environment, and it keeps no state of its
//! own.

use std::{env, io, thread};

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use credential_code::error::BoxError;
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller, async_trait};
use credential_code::model::UserId;
use credential_code::site::SiteBuilder;
use credential_code::store::{RedisStore, SlotKey, SlotKeys, SqlStore};
use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site, Storage};
use tokio::net::TcpListener;

pub(crate) const NAME: &str = "CLUSTER_WORKER";
pub(crate) const POSTGRES: &str = "CLUSTER_POSTGRES_URL";
pub(crate) const REDIS: &str = "CLUSTER_REDIS_URL";
/// Hexadecimal keys with blanks between them. The first key is the one that writes. They are
/// rotated in the three steps of docs/stores.md.
pub(crate) const SLOT_KEYS: &str = "CLUSTER_SLOT_KEYS";
pub(crate) const ORIGIN: &str = "CLUSTER_ORIGIN";

/// The one user, whose bearer token is `ada`.
pub(crate) const ADA: &str = "us-ada";
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const WORKER: HeaderName = HeaderName::from_static("x-worker");

/// Returns the name of this process, if it is a worker.
pub(crate) fn name() -> Option<String> {
    env::var(NAME).ok()
}

/// Runs on one thread, because other processes run beside it.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(name: String) -> Result<(), BoxError> {
    let header = HeaderValue::from_str(&name)?;
    let site = builder().await?.events(move |event| eprintln!("{name}: {event:?}")).build()?;
    serve(header, CodeFlow::new(&site, CodePolicy::default())?).await
}

/// Serves on a port of its own, and says which.
pub(crate) async fn serve(name: HeaderValue, flow: CodeFlow) -> Result<(), BoxError> {
    thread::spawn(end_with_the_parent);
    let app = Router::new()
        .nest_service("/auth/credentials", CodeRouter::new(flow))
        .layer(map_response_with_state(name, sign));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

/// Creates a site over the stores that all processes share. The caller adds the listener.
pub(crate) async fn builder() -> Result<SiteBuilder, BoxError> {
    let rows = SqlStore::connect_postgres(&env::var(POSTGRES)?).await?;
    let records = RedisStore::connect(env::var(REDIS)?).await?;
    Ok(Site::builder()
        .authenticator(BearerTokens)
        .users(rows.clone())
        .credentials(rows)
        .storage(Storage::shared(records, slot_keys(&env::var(SLOT_KEYS)?)?))
        .relying_party(RelyingParty::new("localhost", "Cluster", [env::var(ORIGIN)?])?)
        .source(source))
}

fn slot_keys(ring: &str) -> Result<SlotKeys, BoxError> {
    let keys: Result<Vec<SlotKey>, _> = ring.split_whitespace().map(SlotKey::from_hex).collect();
    let keys = keys.map_err(|error| format!("{SLOT_KEYS}: {error}"))?;
    let (newest, older) = keys.split_first().ok_or_else(|| format!("{SLOT_KEYS} has no key"))?;
    Ok(SlotKeys::new(newest, older))
}

/// Returns the source that the balancer wrote. The balancer overwrites the header, and nobody else
/// reaches this process.
fn source(head: &Parts) -> Option<String> {
    head.headers.get(FORWARDED_FOR)?.to_str().ok().map(str::to_owned)
}

/// Says which process the answer is from.
async fn sign(State(name): State<HeaderValue>, mut response: Response) -> Response {
    response.headers_mut().insert(WORKER, name);
    response
}

/// Accepts a fixed token. A real one checks a session that all processes know, and asks for a fresh
/// sign-in or a signature.
struct BearerTokens;

#[async_trait]
impl Authenticator for BearerTokens {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        match request.head.headers.get("authorization") {
            Some(token) if token == "Bearer ada" => {
                UserId::new(ADA).map(Caller::new).map_err(|error| AuthError::Other(error.into()))
            }
            _ => Err(AuthError::Unauthenticated),
        }
    }
}

fn end_with_the_parent() {
    io::stdin().lines().for_each(drop);
    std::process::exit(0);
}
