use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::Postgres;
use sqlx::SqlStr;
#[cfg(feature = "sqlite")]
use sqlx::Sqlite;

use crate::store::sql::connections::Connections;
#[cfg(feature = "postgres")]
use crate::store::sql::postgres;
#[cfg(feature = "sqlite")]
use crate::store::sql::sqlite;
use crate::store::sql::value::{Row, Value};

/// A statement, with its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    pub(super) sql: &'a SqlStr,
    pub(super) values: &'a [Value<'a>],
}

/// The outcome of a statement that changes one row or none.
#[derive(Debug)]
pub(super) enum Effect {
    /// It changed the row.
    Changed,
    /// It changed none. This is the row of another statement, which looked up why.
    Nothing(Option<Row>),
}

/// The pool of one engine or the other.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    #[cfg(feature = "postgres")]
    Postgres(Connections<Postgres>),
    #[cfg(feature = "sqlite")]
    Sqlite(Connections<Sqlite>),
}

impl Engine {
    pub(super) fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Runs a statement to its end, and returns how many rows it changed.
    pub(super) async fn execute(
        &self,
        sql: &SqlStr,
        values: &[Value<'_>],
        deadline: Duration,
    ) -> Result<u64, sqlx::Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(connections) => {
                let query = postgres::query(sql, values);
                Ok(connections.run(deadline, |on| Box::pin(query.execute(on))).await?.rows_affected())
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connections) => {
                let query = sqlite::query(sql, values);
                Ok(connections.run(deadline, |on| Box::pin(query.execute(on))).await?.rows_affected())
            }
        }
    }

    /// Runs a statement to its end, and returns its rows.
    ///
    /// It runs to its end, even where one row is expected. PostgreSQL commits after it has sent the
    /// rows, and SQLite when the statement is done. A caller who stops at the first row would act
    /// on data that may yet be undone.
    pub(super) async fn fetch(
        &self,
        sql: &SqlStr,
        values: &[Value<'_>],
        deadline: Duration,
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(connections) => {
                let query = postgres::query(sql, values);
                let rows = connections.run(deadline, |on| Box::pin(query.fetch_all(on))).await?;
                rows.iter().map(postgres::row).collect()
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connections) => {
                let query = sqlite::query(sql, values);
                let rows = connections.run(deadline, |on| Box::pin(query.fetch_all(on))).await?;
                rows.iter().map(sqlite::row).collect()
            }
        }
    }

    /// Runs a statement that decides by several rows of a user. If it changed none, another
    /// statement finds out why, in the same transaction. No two of them run at the same time for
    /// one user.
    ///
    /// SQLite has one writer anyway. In PostgreSQL a transaction takes a lock first, in the round
    /// trip that begins it. Without the lock, both of two statements would see the state before
    /// either. Each statement sees what was committed before it began, which needs
    /// `READ COMMITTED`.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "SQLite takes no lock"))]
    pub(super) async fn change_or_look(
        &self,
        lock: i32,
        change: Statement<'_>,
        look: Statement<'_>,
        deadline: Duration,
    ) -> Result<Effect, sqlx::Error> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(connections) => {
                let [change, look] = [change, look].map(|it| postgres::query(it.sql, it.values));
                let changing = connections
                    .run(deadline, move |on| Box::pin(postgres::change_or_look(on, lock, change, look)));
                changing.await
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connections) => {
                let [change, look] = [change, look].map(|it| sqlite::query(it.sql, it.values));
                connections.run(deadline, |on| Box::pin(sqlite::change_or_look(on, change, look))).await
            }
        }
    }
}
