use std::path::Path;
use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row as _, SqlStr, Sqlite, TypeInfo, ValueRef};

use crate::clock::SystemClock;
use crate::error::StoreError;
use crate::store::sql::connections::Connections;
use crate::store::sql::engine::Effect;
use crate::store::sql::value::{Cell, Row, UnexpectedRow, Value};
use crate::store::sql::{DEADLINE, Engine, SqlStore};

/// SQLite has one writer at a time, and connections wait for each other by trying again. In one
/// queue they take turns.
const CONNECTIONS: u32 = 1;

impl SqlStore {
    /// Opens a SQLite file, and creates it if it is missing. Then call [`migrate`](Self::migrate).
    ///
    /// The journal is a write-ahead log, so other processes can read meanwhile. Each commit is
    /// flushed to the disk (`synchronous = FULL`). With SQLite's `NORMAL`, a power cut would bring
    /// back a spent code, and lose an acknowledged credential. A write by another process is waited
    /// for.
    ///
    /// On Unix only the owner can use a file that it creates. An existing file keeps its
    /// permissions, and the log beside it has the same.
    pub async fn open_sqlite(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        make_private(path)
            .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
            .map_err(|error| StoreError::new("sqlite", error))?;
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(DEADLINE)
            .idle_timeout(None)
            // It is a file of this machine.
            .test_before_acquire(false)
            .max_lifetime(None)
            .connect_with(options(path))
            .await
            .map_err(|error| StoreError::new("sqlite", error))?;
        Ok(Self::sqlite(pool))
    }

    /// Keeps everything in the database of a pool of your own. See
    /// [`open_sqlite`](Self::open_sqlite) for the pragmas that it should have.
    pub fn sqlite(pool: SqlitePool) -> Self {
        Self::new(Engine::Sqlite(Connections::new(pool)), Arc::new(SystemClock))
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // It is less than the deadline, so a busy file differs from one that does not answer.
        .busy_timeout(DEADLINE * 4 / 5)
}

/// Creates the file before SQLite does, which would let everybody read it. The log beside it gets
/// the same permissions. The owner decides about those of an existing file.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

type Prepared = Query<'static, Sqlite, SqliteArguments>;

/// Changes a row, or looks why not, in a transaction without any other writer.
pub(super) async fn change_or_look(
    on: &mut SqliteConnection,
    change: Prepared,
    look: Prepared,
) -> Result<Effect, sqlx::Error> {
    let mut transaction = on.begin_with("BEGIN IMMEDIATE").await?;
    let effect = match change.execute(&mut *transaction).await?.rows_affected() {
        0 => {
            let found = look.fetch_optional(&mut *transaction).await?;
            Effect::Nothing(found.as_ref().map(row).transpose()?)
        }
        _ => Effect::Changed,
    };
    transaction.commit().await?;
    Ok(effect)
}

pub(super) fn query(sql: &SqlStr, values: &[Value<'_>]) -> Prepared {
    values.iter().fold(sqlx::query(sql.clone()), |query, value| match *value {
        Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        Value::Integer(integer) => query.bind(integer),
        Value::MaybeBytes(bytes) => query.bind(bytes.map(<[u8]>::to_vec)),
        Value::MaybeInteger(integer) => query.bind(integer),
        Value::MaybeText(text) => query.bind(text.map(str::to_owned)),
        Value::Text(text) => query.bind(text.to_owned()),
    })
}

pub(super) fn row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let cell = |column| {
        let value = row.try_get_raw(column)?;
        match value.type_info().name() {
            _ if value.is_null() => Ok(Cell::Null),
            "BLOB" => row.try_get(column).map(Cell::Bytes),
            "INTEGER" => row.try_get(column).map(Cell::Integer),
            "TEXT" => row.try_get(column).map(Cell::Text),
            _ => Err(sqlx::Error::Decode(UnexpectedRow.into())),
        }
    };
    Row::from_cells((0..row.len()).map(cell))
}

#[cfg(test)]
#[path = "../../../tests/unit/sqlite.rs"]
mod tests;
