//! Run: SLOT_KEY=$(openssl rand -hex 32) cargo run -p custom_store
//!
//! Your own store, ledger and repository: the conformance suites check them, and a flow uses them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use credential_code::clock::{Clock, SystemClock};
use credential_code::code::{ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::error::{BoxError, StoreError};
use credential_code::host::{Addition, Caller, CredentialRepository, async_trait};
use credential_code::model::{
    Credential, CredentialKind, Enrolment, EnrolmentId, Insertion, NewCredential, Stage, User, UserId,
};
use credential_code::store::{
    CodeGrant, Entry, EntryChange, OneTimeStore, PendingAction, PendingApproval, PendingRegistration, Record,
    SealedStore, SharedLedger, SharedStore, Slot, SlotKey, SlotKeys, Transition, UserAction, codec,
};
use credential_code::testing::{
    KeyClient, MemoryHost, SIGNING, ledger_contract, repository_contract, store_contract,
};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site, Storage};

/// Records as bytes, and enrolments: both sealed by the site. The lock makes each verb one step. In
/// SQL `take` is `DELETE … RETURNING`, and `advance` is `UPDATE … WHERE stage IN (…) RETURNING`.
#[derive(Debug, Default)]
struct Table {
    records: Mutex<HashMap<(&'static str, Slot), Vec<u8>>>,
    enrolments: Mutex<HashMap<(Slot, EnrolmentId), Entry>>,
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Table {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        Ok(insert_new(&self.records, (R::NAME, slot), codec::encode(&record)?))
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let taken = self.records.lock().unwrap_or_else(PoisonError::into_inner).remove(&(R::NAME, slot));
        let record: Option<R> = taken.map(|bytes| codec::decode(&bytes)).transpose()?;
        Ok(record.filter(|record| now < record.expires_at()))
    }
}

#[async_trait]
impl SharedLedger for Table {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        Ok(insert_new(&self.enrolments, (entry.owner, entry.id.clone()), entry))
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        let mut rows = self.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match rows.get_mut(&(owner, id.clone())) {
            Some(entry) if from.contains(&entry.stage) => {
                change.apply_to(entry);
                Transition::Made(entry.clone())
            }
            Some(entry) => Transition::Elsewhere(entry.clone()),
            None => Transition::Missing,
        })
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        let rows = self.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(&(owner, id.clone())).cloned())
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        let rows = self.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own: Vec<_> = rows.values().filter(|row| row.owner == owner && now < row.gone_at).collect();
        own.sort_by_key(|row| Reverse(row.created_at));
        own.truncate(Enrolment::MOST_LISTED);
        Ok(own.into_iter().cloned().collect())
    }
}

impl SharedStore for Table {
    /// Returns the machine's clock. An engine that several machines share tells its own time: see
    /// `EngineClock`.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}

/// Credentials in a list, which is locked while one is added.
#[derive(Default)]
struct Credentials(Mutex<Vec<Credential>>);

#[async_trait]
impl CredentialRepository for Credentials {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let rows = self.0.lock().map_err(|error| error.to_string())?;
        Ok(rows.iter().filter(|credential| credential.user == *user).cloned().collect())
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        let mut rows = self.0.lock().map_err(|error| error.to_string())?;
        if rows.iter().any(|row| row.takes_id_of(&credential)) {
            return Ok(Addition::Duplicate);
        }
        if rows.iter().filter(|row| row.user == credential.user).count() >= most {
            return Ok(Addition::Full);
        }
        rows.push(credential.into_credential());
        Ok(Addition::Added)
    }
}

/// Inserts unless the key is there. In SQL that is `INSERT … ON CONFLICT DO NOTHING`.
fn insert_new<K: Eq + Hash, V>(rows: &Mutex<HashMap<K, V>>, key: K, value: V) -> Insertion {
    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
    let before = rows.len();
    rows.entry(key).or_insert(value);
    if rows.len() > before { Insertion::Created } else { Insertion::Duplicate }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let hex = std::env::var("SLOT_KEY").map_err(|_| "set SLOT_KEY to what `openssl rand -hex 32` prints")?;
    let keys = SlotKeys::new(&SlotKey::from_hex(&hex)?, &[]);
    let sealed = || Arc::new(SealedStore::new(Table::default(), keys.clone()));
    store_contract::<CodeGrant>(sealed()).await;
    store_contract::<PendingRegistration>(sealed()).await;
    store_contract::<PendingAction>(sealed()).await;
    store_contract::<UserAction>(sealed()).await;
    store_contract::<PendingApproval>(sealed()).await;
    ledger_contract(&*sealed()).await;
    let ada = UserId::new("us-ada")?;
    let users = [ada.clone(), UserId::new("us-bob")?];
    repository_contract(&Credentials::default(), &users, &SIGNING).await;
    println!("The store, the ledger and the repository keep every law.");
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
    let site = Site::builder()
        .host(MemoryHost::new([User::new(ada.clone(), "ada@example.com")]))
        .credentials(Credentials::default())
        .storage(Storage::shared_records(Table::default(), keys.clone()))
        .relying_party(party.clone())
        .events(|event| println!("event: {event:?}"))
        .build()?;
    let flow = CodeFlow::new(&site, CodePolicy::default())?;
    let expiration = Expiration::from_unix(SystemTime::UNIX_EPOCH.elapsed()?.as_secs() + 50)?;
    let minted = flow.mint(&Caller::new(ada), MintRequest::new(expiration)).await?;
    println!("minted    {}", minted.code.reveal());
    let request = ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party));
    let opened = flow.exchange(request).await?;
    println!("exchanged for the challenge {}", opened.challenge.as_str());
    let proof = KeyClient::p256().attest(CredentialKind::Key, opened.challenge.as_str());
    let request = RegisterRequest::new(opened.challenge_id, "laptop", proof, None)?;
    println!("registered {}", flow.register(request).await?.credential.uuid);
    Ok(())
}
