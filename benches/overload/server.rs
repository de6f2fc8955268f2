//! A host with what the documentation recommends in front of it: a deadline for the head of a
//! request.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use credential_code::action::ActionRouter;
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{Credential, NewCredential, User, UserId};
use credential_code::store::{Budget, SlotKey, SlotKeys};
use credential_code::testing::{MemoryHost, site_builder};
use credential_code::{ActionFlow, ActionPolicy, CodeFlow, CodePolicy, CodeRouter, Storage};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::slow_table::SlowTable;

/// Users that are honest, and users that attack.
pub(crate) const HONEST: usize = 16;
pub(crate) const ATTACKERS: usize = 200;
/// How long a client may take for the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Stores {
    Memory,
    Slow,
}

impl Stores {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Slow => "slow",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, BoxError> {
        let found = [Self::Memory, Self::Slow].into_iter().find(|stores| stores.name() == name);
        Ok(found.ok_or("there are no such stores")?)
    }

    fn storage(self) -> Result<Storage, BoxError> {
        Ok(match self {
            Self::Memory => Storage::in_memory(),
            Self::Slow => {
                Storage::shared_records(SlowTable::default(), SlotKeys::new(&SlotKey::new([7; 32])?, &[]))
            }
        })
    }
}

/// Serves all flows until the process is stopped.
pub(crate) async fn serve(stores: Stores) -> Result<(), BoxError> {
    let names = (0..HONEST).map(|number| format!("us-{number}"));
    let names = names.chain((0..ATTACKERS).map(|number| format!("us-x{number}")));
    let users = names.map(|name| Ok(User::new(UserId::new(name)?, "somebody@example.com")));
    let host = Arc::new(MemoryHost::new(users.collect::<Result<Vec<_>, BoxError>>()?));
    let site = site_builder(&host).credentials(NoCredentials).events(|_| {}).storage(stores.storage()?);
    let site = site.source(|parts| Some(parts.headers.get("source")?.to_str().ok()?.to_owned())).build()?;
    // Honest people add as fast as they can. Attackers have to do with the defaults.
    let policy = CodePolicy::default().codes_per_user(Budget::per_minute(1_000_000));
    let codes = CodeFlow::new(&site, policy)?;
    let actions = ActionFlow::new(&site, ActionPolicy::default())?;
    let app = Router::new()
        .nest_service("/auth/credentials", CodeRouter::new(codes))
        .nest_service("/auth/action", ActionRouter::new(actions));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let mut connections = http1::Builder::new();
            connections.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
            // A client that breaks the protocol, or is too slow, loses its connection.
            let _ = connections.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Keeps nothing: the speed of a host's table is not measured here.
struct NoCredentials;

#[async_trait]
impl CredentialRepository for NoCredentials {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, _: NewCredential, _: usize) -> Result<Addition, BoxError> {
        Ok(Addition::Added)
    }
}
