use std::path::Path;

use credential_code::User;
use credential_code::store::SqlStore;
use tokio::sync::{Mutex, MutexGuard};

use crate::support::servers::postgres::Postgres;
use crate::support::servers::redis::Redis;
use crate::support::user;

/// Redis answers when a command is on its disk.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Both servers, with the tables and one user in them.
#[derive(Debug)]
pub(crate) struct Engines {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    _alone: MutexGuard<'static, ()>,
}

impl Engines {
    /// `None` where the machine lacks one of them. One test at a time, since they measure.
    pub(crate) async fn start() -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let (postgres, redis) = (Postgres::start()?, Redis::start_with(&DURABLE)?);
        let store = SqlStore::connect_postgres(&postgres.url()).await.unwrap();
        store.migrate().await.unwrap();
        store.put_user(&User::new(user(), "ada@example.com")).await.unwrap();
        Some(Self { postgres, redis, _alone: alone })
    }

    /// Where PostgreSQL listens.
    pub(crate) fn postgres_socket(&self) -> String {
        let (_, directory) =
            self.postgres.url().split_once("host=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        format!("{directory}/{POSTGRES_SOCKET}")
    }

    /// Where Redis listens.
    pub(crate) fn redis_socket(&self) -> String {
        self.redis.url().strip_prefix("unix://").unwrap().to_owned()
    }
}

/// What PostgreSQL and its clients call a socket in a directory.
pub(crate) const POSTGRES_SOCKET: &str = ".s.PGSQL.5432";

/// An address of PostgreSQL whose socket lies in this directory.
pub(crate) fn postgres_url(directory: &Path) -> String {
    format!("postgres://postgres@localhost/postgres?host={}", directory.display())
}
