use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::store::redis_store::RedisStore;
use crate::store::{Budget, Payment, PurseStore, Slot};

const NAME: &str = "purses";

/// Answers zero, or when there is one again. A purse lives for a time, not until one, so that the clock of the node that
/// runs this can't drop it early, and for the skew longer, since the spender's may be ahead. Lua's numbers are exact up to 2^53, which microseconds since 1970 reach in the year 2255.
const SPEND: &str = "
local now, interval, per, skew = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local latest = now + per
local bound = latest + skew
local stored = tonumber(redis.call('GET', KEYS[1]) or '0')
local next = math.max(math.min(stored, bound), now) + interval
local keep = nil
if next <= latest then keep = next elseif stored > bound then keep = bound end
if keep then
    local life = (keep - now + skew) / 1000
    redis.call('SET', KEYS[1], string.format('%.0f', keep), 'PX', string.format('%.0f', life))
end
return math.max(next - latest, 0)
";

/// A purse that Redis dropped is whole.
const GIVE_BACK: &str = "
local stored = redis.call('GET', KEYS[1])
if stored then
    redis.call('SET', KEYS[1], string.format('%.0f', tonumber(stored) - tonumber(ARGV[1])), 'KEEPTTL')
end
";

#[async_trait]
impl PurseStore for RedisStore {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut command = redis::cmd("EVAL");
        command.arg(SPEND).arg(1).arg(self.key(NAME, purse));
        command.arg(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX));
        command.arg(budget.interval_micros()).arg(budget.per_micros());
        command.arg(Budget::SKEW_MICROS);
        match self.ask(NAME, &command).await? {
            0_u64 => Ok(Payment::Paid),
            micros => Ok(Payment::Refused { retry_after: Duration::from_micros(micros) }),
        }
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(GIVE_BACK).arg(1).arg(self.key(NAME, purse)).arg(budget.interval_micros());
        self.ask(NAME, &command).await
    }
}
