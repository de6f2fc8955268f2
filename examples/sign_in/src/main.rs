//! Run: cargo run -p sign_in

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, SET_COOKIE};
use axum::response::{Html, Json};
use axum::routing::{get, post};
use credential_code::code::{Expiration, MintRequest};
use credential_code::error::{BoxError, Error};
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller, async_trait};
use credential_code::model::{Code, CredentialKind, User, UserId};
use credential_code::sign_in::{CompleteRequest, SignInChallenge, SignInFlow, SignInPolicy};
use credential_code::site::source_of;
use credential_code::testing::MemoryHost;
use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site};
use serde_json::{Value, json};

#[cfg(test)]
mod tests;

const ADA: &str = "us-ada";
const SESSION_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The user of each session, and its end. In a database, keep a hash of the token.
#[derive(Default)]
struct Sessions(Mutex<HashMap<String, (Caller, SystemTime)>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Caller, SystemTime)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let mut sessions = self.lock();
        sessions.retain(|_, (_, expires_at)| SystemTime::now() < *expires_at);
        token(headers).and_then(|token| sessions.get(token)).map(|(caller, _)| caller.clone())
    }

    /// Ends the session that the browser has, so that no old token outlives a sign-in or sign-out.
    fn end(&self, headers: &HeaderMap) {
        if let Some(token) = token(headers) {
            self.lock().remove(token);
        }
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies.find_map(|cookies| cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session=")))
}

type Cookie = [(HeaderName, String); 1];

/// Returns the cookie. With HTTPS, call it `__Host-session` and add `Secure`.
fn cookie(token: &str, seconds: u64) -> Cookie {
    [(SET_COOKIE, format!("session={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}"))]
}

/// A user who is signed in may ask for a code, for their next device.
#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        self.caller(&request.head.headers).ok_or(AuthError::Unauthenticated)
    }
}

#[derive(Clone)]
struct App {
    sessions: Arc<Sessions>,
    sign_in: SignInFlow,
    party: Arc<RelyingParty>,
}

async fn begin(State(app): State<App>) -> Result<Json<SignInChallenge>, Error> {
    app.sign_in.begin(&app.party).map(Json)
}

/// `Json` refuses a form. A page of another origin could send one to sign its visitor in.
async fn complete(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(request): Json<CompleteRequest>,
) -> Result<(Cookie, Json<Value>), Error> {
    let signed_in = app.sign_in.complete(&app.party, request.with_source(source_of(peer.ip()))).await?;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    let token = format!("{:032x}", u128::from_ne_bytes(bytes));
    let caller = Caller::new(signed_in.user.id).since(signed_in.began_at);
    app.sessions.end(&headers);
    app.sessions.lock().insert(token.clone(), (caller, SystemTime::now() + SESSION_LIFETIME));
    Ok((cookie(&token, SESSION_LIFETIME.as_secs()), Json(json!({ "name": signed_in.user.name }))))
}

async fn who(State(app): State<App>, headers: HeaderMap) -> Json<Value> {
    Json(json!({ "user": app.sessions.caller(&headers).map(|caller| caller.user.to_string()) }))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> (Cookie, Json<Value>) {
    app.sessions.end(&headers);
    (cookie("", 0), Json(json!({})))
}

/// Creates the application at that origin, and a code for Ada's first passkey.
async fn app(host: Arc<MemoryHost>, origin: &str) -> Result<(Router, Code), BoxError> {
    let party = Arc::new(RelyingParty::new("localhost", "Example", [origin])?);
    let sessions = Arc::new(Sessions::default());
    let site = Site::builder()
        .authenticator(sessions.clone())
        .users(host.clone())
        .credentials(host.clone())
        .passkeys(host.clone())
        .sign_counters(host)
        .relying_party((*party).clone())
        .events(|event| println!("{event:?}"))
        .build()?;
    let sign_in = SignInFlow::new(&site, SignInPolicy::default())?;
    let policy = CodePolicy::default().kinds([CredentialKind::Fido2]).code_lifetime(CODE_LIFETIME);
    let codes = CodeFlow::new(&site, policy)?;
    let expires_at = SystemTime::now().duration_since(UNIX_EPOCH)? + CODE_LIFETIME;
    let first = MintRequest::new(Expiration::from_unix(expires_at.as_secs())?);
    let minted = codes.mint(&Caller::new(UserId::new(ADA)?), first).await?;
    let router = Router::new()
        .route("/", get(Html(include_str!("../pages/index.html"))))
        .route("/page.js", get(([(CONTENT_TYPE, "text/javascript")], include_str!("../pages/page.js"))))
        .route("/sign-in/init", post(begin))
        .route("/sign-in", post(complete).get(who))
        .route("/sign-out", post(sign_out))
        .with_state(App { sessions, sign_in, party })
        .nest_service("/auth/credentials", CodeRouter::new(codes));
    Ok((router, minted.code))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let origin = format!("http://localhost:{}", listener.local_addr()?.port());
    let host = Arc::new(MemoryHost::new([User::new(UserId::new(ADA)?, "ada@example.com")]));
    let (router, code) = app(host, &origin).await?;
    println!("Add Ada's first passkey within ten minutes: {origin}/#{}", code.reveal());
    Ok(axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?)
}
