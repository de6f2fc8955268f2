use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use redis::{ClientTlsConfig, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};

use crate::error::{BoxError, StoreError};
use crate::store::redis_store::connection::Connection;
use crate::store::redis_store::{ENGINE, RedisStore};

const LONGEST_PREFIX: usize = 64;
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);

/// The settings for the connection to Redis.
#[must_use]
pub struct RedisStoreBuilder {
    servers: Servers,
    prefix: String,
    timeout: Duration,
    root_certificates: Option<Vec<u8>>,
    client_certificate: Option<ClientTlsConfig>,
}

enum Servers {
    Single(String),
    Cluster(Vec<String>),
}

impl Servers {
    fn speak_tls(&self) -> bool {
        let is_tls = |url: &String| ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
        match self {
            Self::Single(url) => is_tls(url),
            Self::Cluster(urls) => urls.iter().any(is_tls),
        }
    }
}

impl RedisStoreBuilder {
    pub(super) fn single(url: String) -> Self {
        Self::new(Servers::Single(url))
    }

    pub(super) fn cluster(urls: Vec<String>) -> Self {
        Self::new(Servers::Cluster(urls))
    }

    fn new(servers: Servers) -> Self {
        Self {
            servers,
            prefix: "credential-code:".to_owned(),
            timeout: Duration::from_secs(1),
            root_certificates: None,
            client_certificate: None,
        }
    }

    /// Sets the beginning of every key: at most 64 letters, digits and `:._-`. Default:
    /// `credential-code:`. Flows that share a server, but must not share codes, need different
    /// prefixes.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long to wait for a connection, and for an answer, before it counts as a failure.
    /// The range is a millisecond to a minute. Default: one second.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the authorities that may sign a server's certificate, in PEM. Default: those of the
    /// system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Sets the certificate that a server asks of its clients, and its key, in PEM. Default: none.
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let (client_cert, client_key) = (certificate.into(), key.into());
        self.client_certificate = Some(ClientTlsConfig { client_cert, client_key });
        self
    }

    /// Connects, and asks for the time. After that, a lost connection comes back automatically.
    ///
    /// rustls implements TLS. If the process has not installed a crypto provider for it, ring is
    /// installed.
    pub async fn connect(self) -> Result<RedisStore, StoreError> {
        let prefix = self.checked_prefix().map_err(failure)?;
        if !TIMEOUTS.contains(&self.timeout) {
            return Err(failure("a timeout is a millisecond to a minute"));
        }
        let is_tls = self.servers.speak_tls();
        if is_tls && CryptoProvider::get_default().is_none() {
            // Without a provider, rustls would panic if the build has two. If another thread
            // installs one first, that is fine.
            let _ = ring::default_provider().install_default();
        }
        let certificates =
            TlsCertificates { client_tls: self.client_certificate, root_cert: self.root_certificates };
        let certificates = match (&certificates.client_tls, &certificates.root_cert) {
            (None, None) => None,
            (_, _) if !is_tls => return Err(failure("certificates are for `rediss://`")),
            (_, _) => Some(certificates),
        };
        let connection = match &self.servers {
            Servers::Single(url) => Connection::single(url, certificates, self.timeout).await,
            Servers::Cluster(urls) => Connection::cluster(urls, certificates, self.timeout).await,
        };
        RedisStore::start(connection.map_err(failure)?, prefix).await
    }

    /// Braces are forbidden: they would put all keys into one slot of a cluster. So are blanks and
    /// wildcards, which people would have to escape.
    fn checked_prefix(&self) -> Result<Box<str>, &'static str> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
        match self.prefix.len() <= LONGEST_PREFIX && self.prefix.bytes().all(is_plain) {
            true => Ok(self.prefix.as_str().into()),
            false => Err("a prefix has at most 64 letters, digits and `:._-`"),
        }
    }
}

fn failure(error: impl Into<BoxError>) -> StoreError {
    StoreError::new(ENGINE, error)
}

/// Leaves out addresses, which may contain a password.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
