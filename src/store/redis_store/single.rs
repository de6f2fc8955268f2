use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};

/// A connection to one server. A lost connection is made anew. A connection that turns out to lead
/// to a replica is replaced.
pub(super) struct Single {
    client: Client,
    config: ConnectionManagerConfig,
    manager: Mutex<Arc<ConnectionManager>>,
}

impl Single {
    pub(super) async fn connect(client: Client, config: ConnectionManagerConfig) -> Result<Self, RedisError> {
        // This is tried once, so an error is reported at once. The manager would try until the time
        // is over.
        let once = AsyncConnectionConfig::new().set_connection_timeout(config.connection_timeout());
        client.get_multiplexed_async_connection_with_config(&once).await?;
        let manager = manager(&client, &config)?;
        Ok(Self { client, config, manager: Mutex::new(manager) })
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let manager = self.current().clone();
        let answer = command.query_async(&mut ConnectionManager::clone(&manager)).await;
        if answer.as_ref().is_err_and(is_of_a_replica) {
            self.leave(&manager)?;
        }
        answer
    }

    /// Makes the next command open a new connection, unless another call has done so since.
    fn leave(&self, manager_of_replica: &Arc<ConnectionManager>) -> Result<(), RedisError> {
        let mut current = self.current();
        if Arc::ptr_eq(&current, manager_of_replica) {
            *current = manager(&self.client, &self.config)?;
        }
        Ok(())
    }

    fn current(&self) -> MutexGuard<'_, Arc<ConnectionManager>> {
        self.manager.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a manager that connects when it is first asked.
fn manager(client: &Client, config: &ConnectionManagerConfig) -> Result<Arc<ConnectionManager>, RedisError> {
    ConnectionManager::new_lazy_with_config(client.clone(), config.clone()).map(Arc::new)
}

/// Returns whether the server is a replica. After a failover its address may lead to the new
/// primary, but a demoted primary keeps its connections.
fn is_of_a_replica(error: &RedisError) -> bool {
    let kinds = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(ErrorKind::Server);
    kinds.contains(&error.kind())
}
