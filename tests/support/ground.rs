//! What the flow of a [`World`](super::World) stands on: memory, or the engine that `CREDENTIAL_CODE_TEST_STORE` names, so that the laws of the
//! flow can be tested over each of them.

use std::any::Any;
use std::sync::Arc;

use credential_code::flow::CodeFlowBuilder;

/// Whatever has to live as long as the world does.
pub(crate) type Ground = Option<Arc<dyn Any + Send + Sync>>;

pub(crate) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
    match std::env::var("CREDENTIAL_CODE_TEST_STORE").as_deref() {
        Err(_) => (builder, None),
        #[cfg(feature = "redis")]
        Ok("redis") => redis::lay(builder),
        Ok(engine) => panic!("this build has no {engine}"),
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::{Arc, LazyLock};

    use credential_code::flow::CodeFlowBuilder;
    use credential_code::store::{RedisStore, SlotKey, SlotKeys};
    use tokio::runtime::Runtime;

    use super::super::servers::redis::Redis;
    use super::Ground;

    /// Connections outlive the test that makes them by a moment, so they have a runtime of their own.
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

    pub(super) fn lay(builder: CodeFlowBuilder) -> (CodeFlowBuilder, Ground) {
        let server = Redis::start().expect("it was asked for");
        let connect = || RUNTIME.block_on(RedisStore::at(server.url()).connect()).unwrap();
        let store = std::thread::scope(|scope| scope.spawn(connect).join()).unwrap();
        let store = Arc::new(store);
        let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
        let builder = builder.code_store(store.clone()).registration_store(store.clone());
        (builder.budgets(store).slot_keys(keys), Some(Arc::new(server)))
    }
}
