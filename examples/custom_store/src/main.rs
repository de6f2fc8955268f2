//! Run: SLOT_KEY=$(openssl rand -hex 32) cargo run -p custom_store
//!
//! A store, a ledger and a repository of one's own: the conformance suites check them, and a flow
//! uses them.

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
    Change, CodeGrant, EnrolmentLedger, MemoryLedger, OneTimeStore, PendingAction, PendingApproval,
    PendingRegistration, Record, SharedStore, Slot, SlotKey, SlotKeys, Transition, UserAction, codec,
};
use credential_code::testing::{
    KeyClient, MemoryHost, SIGNING, ledger_contract, repository_contract, store_contract,
};
use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site, Storage};

/// Records as bytes, and enrolments. The lock makes each verb one step; in SQL `take` is
/// `DELETE … RETURNING`, and `advance` is `UPDATE … WHERE stage IN (…) RETURNING`.
#[derive(Debug)]
struct Table {
    records: Mutex<HashMap<(&'static str, Slot), Vec<u8>>>,
    enrolments: MemoryLedger,
}

impl Table {
    fn new() -> Self {
        Self { records: Mutex::default(), enrolments: MemoryLedger::new(10_000) }
    }
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

/// The crate's own ledger does the work. One over a table of yours answers the same four questions.
#[async_trait]
impl EnrolmentLedger for Table {
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError> {
        self.enrolments.enter(enrolment).await
    }

    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError> {
        self.enrolments.advance(user, id, from, change).await
    }

    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
        self.enrolments.find(user, id).await
    }

    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError> {
        self.enrolments.enrolments(user, now).await
    }
}

impl SharedStore for Table {
    /// The machine's. An engine that several machines share tells its own time: see `EngineClock`.
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
    store_contract::<CodeGrant>(Arc::new(Table::new())).await;
    store_contract::<PendingRegistration>(Arc::new(Table::new())).await;
    store_contract::<PendingAction>(Arc::new(Table::new())).await;
    store_contract::<UserAction>(Arc::new(Table::new())).await;
    store_contract::<PendingApproval>(Arc::new(Table::new())).await;
    ledger_contract(&Table::new()).await;
    let ada = UserId::new("us-ada")?;
    let users = [ada.clone(), UserId::new("us-bob")?];
    repository_contract(&Credentials::default(), &users, &SIGNING).await;
    println!("The store, the ledger and the repository keep every law.");
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
    let hex = std::env::var("SLOT_KEY").map_err(|_| "set SLOT_KEY to what `openssl rand -hex 32` prints")?;
    let key = SlotKey::from_hex(&hex)?;
    let site = Site::builder()
        .host(MemoryHost::new([User::new(ada.clone(), "ada@example.com")]))
        .credentials(Credentials::default())
        .storage(Storage::shared_records(Table::new(), SlotKeys::new(&key, &[])))
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
