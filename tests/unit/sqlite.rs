//! How a SQLite file is opened.

use sqlx::{ConnectOptions, Executor};

use super::*;

#[tokio::test]
async fn a_commit_is_on_the_disk_before_it_is_acknowledged() {
    let path = std::env::temp_dir().join(format!("credential-code-{}.db", std::process::id()));
    let mut connection = options(&path).create_if_missing(true).connect().await.unwrap();
    let synchronous: i64 = connection.fetch_one("PRAGMA synchronous").await.unwrap().get(0);
    let journal: String = connection.fetch_one("PRAGMA journal_mode").await.unwrap().get(0);
    drop(connection);
    std::fs::remove_file(path).unwrap();
    assert_eq!((synchronous, &*journal), (2, "wal"), "2 is FULL");
}
