use credential_code::UserId;
use credential_code::store::SqlStore;

use crate::servers::Directory;
#[cfg(feature = "postgres")]
use crate::servers::postgres::Postgres;

/// An engine with the store's tables in it. Whatever it runs on is gone with it.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) store: SqlStore,
    pub(crate) engine: Engine,
}

#[derive(Debug)]
pub(crate) enum Engine {
    #[cfg(feature = "postgres")]
    Postgres(Postgres),
    #[cfg(feature = "sqlite")]
    Sqlite(Directory),
}

impl Engine {
    /// Every engine that this build and this machine have.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(feature = "sqlite")]
        all.push(Self::Sqlite(Directory::new("sqlite")));
        #[cfg(feature = "postgres")]
        all.extend(Postgres::start().map(Self::Postgres));
        all
    }

    /// A store of its own pool, as another process would open it. It has no tables yet.
    pub(crate) async fn open(&self) -> SqlStore {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => SqlStore::connect_postgres(&server.url()).await.unwrap(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(directory) => {
                SqlStore::open_sqlite(directory.path().join("store.db")).await.unwrap()
            }
        }
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

pub(crate) fn users() -> [UserId; 2] {
    ["us-1", "us-2"].map(|id| UserId::new(id).unwrap())
}
