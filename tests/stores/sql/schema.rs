//! The names of the tables, and how they are made.

use std::time::{Duration, SystemTime};

use credential_code::model::{Credential, CredentialKind, Insertion, UserId};
use credential_code::store::{CodeGrant, OneTimeStore, Slot, SqlStore, TableNames};
use credential_code::testing::{SIGNING, Sample, repository_contract};
use tokio::task::JoinSet;

use super::backend::{Backend, Engine, users};
#[cfg(feature = "sqlite")]
use crate::support::servers::Directory;
use crate::support::user;

fn named(prefix: &str) -> TableNames {
    TableNames::prefixed(prefix).unwrap()
}

#[test]
fn only_plain_names_are_taken() {
    let longest = "x".repeat(32);
    for good in ["a", "_", "auth_", "a1_", &longest] {
        assert!(TableNames::prefixed(good).is_ok(), "{good:?}");
        assert!(TableNames::default().in_schema(good).is_ok(), "{good:?}");
    }
    let too_long = "x".repeat(64);
    let bad = ["", "1a", "A", "ä", "a b", "a-b", "a.b", "a\"b", "a'b", "a;b", "a\0", "a--", &too_long];
    for bad in bad {
        assert!(TableNames::prefixed(bad).is_err(), "{bad:?}");
        assert!(TableNames::default().in_schema(bad).is_err(), "{bad:?}");
    }
    assert!(TableNames::prefixed("x".repeat(33)).is_err());
    assert!(TableNames::prefixed("sqlite_").is_err());
    assert!(TableNames::default().in_schema("pg_auth").is_err());
}

#[tokio::test]
async fn a_migration_may_be_run_again_and_by_many_at_once() {
    for engine in &Engine::all() {
        let mut migrations = JoinSet::new();
        for _ in 0..8 {
            let store = engine.open().await;
            migrations.spawn(async move { store.migrate().await });
        }
        for migrated in migrations.join_all().await {
            migrated.unwrap();
        }
        let store = engine.open().await;
        store.migrate().await.unwrap();
        repository_contract(&store, &users(), &SIGNING).await;
        store.migrate().await.unwrap();
        assert!(!credentials(&store, &users()[0]).await.is_empty(), "a migration loses nothing");
    }
}

/// Returns the credentials, in the order of their ids.
async fn credentials(store: &SqlStore, user: &UserId) -> Vec<Credential> {
    let found = credential_code::host::CredentialRepository::credentials(store, user).await;
    let mut found = found.unwrap();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused() {
    for backend in &Backend::all().await {
        backend.run("INSERT INTO credential_code_migrations (version) VALUES (99)").await;
        let error = backend.store.migrate().await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "the tables are of version 99, and this build knows no later one than 2");
    }
}

/// The tables are as they were before ids of keys were unique for each user alone.
#[tokio::test]
async fn a_migration_keeps_the_credentials_that_are_there() {
    for engine in Engine::all() {
        let backend = Backend { store: engine.open().await, engine };
        let first = match &backend.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => include_str!("../../../src/store/sql/migrations/postgres_1.sql"),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => include_str!("../../../src/store/sql/migrations/sqlite_1.sql"),
        };
        backend.store.migrate().await.unwrap();
        let world = backend.world().await;
        for kind in [CredentialKind::Fido2, CredentialKind::PasswordProtectedKey] {
            let body = world.registration(kind).await;
            world.register(&body).await.ok();
        }
        let before = credentials(&backend.store, &user()).await;
        // Goes back to the first version, with the rows that are there, and a table of the host's
        // that refers to them.
        let columns = "id, uuid, user_id, kind, name, public_key, digest, relying_party_id, origin, \
                       created_at, status, encrypted_private_key, sign_count, fido2";
        backend.run(&format!("CREATE TABLE kept AS SELECT {columns} FROM credential_code_credentials")).await;
        for table in ["records", "enrolments", "users", "credentials", "purses"] {
            backend.run(&format!("DROP TABLE credential_code_{table}")).await;
        }
        backend.run(first).await;
        backend.run(&format!("INSERT INTO credential_code_credentials SELECT {columns} FROM kept")).await;
        backend.run("DELETE FROM credential_code_migrations WHERE version = 2").await;
        backend
            .run("CREATE TABLE hosts (uuid TEXT REFERENCES credential_code_credentials (uuid) ON DELETE CASCADE)")
            .await;
        backend.run("INSERT INTO hosts SELECT uuid FROM credential_code_credentials").await;
        backend.run("CREATE VIEW seen AS SELECT uuid FROM credential_code_credentials").await;

        let store = backend.engine.open().await;
        store.migrate().await.unwrap();
        assert_eq!(credentials(&store, &user()).await, before);
        assert_eq!(backend.number("SELECT COUNT(*) FROM hosts").await, 2, "rows of the host's");
        assert_eq!(backend.number("SELECT COUNT(*) FROM seen").await, 2);
        repository_contract(&store, &users(), &SIGNING).await;
    }
}

/// Otherwise the store would write into somebody else's table.
#[tokio::test]
async fn a_table_that_was_there_before_is_not_adopted() {
    for engine in Engine::all() {
        let backend = Backend { store: engine.open().await, engine };
        backend.run("CREATE TABLE credential_code_users (id TEXT)").await;
        backend.store.migrate().await.unwrap_err();
        backend.run("DROP TABLE credential_code_users").await;
        backend.store.migrate().await.unwrap();
    }
}

#[tokio::test]
async fn tables_of_another_prefix_are_other_tables() {
    for Backend { store, .. } in Backend::all().await {
        let other = store.clone().with_names(named("other_")).unwrap();
        other.migrate().await.unwrap();
        do_not_meet(&store, &other).await;
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn tables_of_a_schema_lie_there() {
    let backends = Backend::all().await;
    let postgres = backends.iter().find(|backend| matches!(backend.engine, Engine::Postgres(_)));
    let Some(Backend { store, .. }) = postgres else { return };
    // A key word is as good a name as any.
    let names = TableNames::default().in_schema("select").unwrap();
    let other = store.clone().with_names(names).unwrap();
    other.migrate().await.unwrap();
    other.migrate().await.unwrap();
    do_not_meet(store, &other).await;
    repository_contract(&other, &users(), &SIGNING).await;
    assert_eq!(credentials(store, &users()[0]).await, [], "the tables of the search path are untouched");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_has_no_schemas() {
    let engine = Engine::Sqlite(Directory::new("sqlite"));
    let names = TableNames::default().in_schema("auth").unwrap();
    assert!(engine.open().await.with_names(names).is_err());
}

async fn do_not_meet(store: &SqlStore, other: &SqlStore) {
    let now = SystemTime::now();
    let (slot, record) = (Slot::from_bytes([7; 32]), CodeGrant::sample(1, now + Duration::from_secs(60)));
    for store in [store, other] {
        assert_eq!(store.insert(slot, record.clone()).await.unwrap(), Insertion::Created);
    }
    for store in [store, other] {
        assert_eq!(store.take(slot, now).await.unwrap(), Some(record.clone()));
    }
}

/// Returns the permissions of every file in it: the database, and the log beside it.
#[cfg(all(feature = "sqlite", unix))]
fn permissions(directory: &Directory) -> Vec<u32> {
    use std::os::unix::fs::PermissionsExt;

    let files = std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap);
    let all: Vec<_> = files.map(|file| file.metadata().unwrap().permissions().mode() & 0o777).collect();
    assert!(all.len() > 1, "the log lies beside it");
    all
}

#[cfg(all(feature = "sqlite", unix))]
#[tokio::test]
async fn a_new_sqlite_file_is_its_owners_alone() {
    let directory = Directory::new("sqlite");
    let store = SqlStore::open_sqlite(directory.path().join("store.db")).await.unwrap();
    store.migrate().await.unwrap();
    assert!(permissions(&directory).iter().all(|mode| *mode == 0o600));
}

#[cfg(all(feature = "sqlite", unix))]
#[tokio::test]
async fn a_sqlite_file_that_was_there_keeps_its_permissions() {
    use std::fs::{File, Permissions};
    use std::os::unix::fs::PermissionsExt;

    for mode in [0o600, 0o640, 0o644] {
        let directory = Directory::new("sqlite");
        let path = directory.path().join("store.db");
        File::create(&path).unwrap().set_permissions(Permissions::from_mode(mode)).unwrap();
        let store = SqlStore::open_sqlite(path).await.unwrap();
        store.migrate().await.unwrap();
        assert!(permissions(&directory).iter().all(|kept| *kept == mode), "{mode:o}");
    }
}
