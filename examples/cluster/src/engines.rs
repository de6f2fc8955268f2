use credential_code::error::BoxError;

use crate::options::Urls;
use crate::servers::postgres::Postgres;
use crate::servers::redis::Redis;

/// Redis writes each command to its disk before it answers. So a code that was handed out outlives
/// a crash, and a code that was spent stays spent.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// PostgreSQL and Redis: either servers that somebody else runs, or our own, which end with this
/// value.
#[derive(Debug)]
pub(crate) struct Engines {
    pub(crate) postgres_url: String,
    pub(crate) redis_url: String,
    _own: Option<(Postgres, Redis)>,
}

impl Engines {
    pub(crate) fn start(named: Option<Urls>) -> Result<Self, BoxError> {
        if let Some(Urls { postgres, redis }) = named {
            return Ok(Self { postgres_url: postgres, redis_url: redis, _own: None });
        }
        let missing = "install PostgreSQL and Redis, or name yours: --postgres URL --redis URL";
        let (postgres, redis) = Postgres::start().zip(Redis::start_with(&DURABLE)).ok_or(missing)?;
        let (postgres_url, redis_url) = (postgres.url(), redis.url().to_owned());
        Ok(Self { postgres_url, redis_url, _own: Some((postgres, redis)) })
    }
}
