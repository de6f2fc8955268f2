use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionManagerConfig;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo as _, ProtocolVersion, TlsCertificates,
};

use crate::error::BoxError;
use crate::store::redis_store::single::Single;

/// The wait before a lost connection is made anew: at first, and at most. A command waits for a
/// connection no longer than for an answer.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// How often a lost connection is made anew: enough for more than a day. If Redis is away for
/// longer, the next command starts again. If no store is left to ask, it ends then.
const TRIES: usize = 500_000;

/// How often a cluster is asked again. That happens after it said that a key is elsewhere, while a
/// key moves, or when a connection was lost.
const CLUSTER_RETRIES: u32 = 3;

/// A connection that all callers share. It comes back automatically.
#[derive(Clone)]
pub(super) struct Connection {
    server: Server,
    timeout: Duration,
}

#[derive(Clone)]
enum Server {
    Single(Arc<Single>),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn single(
        url: &str,
        certificates: Option<TlsCertificates>,
        timeout: Duration,
    ) -> Result<Self, BoxError> {
        let client = match certificates {
            Some(certificates) => Client::build_with_tls(info(url, timeout)?, certificates)?,
            None => Client::open(info(url, timeout)?)?,
        };
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_number_of_retries(TRIES)
            .set_min_delay(SHORTEST_WAIT)
            .set_max_delay(LONGEST_WAIT);
        let server = in_time(timeout, Single::connect(client, config)).await?;
        Ok(Self { server: Server::Single(Arc::new(server)), timeout })
    }

    pub(super) async fn cluster(
        urls: &[String],
        certificates: Option<TlsCertificates>,
        timeout: Duration,
    ) -> Result<Self, BoxError> {
        let nodes = urls.iter().map(|url| info(url, timeout)).collect::<Result<Vec<_>, _>>()?;
        let client = ClusterClient::builder(nodes)
            .connection_timeout(timeout)
            .response_timeout(timeout)
            .retries(CLUSTER_RETRIES)
            .min_retry_wait(millis(SHORTEST_WAIT))
            .max_retry_wait(millis(LONGEST_WAIT))
            .tcp_settings(tcp_settings(timeout));
        let client = match certificates {
            Some(certificates) => client.certs(certificates),
            None => client,
        };
        let client = ClusterClientBuilder::build(client)?;
        let server = in_time(timeout, client.get_async_connection()).await?;
        Ok(Self { server: Server::Cluster(server), timeout })
    }

    /// Returns whether every key is on the same server.
    pub(super) fn is_one_server(&self) -> bool {
        match self.server {
            Server::Single(_) => true,
            Server::Cluster(_) => false,
        }
    }

    /// Sends one command, and waits for its answer no longer than the timeout.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, BoxError> {
        match &self.server {
            Server::Single(server) => in_time(self.timeout, server.ask(command)).await,
            Server::Cluster(server) => in_time(self.timeout, command.query_async(&mut server.clone())).await,
        }
    }
}

/// Applies one timeout to the whole. The clients have timeouts for each part of it.
async fn in_time<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, redis::RedisError>>,
) -> Result<T, BoxError> {
    match tokio::time::timeout(timeout, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(format!("no answer in {timeout:?}").into()),
    }
}

/// Uses RESP3. With RESP2 the client would learn that a connection was lost only from the next
/// command, which fails.
fn info(url: &str, timeout: Duration) -> Result<ConnectionInfo, redis::RedisError> {
    let info = url.into_connection_info()?.set_tcp_settings(tcp_settings(timeout));
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// Returns settings by which a dead connection, whose packets nobody acknowledges, is soon given up
/// and made anew.
fn tcp_settings(timeout: Duration) -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(2 * timeout);
    #[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
    let _ = timeout;
    settings
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Leaves out addresses, which may contain a password.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.server {
            Server::Single(_) => "Single",
            Server::Cluster(_) => "Cluster",
        })
    }
}
