//! What the flow of a [`World`](super::World) stands on: memory, or the engine that `CREDENTIAL_CODE_TEST_STORE` names, so that the laws of the
//! flow can be tested over each of them.

use std::any::Any;
use std::sync::{Arc, LazyLock};
use std::thread;

use credential_code::OneTimeStore;
use credential_code::flow::CodeFlowBuilder;
use credential_code::store::{CodeGrant, PendingRegistration, PurseStore, SlotKey, SlotKeys};
use tokio::runtime::Runtime;

/// Whatever has to live as long as the world does.
pub(crate) type Ground = Option<Arc<dyn Any + Send + Sync>>;

pub(crate) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
    match std::env::var("CREDENTIAL_CODE_TEST_STORE").as_deref() {
        Err(_) => (builder, None),
        #[cfg(feature = "postgres")]
        Ok("postgres") => postgres::lay(builder),
        #[cfg(feature = "redis")]
        Ok("redis") => redis::lay(builder),
        #[cfg(feature = "sqlite")]
        Ok("sqlite") => sqlite::lay(builder),
        Ok(engine) => panic!("this build has no {engine}"),
    }
}

/// A flow whose records and budgets lie in a store that is made meanwhile.
fn over<S>(builder: CodeFlowBuilder, store: impl Future<Output = S> + Send) -> CodeFlowBuilder
where
    S: OneTimeStore<CodeGrant> + OneTimeStore<PendingRegistration> + PurseStore,
{
    /// Connections outlive the test that makes them by a moment, so they have a runtime of their own.
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

    let make = || RUNTIME.block_on(store);
    let store = Arc::new(thread::scope(|scope| scope.spawn(make).join()).unwrap());
    let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
    builder.code_store(store.clone()).registration_store(store.clone()).budgets(store).slot_keys(keys)
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::sync::atomic::{AtomicU32, Ordering};

    use credential_code::flow::CodeFlowBuilder;
    use credential_code::store::{SqlStore, TableNames};

    use super::super::servers::postgres::Postgres;
    use super::Ground;

    /// One server for all worlds, since it takes seconds to make. Each world has a schema of its own.
    pub(super) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
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
        (super::over(builder, store), None)
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::Arc;

    use credential_code::flow::CodeFlowBuilder;
    use credential_code::store::RedisStore;

    use super::super::servers::redis::Redis;
    use super::Ground;

    pub(super) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
        let server = Redis::start().expect("it was asked for");
        let store = async { RedisStore::at(server.url()).connect().await.unwrap() };
        (super::over(builder, store), Some(Arc::new(server)))
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;

    use credential_code::flow::CodeFlowBuilder;
    use credential_code::store::SqlStore;

    use super::super::servers::Directory;
    use super::Ground;

    pub(super) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
        let directory = Directory::new("sqlite");
        let store = async {
            let store = SqlStore::open_sqlite(directory.path().join("store.db")).await.unwrap();
            store.migrate().await.unwrap();
            store
        };
        (super::over(builder, store), Some(Arc::new(directory)))
    }
}
