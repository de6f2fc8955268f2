use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use redis::Cmd;

use crate::error::{BoxError, StoreError};
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage};
use crate::store::parts::ENROLMENTS;
use crate::store::redis_store::{RedisStore, SLACK, dropped_at};
use crate::store::{Entry, EntryChange, SharedLedger, Slot, Transition};

/// How often the script that enters looks for enrolments that are gone.
const PRUNED_EVERY: Duration = Duration::from_secs(60);

/// The fields of an enrolment, in the order in which they are asked for. They are its stage, when
/// the stage expires, when it is gone, and how many attempts are left. Then come when it began, its
/// session, its opening and its credential. The last three are sealed.
const FIELDS: [&str; 8] = ["s", "e", "g", "a", "b", "n", "o", "c"];

type Fields = [Option<Vec<u8>>; FIELDS.len()];

/// Enters a new enrolment, and from time to time drops enrolments that are gone. The key lives as
/// long as the enrolment that is gone last. `x` holds when Redis drops the key, `p` when it was
/// pruned last.
///
/// The first arguments are the id, now, the slack and the pause between two prunes in microseconds.
/// Then come the time when the key may be dropped, in milliseconds, and the fields. Lua's numbers
/// are exact up to 2^53. Microseconds since 1970 reach that in the year 2255.
const ENTER: &str = "
local key, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
if redis.call('HEXISTS', key, 's:' .. id) == 1 then return 0 end
local pruned = tonumber(redis.call('HGET', key, 'p') or '0')
if now < pruned or pruned + tonumber(ARGV[4]) <= now then
    local fields = redis.call('HGETALL', key)
    for index = 1, #fields, 2 do
        local gone = fields[index]:match('^g:(.*)$')
        if gone and tonumber(fields[index + 1]) + tonumber(ARGV[3]) <= now then
            redis.call('HDEL', key, 's:' .. gone, 'e:' .. gone, 'g:' .. gone, 'a:' .. gone,
                'b:' .. gone, 'n:' .. gone, 'o:' .. gone, 'c:' .. gone)
        end
    end
    redis.call('HSET', key, 'p', ARGV[2])
end
for index = 6, #ARGV, 2 do
    redis.call('HSET', key, ARGV[index] .. ':' .. id, ARGV[index + 1])
end
local dropped = math.max(tonumber(redis.call('HGET', key, 'x') or '0'), tonumber(ARGV[5]))
dropped = string.format('%.0f', dropped)
redis.call('HSET', key, 'x', dropped)
redis.call('PEXPIREAT', key, dropped)
return 1
";

/// Changes an enrolment if it is at one of the stages. Answers whether it was, with its new state.
/// The arguments are the id, the stages between blanks, when the key may be dropped in
/// milliseconds, and then the fields. A full Redis refuses a script's first write if that may take
/// memory. So the expiry comes first, and people can end what they began even on a full Redis.
const ADVANCE: &str = "
local key, id = KEYS[1], ARGV[1]
local stage = redis.call('HGET', key, 's:' .. id)
if not stage then return false end
local won = string.find(ARGV[2], ' ' .. stage .. ' ', 1, true)
if won then
    local dropped = math.max(tonumber(redis.call('HGET', key, 'x') or '0'), tonumber(ARGV[3]))
    dropped = string.format('%.0f', dropped)
    redis.call('PEXPIREAT', key, dropped)
    redis.call('HSET', key, 'x', dropped)
    for index = 4, #ARGV, 2 do
        redis.call('HSET', key, ARGV[index] .. ':' .. id, ARGV[index + 1])
    end
end
local fields = redis.call('HMGET', key, 's:' .. id, 'e:' .. id, 'g:' .. id, 'a:' .. id,
    'b:' .. id, 'n:' .. id, 'o:' .. id, 'c:' .. id)
return {won and 1 or 0, fields}
";

#[async_trait]
impl SharedLedger for RedisStore {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(ENTER).arg(1).arg(self.enrolments_key(entry.owner)).arg(entry.id.as_str());
        command.arg(micros(entry.created_at)).arg(whole(SLACK)).arg(whole(PRUNED_EVERY));
        command.arg(dropped_at(entry.gone_at));
        command.arg("b").arg(micros(entry.created_at));
        if let Some(session) = entry.session.as_deref() {
            command.arg("n").arg(session);
        }
        let Entry { stage, gone_at, expires_at, opening, credential, attempts_left, .. } = entry;
        let expires_at = Some(expires_at);
        add_fields(
            &mut command,
            &EntryChange { stage, gone_at, expires_at, opening, credential, attempts_left },
        );
        match self.ask(ENROLMENTS, &command).await? {
            0_u8 => Ok(Insertion::Duplicate),
            _ => Ok(Insertion::Created),
        }
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(ADVANCE).arg(1).arg(self.enrolments_key(owner)).arg(id.as_str());
        command.arg(Stage::listed(from)).arg(dropped_at(change.gone_at));
        add_fields(&mut command, &change);
        let answer: Option<(u8, Fields)> = self.ask(ENROLMENTS, &command).await?;
        let Some((won, fields)) = answer else { return Ok(Transition::Missing) };
        Ok(match (won, read(owner, id.clone(), fields)?) {
            (_, None) => Transition::Missing,
            (0, Some(entry)) => Transition::Elsewhere(entry),
            (_, Some(entry)) => Transition::Made(entry),
        })
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.enrolments_key(owner));
        command.arg(&FIELDS.map(|field| format!("{field}:{id}")));
        read(owner, id.clone(), self.ask(ENROLMENTS, &command).await?)
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        let command = redis::cmd("HGETALL").arg(self.enrolments_key(owner)).to_owned();
        let all: HashMap<String, Vec<u8>> = self.ask(ENROLMENTS, &command).await?;
        let mut by_id: HashMap<String, Fields> = HashMap::new();
        for (name, value) in all {
            let Some((field, id)) = name.split_once(':') else { continue };
            let Some(place) = FIELDS.iter().position(|known| *known == field) else { continue };
            by_id.entry(id.to_owned()).or_default()[place] = Some(value);
        }
        let mut entries = Vec::new();
        for (id, fields) in by_id {
            let id = EnrolmentId::new(id).map_err(unreadable)?;
            entries.extend(read(owner, id, fields)?.filter(|entry| now < entry.gone_at));
        }
        entries.sort_unstable_by(|one, other| {
            other.created_at.cmp(&one.created_at).then_with(|| one.id.cmp(&other.id))
        });
        entries.truncate(Enrolment::MOST_LISTED);
        Ok(entries)
    }
}

impl RedisStore {
    /// Returns the one key for all enrolments of an owner. No command uses two keys, so a cluster
    /// may spread owners.
    fn enrolments_key(&self, owner: Slot) -> String {
        self.key(ENROLMENTS, owner)
    }
}

/// Adds the fields that a change sets.
fn add_fields(command: &mut Cmd, change: &EntryChange) {
    command.arg("s").arg(change.stage.as_str()).arg("g").arg(micros(change.gone_at));
    if let Some(expires_at) = change.expires_at {
        command.arg("e").arg(micros(expires_at));
    }
    if let Some(attempts_left) = change.attempts_left {
        command.arg("a").arg(attempts_left);
    }
    if let Some(opening) = change.opening.as_deref() {
        command.arg("o").arg(opening);
    }
    if let Some(credential) = change.credential.as_deref() {
        command.arg("c").arg(credential);
    }
}

/// Reads an entry. If it has no stage, there is none.
fn read(owner: Slot, id: EnrolmentId, fields: Fields) -> Result<Option<Entry>, StoreError> {
    let [Some(stage), rest @ ..] = fields else { return Ok(None) };
    parse(owner, id, &stage, rest).map(Some).map_err(unreadable)
}

fn parse(
    owner: Slot,
    id: EnrolmentId,
    stage: &[u8],
    [expires_at, gone_at, attempts_left, created_at, session, opening, credential]: [Option<Vec<u8>>; 7],
) -> Result<Entry, BoxError> {
    let created_at = time(&created_at.ok_or("it does not say when it began")?)?;
    let expires_at = time(&expires_at.ok_or("it does not say when it expires")?)?;
    let gone_at = time(&gone_at.ok_or("it does not say when it is gone")?)?;
    let mut entry = Entry::new(owner, id, created_at, expires_at, gone_at);
    entry.stage = str::from_utf8(stage)?.parse()?;
    (entry.session, entry.opening) = (session.map(Into::into), opening.map(Into::into));
    entry.credential = credential.map(Into::into);
    if let Some(attempts_left) = attempts_left {
        entry.attempts_left = Some(str::from_utf8(&attempts_left)?.parse()?);
    }
    Ok(entry)
}

fn unreadable(error: impl Into<BoxError>) -> StoreError {
    StoreError::unreadable(ENROLMENTS, error)
}

fn micros(time: SystemTime) -> u64 {
    whole(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn time(micros: &[u8]) -> Result<SystemTime, BoxError> {
    let since = Duration::from_micros(str::from_utf8(micros)?.parse()?);
    Ok(UNIX_EPOCH.checked_add(since).ok_or("it is of a time that there is not")?)
}
