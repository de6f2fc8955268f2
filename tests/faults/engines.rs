use std::path::Path;

use credential_code::model::User;
use credential_code::store::SqlStore;
use tokio::sync::{Mutex, MutexGuard};

use crate::support::servers::free_port;
use crate::support::servers::postgres::Postgres;
use crate::support::servers::redis::Redis;
use crate::support::user;

/// Redis answers after it wrote a command to its disk.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Both servers, with the tables and one user in them. They listen on sockets, and on ports of the
/// loopback.
#[derive(Debug)]
pub(crate) struct Engines {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    ports: [u16; 2],
    _alone: MutexGuard<'static, ()>,
}

impl Engines {
    /// Starts both. Returns `None` where the machine lacks one of them. The tests measure, so one
    /// runs at a time.
    pub(crate) async fn start() -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let ports = [free_port(), free_port()];
        let [postgres_port, redis_port] = ports.map(|port| port.to_string());
        let postgres =
            Postgres::start_with(&["listen_addresses=127.0.0.1", &format!("port={postgres_port}")])?;
        let redis =
            Redis::start_with(&[&DURABLE[..], &["--port", &redis_port, "--bind", "127.0.0.1"]].concat())?;
        let store = SqlStore::connect_postgres(&postgres.url()).await.unwrap();
        store.migrate().await.unwrap();
        store.put_user(&User::new(user(), "ada@example.com")).await.unwrap();
        Some(Self { postgres, redis, ports, _alone: alone })
    }

    /// Returns both addresses by port. Servers that are away refuse connections there.
    pub(crate) fn tcp_urls(&self) -> [String; 2] {
        let [postgres, redis] = self.ports;
        [format!("postgres://postgres@127.0.0.1:{postgres}/postgres"), format!("redis://127.0.0.1:{redis}/")]
    }

    /// Returns the socket of PostgreSQL.
    pub(crate) fn postgres_socket(&self) -> String {
        let url = self.postgres.url();
        let (_, directory) = url.split_once("host=").unwrap();
        format!("{directory}/.s.PGSQL.{}", self.ports[0])
    }

    /// Returns the socket of Redis.
    pub(crate) fn redis_socket(&self) -> String {
        self.redis.url().strip_prefix("unix://").unwrap().to_owned()
    }
}

/// The name of PostgreSQL's socket in a directory.
pub(crate) const POSTGRES_SOCKET: &str = ".s.PGSQL.5432";

/// Returns an address of PostgreSQL whose socket is in this directory.
pub(crate) fn postgres_url(directory: &Path) -> String {
    format!("postgres://postgres@localhost/postgres?host={}", directory.display())
}
