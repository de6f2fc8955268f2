//! The storage under the flow of a [`World`](super::World): memory, or the engine that
//! `CREDENTIAL_CODE_TEST_STORE` names. So the laws of the flow can be tested over each of them.

use std::any::Any;
use std::sync::{Arc, LazyLock};
use std::thread;

use credential_code::Storage;
use credential_code::store::{PurseStore, SharedStore, SlotKey, SlotKeys};
use tokio::runtime::Runtime;

/// Everything that has to live as long as the world does.
pub(crate) type Ground = Option<Arc<dyn Any + Send + Sync>>;

pub(crate) fn lay() -> (Storage, Ground) {
    match std::env::var("CREDENTIAL_CODE_TEST_STORE").as_deref() {
        Err(_) => (Storage::in_memory(), None),
        #[cfg(feature = "postgres")]
        Ok("postgres") => postgres::lay(),
        #[cfg(feature = "redis")]
        Ok("redis") => redis::lay(),
        #[cfg(feature = "sqlite")]
        Ok("sqlite") => sqlite::lay(),
        Ok(engine) => panic!("this build has no {engine}"),
    }
}

/// Puts records and budgets in a store, which it makes on another thread.
fn over<S: SharedStore + PurseStore>(store: impl Future<Output = S> + Send) -> Storage {
    /// Connections outlive the test that makes them by a moment, so they have their own runtime.
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

    let make = || RUNTIME.block_on(store);
    let store = thread::scope(|scope| scope.spawn(make).join()).unwrap();
    Storage::shared(store, SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]))
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::sync::atomic::{AtomicU32, Ordering};

    use credential_code::Storage;
    use credential_code::store::{SqlStore, TableNames};

    use super::super::servers::postgres::Postgres;
    use super::Ground;

    /// Lays one server under all worlds, since it takes seconds to make. Each world has its own
    /// schema.
    pub(super) fn lay() -> (Storage, Ground) {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let server = Postgres::shared().expect("it was asked for");
        let schema = format!("world_{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        let names = TableNames::default().in_schema(schema).unwrap();
        let store = async {
            let store = SqlStore::connect_postgres(&server.url()).await.unwrap();
            let store = store.with_names(names).unwrap();
            store.migrate().await.unwrap();
            store
        };
        (super::over(store), None)
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::Arc;

    use credential_code::Storage;
    use credential_code::store::RedisStore;

    use super::super::servers::redis::Redis;
    use super::Ground;

    pub(super) fn lay() -> (Storage, Ground) {
        let server = Redis::start().expect("it was asked for");
        let store = async { RedisStore::at(server.url()).connect().await.unwrap() };
        (super::over(store), Some(Arc::new(server)))
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;

    use credential_code::Storage;
    use credential_code::store::SqlStore;

    use super::super::servers::Directory;
    use super::Ground;

    pub(super) fn lay() -> (Storage, Ground) {
        let directory = Directory::new("sqlite");
        let store = async {
            let store = SqlStore::open_sqlite(directory.path().join("store.db")).await.unwrap();
            store.migrate().await.unwrap();
            store
        };
        (super::over(store), Some(Arc::new(directory)))
    }
}
