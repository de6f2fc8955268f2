use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Executor, Postgres, Row as _, SqlStr, TypeInfo, ValueRef};
use tokio::time::timeout;

use crate::error::{BoxError, StoreError};
use crate::store::EngineClock;
use crate::store::kept_clock::KeptClock;
use crate::store::sql::connections::Connections;
use crate::store::sql::engine::Effect;
use crate::store::sql::value::{Cell, Row, UnexpectedRow, Value, time};
use crate::store::sql::{DEADLINE, Engine, SqlStore};

/// A tenth of the connections that a PostgreSQL server allows by default, so several processes have
/// room.
const CONNECTIONS: u32 = 10;

/// How long a request waits for a connection, so that time is left for its statement. While nobody
/// listens at the server's address, the pool tries again at least five times in that time. So the
/// server is used again half a second after its return at the latest.
const ACQUIRED_WITHIN: Duration = Duration::from_millis(2500);

/// A connection that was used a moment ago is assumed to live. That saves a round trip on each
/// statement under load.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

impl SqlStore {
    /// Connects to a PostgreSQL server,
    /// `postgres://user:password@host/database?sslmode=verify-full`, with at most ten connections.
    /// Then call [`migrate`](Self::migrate). With a weaker `sslmode`, or without one, nobody
    /// notices another server, or a connection without encryption.
    ///
    /// It overrides the server's defaults in three ways. An acknowledged statement is on the
    /// server's disk (`synchronous_commit = on`). The loser of a race is told so, and gets no error
    /// (`read committed`). The server itself gives up work that nobody waits for any more.
    pub async fn connect_postgres(url: &str) -> Result<Self, StoreError> {
        // The server gives up a little earlier than the client, which then learns the reason.
        let statement_timeout = (DEADLINE * 4 / 5).as_millis().to_string();
        let options: PgConnectOptions = url.parse().map_err(failed)?;
        let options = options.options([
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", &statement_timeout),
            ("synchronous_commit", "on"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRED_WITHIN)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    match meta.idle_for < TRUSTED_FOR {
                        true => Ok(true),
                        false => connection.ping().await.map(|()| true),
                    }
                })
            })
            .connect_with(options)
            .await
            .map_err(failed)?;
        Self::postgres(pool).await
    }

    /// Keeps everything in the database of a pool of your own. See
    /// [`connect_postgres`](Self::connect_postgres) for the settings that it should have.
    ///
    /// It asks for the server's [clock](Self::clock) now, and again every half minute. If that
    /// fails later, the last answer holds, and the feature `tracing` logs a warning.
    pub async fn postgres(pool: PgPool) -> Result<Self, StoreError> {
        let mut connection = pool.acquire().await.map_err(failed)?;
        let clock = EngineClock::new("postgres", server_time(&mut connection)).await?;
        drop(connection);
        let asked = pool.clone();
        let clock = KeptClock::start(clock, move |clock| ask_again(asked.clone(), clock));
        Ok(Self::new(Engine::Postgres(Connections::new(pool)), Arc::new(clock)))
    }
}

async fn ask_again(pool: PgPool, clock: EngineClock) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(failed)?;
    let asked = clock.ask(server_time(&mut connection)).await;
    if asked.is_err() {
        connection.close_on_drop();
    }
    asked
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::new("postgres", error)
}

/// Asks for the time in one round trip. The error of the answer is at most that trip.
async fn server_time(connection: &mut PgConnection) -> Result<SystemTime, BoxError> {
    const TIME: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
    let row = timeout(EngineClock::SLOWEST, connection.fetch_one(sqlx::raw_sql(TIME))).await??;
    Ok(time(row.try_get(0)?)?)
}

type Prepared = Query<'static, Postgres, PgArguments>;

/// Changes a row, or looks why not, in a transaction that waits for all others with that lock.
///
/// The transaction is written out. If a transaction of the driver's fails after `BEGIN`, it would
/// be left open on a connection that goes back to the pool.
pub(super) async fn change_or_look(
    on: &mut PgConnection,
    lock: i32,
    change: Prepared,
    look: Prepared,
) -> Result<Effect, sqlx::Error> {
    let changed = async {
        sqlx::raw_sql(begin(lock)).execute(&mut *on).await?;
        Ok(match change.execute(&mut *on).await?.rows_affected() {
            0 => Effect::Nothing(look.fetch_optional(&mut *on).await?.as_ref().map(row).transpose()?),
            _ => Effect::Changed,
        })
    };
    let changed = changed.await;
    let end = if changed.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::raw_sql(end).execute(on).await?;
    changed
}

/// Returns the beginning of a transaction. In the two-number form, no number is that of another
/// lock of ours. A process that stops in the middle keeps the lock no longer than the deadline.
fn begin(lock: i32) -> AssertSqlSafe<String> {
    /// The number that marks the advisory locks of this crate.
    const SPACE: i32 = 0x63_72_64_63;

    AssertSqlSafe(format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; \
         SET LOCAL idle_in_transaction_session_timeout = {}; \
         SELECT pg_advisory_xact_lock({SPACE}, {lock})",
        DEADLINE.as_millis()
    ))
}

pub(super) fn query(sql: &SqlStr, values: &[Value<'_>]) -> Prepared {
    values.iter().fold(sqlx::query(sql.clone()), |query, value| match *value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Integer(integer) => query.bind(integer),
        Value::MaybeBytes(bytes) => query.bind(bytes),
        Value::MaybeInteger(integer) => query.bind(integer),
        Value::MaybeText(text) => query.bind(text),
        Value::Text(text) => query.bind(text),
    })
}

pub(super) fn row(row: &PgRow) -> Result<Row, sqlx::Error> {
    let cell = |column| {
        let value = row.try_get_raw(column)?;
        match value.type_info().name() {
            _ if value.is_null() => Ok(Cell::Null),
            "BYTEA" => row.try_get(column).map(Cell::Bytes),
            "INT8" => row.try_get(column).map(Cell::Integer),
            "TEXT" => row.try_get(column).map(Cell::Text),
            _ => Err(sqlx::Error::Decode(UnexpectedRow.into())),
        }
    };
    Row::from_cells((0..row.len()).map(cell))
}
