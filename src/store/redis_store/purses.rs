use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::store::redis_store::RedisStore;
use crate::store::{Budget, Payment, PurseStore, Slot};

const NAME: &str = "purses";

/// Answers for each purse, up to the first that refuses: zero, or how long until a payment is there
/// again. It writes only when all of them pay.
///
/// A purse lives for a duration, not until an instant. So the clock of the node that runs this
/// can't drop it early. The skew is added, since the spender's clock may be ahead. Lua's numbers
/// are exact up to 2^53. Microseconds since 1970 reach that in the year 2255.
const SPEND: &str = "
local now, skew = tonumber(ARGV[1]), tonumber(ARGV[2])
local waits, keeps = {}, {}
local function keep(key, whole_at)
    local life = (whole_at - now + skew) / 1000
    redis.call('SET', key, string.format('%.0f', whole_at), 'PX', string.format('%.0f', life))
end
for place, key in ipairs(KEYS) do
    local interval, per = tonumber(ARGV[2 * place + 1]), tonumber(ARGV[2 * place + 2])
    local latest = now + per
    local bound = latest + skew
    local stored = tonumber(redis.call('GET', key) or '0')
    local next = math.max(math.min(stored, bound), now) + interval
    waits[place] = math.max(next - latest, 0)
    keeps[place] = next
    if waits[place] > 0 then
        if stored > bound then keep(key, bound) end
        return waits
    end
end
for place, key in ipairs(KEYS) do keep(key, keeps[place]) end
return waits
";

/// Gives one back. A purse that Redis dropped is whole.
const GIVE_BACK: &str = "
local stored = redis.call('GET', KEYS[1])
if stored then
    redis.call('SET', KEYS[1], string.format('%.0f', tonumber(stored) - tonumber(ARGV[1])), 'KEEPTTL')
end
";

#[async_trait]
impl PurseStore for RedisStore {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        let [payment] = self.spend_all([(purse, budget)], now).await?;
        Ok(payment)
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(GIVE_BACK).arg(1).arg(self.key(NAME, purse)).arg(budget.interval_micros());
        self.ask(NAME, &command).await
    }

    /// Runs one script on one server. In a cluster two keys may be on two nodes, so one is asked
    /// after the other.
    async fn spend_both(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        match self.0.connection.is_one_server() {
            true => self.spend_all(charges, now).await,
            false => self.spend_apart(charges, now).await,
        }
    }
}

impl RedisStore {
    /// Spends one from each purse, or from none.
    async fn spend_all<const N: usize>(
        &self,
        charges: [(Slot, Budget); N],
        now: SystemTime,
    ) -> Result<[Payment; N], StoreError> {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut command = redis::cmd("EVAL");
        command.arg(SPEND).arg(N);
        for (purse, _) in charges {
            command.arg(self.key(NAME, purse));
        }
        command.arg(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)).arg(Budget::SKEW_MICROS);
        for (_, budget) in charges {
            command.arg(budget.interval_micros()).arg(budget.per_micros());
        }
        let waits: Vec<u64> = self.ask(NAME, &command).await?;
        let mut waits = waits.into_iter();
        // A purse without an answer was not asked, because the one before refused.
        Ok(charges.map(|_| match waits.next() {
            None | Some(0) => Payment::Paid,
            Some(micros) => Payment::Refused { retry_after: Duration::from_micros(micros) },
        }))
    }

    async fn spend_apart(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        let [(first, of_first), (second, of_second)] = charges;
        let first_pays = self.spend(first, of_first, now).await?;
        if first_pays != Payment::Paid {
            return Ok([first_pays, Payment::Paid]);
        }
        let second_pays = self.spend(second, of_second, now).await?;
        if second_pays != Payment::Paid {
            self.give_back(first, of_first).await?;
        }
        Ok([first_pays, second_pays])
    }
}
