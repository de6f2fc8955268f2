use std::path::Path;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

/// Opens the database, and makes its tables if they are missing.
pub(crate) async fn open(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    let db = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await?;
    migrate(&db, 1, include_str!("../migrations/1_application.sql")).await?;
    Ok(db)
}

/// Runs each script once, in the order of their numbers.
pub(crate) async fn migrate(db: &SqlitePool, number: i64, script: &'static str) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
        .execute(&mut *transaction)
        .await?;
    let noted = sqlx::query("INSERT OR IGNORE INTO migrations (number) VALUES (?1)");
    if noted.bind(number).execute(&mut *transaction).await?.rows_affected() == 1 {
        sqlx::raw_sql(script).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
