#[cfg(feature = "sqlite")]
use sqlx::Connection;
use sqlx::{AssertSqlSafe, Executor, RawSql, Row};

use crate::error::{BoxError, StoreError};
use crate::store::sql::{Engine, SqlStore, TableNames};

/// The scripts of each engine, the oldest first. A released script never changes. A change gets a
/// new script.
#[cfg(feature = "sqlite")]
const SQLITE: [&str; 2] = [include_str!("migrations/sqlite_1.sql"), include_str!("migrations/sqlite_2.sql")];
#[cfg(feature = "postgres")]
const POSTGRES: [&str; 2] =
    [include_str!("migrations/postgres_1.sql"), include_str!("migrations/postgres_2.sql")];

const VERSIONS: &str = "
    CREATE TABLE IF NOT EXISTS credential_code_migrations (version INTEGER NOT NULL PRIMARY KEY)";
const NEWEST: &str = "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM credential_code_migrations";

/// A later version of this crate made the tables.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the tables are of version {found}, and this build knows no later one than {known}")]
struct TooNew {
    found: i64,
    known: usize,
}

impl SqlStore {
    /// Creates the tables, or brings older ones up to date, in one transaction. Does nothing if
    /// they are up to date. Any number of processes may call it at once.
    ///
    /// It needs a role that may create tables. A host that keeps its schema elsewhere runs the same
    /// scripts there.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(connections) => postgres(connections.pool(), &self.names).await,
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(connections) => sqlite(connections.pool(), &self.names).await,
        }
        .map_err(|error| self.failed(error))
    }
}

/// Returns the scripts that tables of a version still need.
fn outstanding<'a>(scripts: &'a [&'a str], found: i64) -> Result<&'a [&'a str], BoxError> {
    let done = usize::try_from(found)?;
    Ok(scripts.get(done..).ok_or(TooNew { found, known: scripts.len() })?)
}

#[cfg(feature = "sqlite")]
async fn sqlite(pool: &sqlx::SqlitePool, names: &TableNames) -> Result<(), BoxError> {
    let mut connection = pool.acquire().await?;
    // These settings are for this connection alone, which is closed in the end. A table that is
    // made anew is dropped first. Rows of the host's that refer to it must not go with it.
    connection.close_on_drop();
    connection.execute("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON").await?;
    // The lock is taken before the version is read. So of several processes each finds what the one
    // before did.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    transaction.execute(script(names, VERSIONS)).await?;
    let found = transaction.fetch_one(script(names, NEWEST)).await?.try_get(0)?;
    for (migration, version) in outstanding(&SQLITE, found)?.iter().zip(found + 1..) {
        transaction.execute(script(names, migration)).await?;
        transaction.execute(script(names, &recorded(version))).await?;
    }
    Ok(transaction.commit().await?)
}

#[cfg(feature = "postgres")]
async fn postgres(pool: &sqlx::PgPool, names: &TableNames) -> Result<(), BoxError> {
    /// A migration holds this advisory lock. `CREATE … IF NOT EXISTS` alone does not help two
    /// processes that find nothing at the same time.
    const LOCK: &str = "SELECT pg_advisory_xact_lock(7166750263474385)";

    let mut transaction = pool.begin().await?;
    // A large table may take long, and so may another process that migrates.
    transaction.execute("SET LOCAL statement_timeout = '10min'").await?;
    transaction.execute(LOCK).await?;
    if let Some(schema) = names.schema() {
        let find = sqlx::query("SELECT FROM pg_namespace WHERE nspname = $1").bind(schema.to_owned());
        // The schema is looked up first. A role that may not create schemas may not even say
        // `IF NOT EXISTS` about an existing one.
        if transaction.fetch_optional(find).await?.is_none() {
            transaction.execute(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).await?;
        }
        transaction.execute(AssertSqlSafe(format!("SET LOCAL search_path TO \"{schema}\""))).await?;
    }
    transaction.execute(script(names, VERSIONS)).await?;
    let found = transaction.fetch_one(script(names, NEWEST)).await?.try_get(0)?;
    for (migration, version) in outstanding(&POSTGRES, found)?.iter().zip(found + 1..) {
        transaction.execute(script(names, migration)).await?;
        transaction.execute(script(names, &recorded(version))).await?;
    }
    Ok(transaction.commit().await?)
}

fn recorded(version: i64) -> String {
    format!("INSERT INTO credential_code_migrations (version) VALUES ({version})")
}

/// Returns a script of any number of statements.
fn script(names: &TableNames, sql: &str) -> RawSql {
    sqlx::raw_sql(AssertSqlSafe(names.migration(sql)))
}
