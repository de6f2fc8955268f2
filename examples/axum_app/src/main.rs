//! Run: cargo run -p axum_app

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::routing::get;
use credential_code::error::BoxError;
use credential_code::host::{
    Addition, AuthError, AuthRequest, Authenticator, Caller, CredentialRepository, UserDirectory, async_trait,
};
use credential_code::model::{Credential, NewCredential, User, UserId};
use credential_code::site::source_of;
use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site};

/// The application's own users and credentials. There is one user, Ada, whose bearer token is
/// `ada`.
#[derive(Default)]
struct App {
    credentials: Mutex<Vec<Credential>>,
}

#[async_trait]
impl Authenticator for App {
    /// A real application checks a session, and asks for a fresh sign-in or a signature by an
    /// existing credential.
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        match request.head.headers.get("authorization") {
            Some(token) if token == "Bearer ada" => {
                let ada = UserId::new("us-ada").map_err(|error| AuthError::Other(error.into()))?;
                Ok(Caller::new(ada))
            }
            _ => Err(AuthError::Unauthenticated),
        }
    }
}

#[async_trait]
impl UserDirectory for App {
    async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
        Ok((id.as_str() == "us-ada").then(|| User::new(id.clone(), "ada@example.com")))
    }
}

#[async_trait]
impl CredentialRepository for App {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let stored = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stored.iter().filter(|credential| credential.user == *user).cloned().collect())
    }

    /// Looks and inserts under one lock. In a database, unique indexes do that.
    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        let mut stored = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.iter().any(|other| other.takes_id_of(&credential)) {
            return Ok(Addition::Duplicate);
        }
        if stored.iter().filter(|other| other.user == credential.user).count() >= most {
            return Ok(Addition::Full);
        }
        stored.push(credential.into_credential());
        Ok(Addition::Added)
    }
}

/// Answers a route that the application had before.
async fn home(State(app): State<Arc<App>>) -> String {
    let stored = app.credentials.lock().unwrap_or_else(PoisonError::into_inner);
    format!("The application. Ada has {} credentials.\n", stored.len())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let app = Arc::new(App::default());

    let site = Site::builder()
        .host(app.clone())
        .relying_party(RelyingParty::new("localhost", "Example", [format!("http://localhost:{port}")])?)
        .source(|head| {
            head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| source_of(peer.ip()))
        })
        .events(|event| match event.added_credential() {
            Some(credential) => {
                println!("Tell {}: \"{}\" was added, or may have been", credential.user, credential.name)
            }
            None => println!("{event:?}"),
        })
        .build()?;
    let flow = CodeFlow::new(&site, CodePolicy::default())?;

    let router = Router::new()
        .route("/", get(home))
        .with_state(app)
        .nest_service("/auth/credentials", CodeRouter::new(flow));

    println!("Listening on http://127.0.0.1:{port}. In another terminal:\n");
    println!("{}", include_str!("../add_credential.sh").replace("3000", &port));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).with_graceful_shutdown(stop).await?)
}
