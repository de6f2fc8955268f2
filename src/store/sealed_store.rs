use std::cmp::Reverse;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use crate::store::parts::Part;
use crate::store::seal::Seals;
use crate::store::{
    Change, ClearRecord, EnrolmentLedger, Entry, EntryChange, OneTimeStore, Sealed, SharedLedger, Slot,
    SlotKeys, SlotLabel, Transition,
};

/// A shared store as a site uses it. Everything is sealed on its way in and opened on its way out.
/// So the store below can neither read, alter nor move it.
///
/// A [`Storage`](crate::Storage) creates one automatically. It is public for the conformance
/// suites:
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> Result<(), credential_code::error::BoxError> {
/// use credential_code::store::{SealedStore, SlotKey, SlotKeys, SqlStore};
/// use credential_code::testing::ledger_contract;
///
/// let store = SqlStore::open_sqlite("credentials.db").await?;
/// let keys = SlotKeys::new(&SlotKey::generate()?, &[]);
/// ledger_contract(&SealedStore::new(store, keys)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SealedStore<S> {
    store: S,
    keys: SlotKeys,
    seals: Seals,
}

impl<S> SealedStore<S> {
    /// Creates a store that seals under the newest key of a ring, and opens under each.
    pub fn new(store: S, keys: SlotKeys) -> Self {
        let seals = Seals::new(&keys);
        Self { store, keys, seals }
    }
}

#[async_trait]
impl<R: ClearRecord, S: OneTimeStore<Sealed<R>>> OneTimeStore<R> for SealedStore<S> {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.store.insert(slot, Sealed::seal(&self.seals, slot, &record)?).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let sealed = self.store.take(slot, now).await?;
        Ok(sealed.map(|sealed| sealed.open(&self.seals, slot)).transpose()?)
    }
}

/// An owner's enrolments may be under each key of the ring.
#[async_trait]
impl<S: SharedLedger> EnrolmentLedger for SealedStore<S> {
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError> {
        let owner = self.keys.newest(SlotLabel::Owner, enrolment.user.as_str().as_bytes());
        let Enrolment { id, created_at, expires_at, gone_at, .. } = enrolment;
        let parts = PartsOf { seals: &self.seals, owner, id: &id };
        let session = parts.seal(enrolment.session.as_ref())?;
        let opening = parts.seal(enrolment.opening.as_deref())?;
        let credential = parts.seal(enrolment.credential.as_deref())?;
        let mut entry = Entry::new(owner, id, created_at, expires_at, gone_at);
        entry.stage = enrolment.stage;
        entry.attempts_left = enrolment.attempts_left;
        (entry.session, entry.opening, entry.credential) = (session, opening, credential);
        self.store.enter(entry).await
    }

    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError> {
        for owner in self.owners(user) {
            let parts = PartsOf { seals: &self.seals, owner, id };
            let sealed = EntryChange {
                stage: change.stage,
                gone_at: change.gone_at,
                expires_at: change.expires_at,
                attempts_left: change.attempts_left,
                opening: parts.seal(change.opening.as_deref())?,
                credential: parts.seal(change.credential.as_deref())?,
            };
            match self.store.advance(owner, id, from, sealed).await? {
                Transition::Made(entry) => return Ok(Transition::Made(self.open(user, entry)?)),
                Transition::Elsewhere(entry) => return Ok(Transition::Elsewhere(self.open(user, entry)?)),
                Transition::Missing => {}
            }
        }
        Ok(Transition::Missing)
    }

    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
        for owner in self.owners(user) {
            if let Some(entry) = self.store.find(owner, id).await? {
                return self.open(user, entry).map(Some);
            }
        }
        Ok(None)
    }

    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError> {
        let mut all = Vec::new();
        for owner in self.owners(user) {
            for entry in self.store.entries(owner, now).await? {
                all.push(self.open(user, entry)?);
            }
        }
        all.sort_by_key(|enrolment| Reverse(enrolment.created_at));
        all.truncate(Enrolment::MOST_LISTED);
        Ok(all)
    }
}

impl<S> SealedStore<S> {
    /// Returns the slots where enrolments of a user may be, the newest key's first.
    fn owners(&self, user: &UserId) -> impl Iterator<Item = Slot> {
        self.keys.all(SlotLabel::Owner, user.as_str().as_bytes())
    }

    fn open(&self, user: &UserId, entry: Entry) -> Result<Enrolment, StoreError> {
        let Entry { owner, id, stage, created_at, expires_at, gone_at, attempts_left, .. } = entry;
        let parts = PartsOf { seals: &self.seals, owner, id: &id };
        let session = parts.open(entry.session.as_deref())?;
        let opening = parts.open(entry.opening.as_deref())?.map(Arc::new);
        let credential = parts.open(entry.credential.as_deref())?.map(Arc::new);
        let enrolment = Enrolment::new(id, user.clone(), created_at, expires_at);
        Ok(Enrolment { stage, gone_at, session, opening, credential, attempts_left, ..enrolment })
    }
}

/// The sealed parts of one enrolment.
struct PartsOf<'a> {
    seals: &'a Seals,
    owner: Slot,
    id: &'a EnrolmentId,
}

impl PartsOf<'_> {
    fn seal<P: Part>(&self, part: Option<&P>) -> Result<Option<Arc<[u8]>>, StoreError> {
        let sealed = part.map(|part| self.seals.seal_part(self.owner, self.id, part)).transpose()?;
        Ok(sealed.map(Into::into))
    }

    fn open<P: Part>(&self, part: Option<&[u8]>) -> Result<Option<P>, StoreError> {
        Ok(part.map(|sealed| self.seals.open_part(self.owner, self.id, sealed)).transpose()?)
    }
}
