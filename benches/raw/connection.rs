use std::path::Path;
use std::sync::Arc;

use credential_code::error::BoxError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlStr};
use tokio::sync::Mutex;

/// What goes into a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Integer(i64),
    Text(String),
    NoBytes,
    NoInteger,
    NoText,
}

/// A connection to an engine of SQL, by sqlx alone.
pub(crate) trait Connection: Send + 'static {
    /// Runs a statement to its end, and returns how many rows it changed.
    fn execute(
        &mut self,
        sql: &SqlStr,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs a statement to its end, and returns how many rows it answered with.
    fn fetch(
        &mut self,
        sql: &SqlStr,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs a statement to its end in a transaction, and returns how many rows it changed.
    fn change(
        &mut self,
        begin: String,
        sql: &SqlStr,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send {
        async move {
            self.control(begin).await?;
            let changed = self.execute(sql, values).await?;
            self.control("COMMIT".to_owned()).await?;
            Ok(changed)
        }
    }

    /// Runs what takes no values.
    fn control(&mut self, sql: String) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Returns the one number that a query answers with.
    fn number(&mut self, sql: &'static str) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;
}

/// Opens a file as `open_sqlite` does.
pub(crate) async fn open_sqlite(path: &Path) -> Result<SqliteConnection, BoxError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    Ok(options.connect().await?)
}

/// Connects as `connect_postgres` does.
pub(crate) async fn open_postgres(url: &str) -> Result<PgConnection, BoxError> {
    let options: PgConnectOptions = url.parse()?;
    let options =
        options.options([("default_transaction_isolation", "read committed"), ("synchronous_commit", "on")]);
    Ok(options.connect().await?)
}

impl Connection for SqliteConnection {
    async fn execute(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        Ok(of_sqlite(sql, values).execute(self).await?.rows_affected())
    }

    async fn fetch(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        Ok(of_sqlite(sql, values).fetch_all(self).await?.len() as u64)
    }

    async fn control(&mut self, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self).await.map(drop)
    }

    async fn number(&mut self, sql: &'static str) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(sql).fetch_one(self).await
    }
}

impl Connection for PgConnection {
    async fn execute(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        Ok(of_postgres(sql, values).execute(self).await?.rows_affected())
    }

    async fn fetch(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        Ok(of_postgres(sql, values).fetch_all(self).await?.len() as u64)
    }

    async fn control(&mut self, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self).await.map(drop)
    }

    async fn number(&mut self, sql: &'static str) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(sql).fetch_one(self).await
    }
}

/// A connection that several people share: one statement at a time, or one transaction.
#[derive(Debug)]
pub(crate) struct Shared<C>(Arc<Mutex<C>>);

impl<C> Clone for Shared<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Shared<C> {
    pub(crate) fn new(connection: C) -> Self {
        Self(Arc::new(Mutex::new(connection)))
    }
}

impl<C: Connection> Connection for Shared<C> {
    async fn execute(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        self.0.lock().await.execute(sql, values).await
    }

    async fn fetch(&mut self, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        self.0.lock().await.fetch(sql, values).await
    }

    async fn change(&mut self, begin: String, sql: &SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        self.0.lock().await.change(begin, sql, values).await
    }

    async fn control(&mut self, sql: String) -> Result<(), sqlx::Error> {
        self.0.lock().await.control(sql).await
    }

    async fn number(&mut self, sql: &'static str) -> Result<i64, sqlx::Error> {
        self.0.lock().await.number(sql).await
    }
}

type Query<DB> = sqlx::query::Query<'static, DB, <DB as sqlx::Database>::Arguments>;

fn of_sqlite(sql: &SqlStr, values: Vec<Value>) -> Query<sqlx::Sqlite> {
    values.into_iter().fold(sqlx::query(sql.clone()), |query, value| match value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Integer(integer) => query.bind(integer),
        Value::Text(text) => query.bind(text),
        Value::NoBytes => query.bind(None::<Vec<u8>>),
        Value::NoInteger => query.bind(None::<i64>),
        Value::NoText => query.bind(None::<String>),
    })
}

fn of_postgres(sql: &SqlStr, values: Vec<Value>) -> Query<sqlx::Postgres> {
    values.into_iter().fold(sqlx::query(sql.clone()), |query, value| match value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Integer(integer) => query.bind(integer),
        Value::Text(text) => query.bind(text),
        Value::NoBytes => query.bind(None::<Vec<u8>>),
        Value::NoInteger => query.bind(None::<i64>),
        Value::NoText => query.bind(None::<String>),
    })
}
