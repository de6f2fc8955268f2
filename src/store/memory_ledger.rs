use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::{Credential, Enrolment, EnrolmentId, Insertion, Opening, Stage, UserId};
use crate::store::parts::{decode_part, encode_part};
use crate::store::{Change, EnrolmentLedger, Transition};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// So many shards that two users seldom wait for each other.
const SHARDS: usize = 64;
/// How often a shard drops enrolments that are gone.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// The ledger of a site that runs in one process. Its capacity is a bound on the enrolments. When
/// it is full, it first forgets ended enrolments of any user, and then the oldest beside the new
/// one.
pub struct MemoryLedger {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    capacity: u64,
    held: AtomicU64,
    forgotten: Box<Forgotten>,
}

/// Hears of an outstanding enrolment that was dropped.
type Forgotten = dyn Fn(&UserId, &EnrolmentId) + Send + Sync;

/// The user is part of the key: the same id under another user is another enrolment, whichever
/// shard it is in.
type Key = (UserId, EnrolmentId);

/// The enrolments of some users.
#[derive(Default)]
struct Shard {
    enrolments: HashMap<Key, Held>,
    of_user: HashMap<UserId, Vec<EnrolmentId>>,
    swept_at: Option<SystemTime>,
}

/// An enrolment without its key. Its credential is kept as bytes, which take half the room.
#[derive(Clone)]
struct Held {
    stage: Stage,
    created_at: SystemTime,
    expires_at: SystemTime,
    gone_at: SystemTime,
    session: Option<[u8; 32]>,
    opening: Option<Arc<Opening>>,
    credential: Option<Arc<[u8]>>,
    attempts_left: Option<u8>,
}

impl MemoryLedger {
    /// Creates a ledger of at most about `capacity` enrolments.
    pub fn new(capacity: u64) -> Self {
        Self::with_listener(capacity, |_, _| {})
    }

    /// Creates the same ledger, and tells the closure which outstanding enrolment it dropped
    /// because it was full.
    pub(crate) fn with_listener(
        capacity: u64,
        forgotten: impl Fn(&UserId, &EnrolmentId) + Send + Sync + 'static,
    ) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            capacity,
            held: AtomicU64::new(0),
            forgotten: Box::new(forgotten),
        }
    }

    fn shard(&self, user: &UserId) -> MutexGuard<'_, Shard> {
        // The remainder of a power of two keeps the bits that matter.
        let index = self.hasher.hash_one(user) as usize % SHARDS;
        // No code under these locks panics.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room in a full ledger. Returns an outstanding enrolment that it had to drop.
    fn make_room(&self, own: &mut Shard, now: SystemTime) -> Option<Key> {
        // A locked shard is skipped, so nobody waits for two locks.
        let others = self.shards.iter().filter_map(|shard| shard.try_lock().ok());
        let dropped = match own.drop_ended(now) {
            0 => others.map(|mut shard| shard.drop_ended(now)).find(|dropped| *dropped > 0),
            dropped => Some(dropped),
        };
        self.note_dropped(dropped.unwrap_or(0));
        if dropped.is_some() {
            return None;
        }
        let oldest = own.drop_oldest();
        self.note_dropped(oldest.iter().len());
        oldest
    }

    fn note_dropped(&self, dropped: usize) {
        self.held.fetch_sub(dropped as u64, Ordering::AcqRel);
    }
}

impl Shard {
    /// Drops enrolments that are gone, if that was not done lately. Returns how many there were.
    fn sweep(&mut self, now: SystemTime) -> usize {
        let is_due = self.swept_at.is_none_or(|at| at + SWEPT_EVERY <= now || now < at);
        if !is_due {
            return 0;
        }
        self.swept_at = Some(now);
        self.retain(|held| now < held.gone_at)
    }

    /// Drops an eighth of the ended enrolments, the oldest first. Returns how many there were.
    fn drop_ended(&mut self, now: SystemTime) -> usize {
        let ended = self.enrolments.values().filter(|held| !held.is_live(now));
        let mut ended: Vec<_> = ended.map(|held| held.gone_at).collect();
        ended.sort_unstable();
        let Some(last) = ended.len().checked_sub(1).map(|most| ended[most / 8]) else { return 0 };
        self.retain(|held| held.is_live(now) || held.gone_at > last)
    }

    /// Drops the oldest enrolment that may still add a credential.
    fn drop_oldest(&mut self) -> Option<Key> {
        let oldest = self.enrolments.iter().min_by_key(|(_, held)| held.gone_at)?.0.clone();
        self.enrolments.remove(&oldest);
        self.retain(|_| true);
        Some(oldest)
    }

    fn retain(&mut self, keep: impl Fn(&Held) -> bool) -> usize {
        let before = self.enrolments.len();
        self.enrolments.retain(|_, held| keep(held));
        self.of_user.retain(|user, ids| {
            ids.retain(|id| self.enrolments.contains_key(&(user.clone(), id.clone())));
            !ids.is_empty()
        });
        before - self.enrolments.len()
    }
}

impl Held {
    fn new(enrolment: Enrolment) -> Result<(Key, Self), StoreError> {
        let Enrolment { stage, created_at, expires_at, gone_at, session, opening, attempts_left, .. } =
            enrolment;
        let credential = bytes(enrolment.credential.as_deref())?;
        let held =
            Self { stage, created_at, expires_at, gone_at, session, opening, credential, attempts_left };
        Ok(((enrolment.user, enrolment.id), held))
    }

    /// Applies a change, whose credential was written before.
    fn change(&mut self, change: &Change, credential: Option<Arc<[u8]>>) {
        self.stage = change.stage;
        self.gone_at = change.gone_at;
        self.expires_at = change.expires_at.unwrap_or(self.expires_at);
        self.opening = change.opening.clone().or(self.opening.take());
        self.credential = credential.or(self.credential.take());
        self.attempts_left = change.attempts_left.or(self.attempts_left);
    }

    /// Returns whether it may still add a credential.
    fn is_live(&self, now: SystemTime) -> bool {
        self.stage.is_outstanding() && now < self.expires_at
    }

    fn read(self, key: Key) -> Result<Enrolment, StoreError> {
        let credential = self.credential.as_deref().map(decode_part).transpose()?;
        Ok(self.with(key, credential.map(Arc::new)))
    }

    /// Returns the enrolment, with its credential if the caller has it already.
    fn with(self, (user, id): Key, credential: Option<Arc<Credential>>) -> Enrolment {
        let mut enrolment = Enrolment::new(id, user, self.created_at, self.expires_at);
        enrolment.stage = self.stage;
        enrolment.gone_at = self.gone_at;
        enrolment.session = self.session;
        enrolment.opening = self.opening;
        enrolment.credential = credential;
        enrolment.attempts_left = self.attempts_left;
        enrolment
    }
}

fn bytes(credential: Option<&Credential>) -> Result<Option<Arc<[u8]>>, StoreError> {
    Ok(credential.map(encode_part).transpose()?.map(Into::into))
}

/// Credentials are written and read outside of the locks.
#[async_trait]
impl EnrolmentLedger for MemoryLedger {
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError> {
        let now = enrolment.created_at;
        let (key, held) = Held::new(enrolment)?;
        let mut shard = self.shard(&key.0);
        let swept = shard.sweep(now);
        self.note_dropped(swept);
        let forgotten = match self.held.load(Ordering::Acquire) >= self.capacity {
            true => self.make_room(&mut shard, now),
            false => None,
        };
        let Shard { enrolments, of_user, .. } = &mut *shard;
        let inserted = match enrolments.entry(key) {
            Entry::Occupied(_) => Insertion::Duplicate,
            Entry::Vacant(vacant) => {
                let (user, id) = vacant.key().clone();
                of_user.entry(user).or_default().push(id);
                vacant.insert(held);
                self.held.fetch_add(1, Ordering::AcqRel);
                Insertion::Created
            }
        };
        // The listener belongs to the host, which may ask this ledger.
        drop(shard);
        if let Some((user, id)) = &forgotten {
            (self.forgotten)(user, id);
        }
        Ok(inserted)
    }

    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError> {
        let credential = bytes(change.credential.as_deref())?;
        let key = (user.clone(), id.clone());
        let (is_made, held) = match self.shard(user).enrolments.get_mut(&key) {
            Some(held) if from.contains(&held.stage) => {
                held.change(&change, credential);
                (true, held.clone())
            }
            Some(held) => (false, held.clone()),
            None => return Ok(Transition::Missing),
        };
        Ok(match (is_made, change.credential) {
            (true, Some(credential)) => Transition::Made(held.with(key, Some(credential))),
            (true, None) => Transition::Made(held.read(key)?),
            (false, _) => Transition::Elsewhere(held.read(key)?),
        })
    }

    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
        let key = (user.clone(), id.clone());
        let held = self.shard(user).enrolments.get(&key).cloned();
        held.map(|held| held.read(key)).transpose()
    }

    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError> {
        let shard = self.shard(user);
        let keys = shard.of_user.get(user).into_iter().flatten().map(|id| (user.clone(), id.clone()));
        let all = keys.filter_map(|key| shard.enrolments.get(&key).cloned().map(|held| (key, held)));
        let mut newest: Vec<_> = all.filter(|(_, held)| now < held.gone_at).collect();
        drop(shard);
        // At the same instant, the one that was entered last comes first.
        newest.reverse();
        newest.sort_by_key(|(_, held)| Reverse(held.created_at));
        newest.truncate(Enrolment::MOST_LISTED);
        newest.into_iter().map(|(key, held)| held.read(key)).collect()
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").field("held", &self.held).finish_non_exhaustive()
    }
}
