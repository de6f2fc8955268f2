use credential_code::Storage;
use credential_code::model::{User, UserId};
use credential_code::store::SqlStore;
#[cfg(feature = "sqlite")]
use sqlx::ConnectOptions;
#[cfg(feature = "sqlite")]
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Row as _};
#[cfg(feature = "postgres")]
use sqlx::{Connection, PgConnection};

#[cfg(feature = "sqlite")]
use crate::support::servers::Directory;
#[cfg(feature = "postgres")]
use crate::support::servers::postgres::Postgres;
use crate::support::{Setup, World, user};
use crate::two_processes::keys;

/// An engine with the store's tables in it, and nothing else.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) store: SqlStore,
    pub(crate) engine: Engine,
}

#[derive(Debug)]
pub(crate) enum Engine {
    /// A database of its own, on the server that all tests share.
    #[cfg(feature = "postgres")]
    Postgres(String),
    #[cfg(feature = "sqlite")]
    Sqlite(Directory),
}

impl Engine {
    /// Returns every engine that this build and this machine have.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(feature = "sqlite")]
        all.extend([Self::Sqlite(Directory::new("sqlite"))]);
        #[cfg(feature = "postgres")]
        all.extend(Postgres::shared().map(|server| Self::Postgres(server.make_database())));
        all
    }

    /// Returns where a store finds its database: a URL, or a path.
    pub(crate) fn address(&self) -> String {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => url.clone(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(directory) => directory.path().join("store.db").to_str().unwrap().to_owned(),
        }
    }

    /// Opens a store with its own pool, as another process would. It has no tables until somebody
    /// migrates.
    pub(crate) async fn open(&self) -> SqlStore {
        open(&self.address()).await
    }
}

pub(crate) async fn open(address: &str) -> SqlStore {
    match address.starts_with('/') {
        #[cfg(feature = "sqlite")]
        true => SqlStore::open_sqlite(address).await.unwrap(),
        #[cfg(feature = "postgres")]
        false => SqlStore::connect_postgres(address).await.unwrap(),
        #[allow(unreachable_patterns, reason = "a build with one engine has no other addresses")]
        _ => unreachable!("{address}"),
    }
}

impl Backend {
    pub(crate) async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for engine in Engine::all() {
            let store = engine.open().await;
            store.migrate().await.unwrap();
            all.push(Self { store, engine });
        }
        all
    }
}

impl Backend {
    /// Creates the endpoints over this store alone, with one user.
    pub(crate) async fn world(&self) -> World {
        self.world_with(|setup| setup).await
    }

    pub(crate) async fn world_with(&self, change: impl FnOnce(Setup) -> Setup) -> World {
        world_over(self.store.clone(), change).await
    }

    /// Returns bytes, as this engine's SQL spells them.
    pub(crate) fn bytes(&self, hex: &str) -> String {
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => format!("'\\x{hex}'"),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => format!("x'{hex}'"),
        }
    }

    /// Runs a statement of the test's own.
    pub(crate) async fn run(&self, sql: &str) {
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            }
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(directory) => {
                let mut connection = sqlite_connection(directory).await;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Returns every cell of a table, one after the other.
    pub(crate) async fn dump(&self, table: &str) -> Vec<u8> {
        let sql = format!("SELECT * FROM {table}");
        let mut bytes = Vec::new();
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap() {
                    for column in 0..row.len() {
                        let cell = row.try_get_raw(column).unwrap();
                        bytes.extend(cell.as_bytes().unwrap_or_default());
                    }
                }
            }
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(directory) => {
                let mut connection = sqlite_connection(directory).await;
                for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap() {
                    for column in 0..row.len() {
                        bytes.extend(
                            row.try_get_unchecked::<Option<Vec<u8>>, _>(column).unwrap().unwrap_or_default(),
                        );
                    }
                }
            }
        }
        bytes
    }

    /// Runs a query of the test's own, for one number.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        match &self.engine {
            #[cfg(feature = "postgres")]
            Engine::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(directory) => {
                let mut connection = sqlite_connection(directory).await;
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite_connection(directory: &Directory) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(directory.path().join("store.db"));
    options.connect().await.unwrap()
}

/// Creates a world with records, users and credentials in this store, and budgets in this process.
pub(crate) async fn world_over(store: SqlStore, change: impl FnOnce(Setup) -> Setup) -> World {
    store.put_user(&User::new(user(), "ada@example.com")).await.unwrap();
    World::with(|setup| {
        let setup = setup.site(|site| site.users(store.clone()).credentials(store.clone()));
        change(setup.storage(Storage::shared_records(store, keys())))
    })
}

pub(crate) fn users() -> [UserId; 2] {
    ["us-1", "us-2"].map(|id| UserId::new(id).unwrap())
}
