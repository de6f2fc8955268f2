//! One store over either SQL engine. The statements, the rows and the laws are the same. Only
//! pools, scripts and the purge differ.

mod connections;
mod credentials;
mod engine;
mod ledger;
mod migrate;
mod names;
mod one_time;
#[cfg(feature = "postgres")]
mod postgres;
mod purge;
mod purses;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod users;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlStr;

use self::engine::Engine;
pub use self::names::{InvalidName, TableNames};
use self::statements::Statements;
use self::value::{Row, Value};
use crate::clock::Clock;
use crate::error::{BoxError, StoreError};
use crate::model::{Insertion, UserId};

/// How long a request waits for the database: for a connection and a statement together.
const DEADLINE: Duration = Duration::from_secs(5);

/// Keeps everything of the flow in SQLite or in PostgreSQL: one-time records, enrolments, shared
/// budgets, credentials, users.
///
/// Each verb is one statement, or one transaction where several rows of a user decide. So the
/// database decides every race. A clone is the same store. [`manual::sql`](crate::manual::sql)
/// describes the tables, the pools, and the guarantees when something fails.
///
/// As a [`CredentialRepository`](crate::host::CredentialRepository) it holds no passwords and no
/// one-time passwords: a key of the host's must encrypt their secrets. A flow that lists `Password`
/// or `Totp` needs a repository of the host's own. A flow over this repository is built, and
/// answers 500 when it should store such a credential.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> Result<(), credential_code::error::BoxError> {
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use credential_code::store::{SlotKey, SlotKeys, SqlStore};
/// use credential_code::testing::MemoryHost;
/// use credential_code::{RelyingParty, Site, Storage};
///
/// let store = SqlStore::open_sqlite("credentials.db").await?;
/// store.migrate().await?;
/// let purge = store.spawn_purge(store.clock(), Duration::from_secs(600));
/// // From the configuration: codes that are outstanding outlive a restart, and so must the key.
/// let key = SlotKey::from_hex(&std::env::var("SLOT_KEY")?)?;
/// let site = Site::builder()
///     .authenticator(MemoryHost::default())
///     .users(store.clone())
///     .credentials(store.clone())
///     .storage(Storage::shared(store, SlotKeys::new(&key, &[])))
///     .relying_party(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?)
///     .events(|event| println!("{event:?}"))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqlStore {
    engine: Engine,
    names: TableNames,
    statements: Arc<Statements>,
    deadline: Duration,
    clock: Arc<dyn Clock>,
}

impl SqlStore {
    fn new(engine: Engine, clock: Arc<dyn Clock>) -> Self {
        let names = TableNames::default();
        let statements = Arc::new(Statements::new(&engine, &names));
        Self { engine, names, statements, deadline: DEADLINE, clock }
    }

    /// Returns the clock that every process over this database uses. For PostgreSQL it is the
    /// server's own. Processes over SQLite share a machine, so it is the machine's. It stays right
    /// while anybody has it, with or without a store.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Keeps everything in tables with other names. The default is the prefix `credential_code_`.
    /// SQLite has no schemas.
    pub fn with_names(self, names: TableNames) -> Result<Self, InvalidName> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) if names.schema().is_some() => {
                return Err(InvalidName("SQLite has no schemas"));
            }
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => {}
        }
        let statements = Arc::new(Statements::new(&self.engine, &names));
        Ok(Self { names, statements, ..self })
    }

    /// Shortens how long a request waits for the database, for a connection and a statement
    /// together. The default and the maximum is 5 seconds, because pools and engines have given up
    /// by then. After that the answer is 503, and the connection is closed.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: deadline.min(DEADLINE), ..self }
    }

    async fn insert_one(&self, sql: &SqlStr, values: &[Value<'_>]) -> Result<Insertion, StoreError> {
        match self.execute(sql, values).await? {
            0 => Ok(Insertion::Duplicate),
            _ => Ok(Insertion::Created),
        }
    }

    async fn execute(&self, sql: &SqlStr, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.engine.execute(sql, values, self.deadline).await.map_err(|error| self.failed(error))
    }

    async fn fetch_one(&self, sql: &SqlStr, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    async fn fetch(&self, sql: &SqlStr, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.engine.fetch(sql, values, self.deadline).await.map_err(|error| self.failed(error))
    }

    /// Returns whether nobody can have that id: PostgreSQL has no text with a NUL.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "SQLite keeps any text"))]
    fn is_nobody(&self, user: &UserId) -> bool {
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => user.as_str().contains('\0'),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => false,
        }
    }

    fn failed(&self, error: impl Into<BoxError>) -> StoreError {
        StoreError::new(self.engine.name(), error)
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("engine", &self.engine.name()).field("names", &self.names).finish()
    }
}
