//! One-time records, enrolments and purses on Redis, or on Valkey: version 6.2 or later, single or
//! as a cluster, with TLS.
//!
//! Each verb is one command over one key:
//!
//! ```text
//! insert      SET key value NX PXAT …      key = prefix + Record::NAME + ':' + slot in base64url
//! take        GETDEL key
//! spend       EVAL … 1 key                 key = prefix + 'purses:' + slot in base64url
//! give_back   EVAL … 1 key
//! enter       EVAL … 1 key                 key = prefix + 'enrolments:' + owner in base64url
//! advance     EVAL … 1 key
//! find        HMGET key …
//! enrolments  HGETALL key
//! ```
//!
//! 1. **One winner.** Redis runs commands one after the other, and `GETDEL` is one.
//! 2. **One clock.** The store tells the time of Redis ([`SharedStore::clock`]). A site uses it,
//!    unless it has a clock of its own. The store asks for the time when it connects, and every
//!    half minute after that. Redis itself drops a record five seconds after its expiry. If a site
//!    has a clock of its own that is late, it brings back nothing that expired earlier.
//! 3. **Bounded.** A command without an answer in [time](RedisStoreBuilder::timeout) is a
//!    [`StoreError`], whatever the connection does. No verb is sent twice to a single server: a
//!    `GETDEL` whose answer was lost has spent its record.
//! 4. **Nothing to purge.** Every key expires automatically.
//!
//! The way in which Redis runs decides what survives which fault: see
//! [`manual::redis`](crate::manual::redis). It needs a tokio runtime.
//!
//! ```no_run
//! use credential_code::store::{RedisStore, SlotKey, SlotKeys};
//! use credential_code::Storage;
//!
//! # async fn example(hex: &str) -> Result<Storage, Box<dyn std::error::Error>> {
//! let redis = RedisStore::at("rediss://:password@redis.example.com/").connect().await?;
//! let key = SlotKey::from_hex(hex)?;
//! let storage = Storage::shared(redis, SlotKeys::new(&key, &[]));
//! # Ok(storage)
//! # }
//! ```

mod builder;
mod connection;
mod ledger;
mod purses;
mod single;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use redis::Cmd;

pub use self::builder::RedisStoreBuilder;
use self::connection::Connection;
use crate::clock::Clock;
use crate::encoding::base64url;
use crate::error::{BoxError, StoreError};
use crate::model::Insertion;
use crate::store::kept_clock::KeptClock;
use crate::store::{EngineClock, OneTimeStore, Record, SharedStore, Slot, codec};

/// How long Redis keeps expired records, for clocks that are late and commands that are under way.
const SLACK: Duration = Duration::from_secs(5);

/// The name under which errors are reported.
const ENGINE: &str = "redis";

/// A store of every record, of enrolments and of purses, on Redis or Valkey. It is cheap to clone.
/// Create it with [`RedisStore::at`] or [`RedisStore::cluster_at`].
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    connection: Connection,
    prefix: Box<str>,
    clock: Arc<KeptClock>,
}

impl RedisStore {
    /// Connects to one server by its URL, with default settings. To change them, use
    /// [`at`](Self::at).
    pub async fn connect(url: impl Into<String>) -> Result<Self, StoreError> {
        Self::at(url).connect().await
    }

    /// Creates a store on one server: `redis://[user:password@]host[:port][/database]`,
    /// `rediss://…` for TLS, or `unix:///path`.
    pub fn at(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::single(url.into())
    }

    /// Creates a store on a cluster. The URLs have the same form, and name some of its nodes.
    pub fn cluster_at<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisStoreBuilder {
        RedisStoreBuilder::cluster(urls.into_iter().map(Into::into).collect())
    }

    async fn start(connection: Connection, prefix: Box<str>) -> Result<Self, StoreError> {
        let clock_key = format!("{prefix}clock");
        let clock = EngineClock::new(ENGINE, time(&connection, &clock_key)).await?;
        let asked = (connection.clone(), clock_key);
        let clock = KeptClock::start(clock, move |clock| {
            let (connection, key) = asked.clone();
            async move { clock.ask(time(&connection, &key)).await }
        });
        Ok(Self(Arc::new(Inner { connection, prefix, clock: Arc::new(clock) })))
    }

    fn key(&self, name: &str, slot: Slot) -> String {
        format!("{}{name}:{}", self.0.prefix, base64url::encode(slot.as_bytes()))
    }

    async fn ask<T: redis::FromRedisValue>(
        &self,
        store: &'static str,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.0.connection.ask(command).await.map_err(|error| StoreError::new(store, error))
    }
}

/// Asks for the time, with a script over a key. In a cluster, the key tells the command where to
/// go.
async fn time(connection: &Connection, key: &str) -> Result<SystemTime, BoxError> {
    let command = redis::cmd("EVAL").arg("return redis.call('TIME')").arg(1).arg(key).to_owned();
    let (seconds, micros): (u64, u32) = connection.ask(&command).await?;
    Ok(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros.into()))
}

/// Returns when Redis may drop a value that is worthless from `time` on, in milliseconds since the
/// epoch.
fn dropped_at(time: SystemTime) -> i64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_add(SLACK);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

impl SharedStore for RedisStore {
    fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for RedisStore {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let mut command = redis::cmd("SET");
        command.arg(self.key(R::NAME, slot)).arg(codec::encode(&record)?);
        command.arg("NX").arg("PXAT").arg(dropped_at(record.expires_at()));
        let created: Option<redis::Value> = self.ask(R::NAME, &command).await?;
        Ok(if created.is_some() { Insertion::Created } else { Insertion::Duplicate })
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let command = redis::cmd("GETDEL").arg(self.key(R::NAME, slot)).to_owned();
        let Some(bytes) = self.ask::<Option<Vec<u8>>>(R::NAME, &command).await? else { return Ok(None) };
        let record: R = codec::decode(&bytes)?;
        Ok(Some(record).filter(|record| now < record.expires_at()))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("connection", &self.connection)
            .field("prefix", &self.prefix)
            .field("time", &self.clock.now())
            .finish()
    }
}
