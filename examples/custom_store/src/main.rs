//! Run: cargo run -p custom_store
//!
//! A one-time store and a credential repository of one's own, checked by the conformance suites, and then used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use credential_code::flow::{ExchangeRequest, Expiration, RegisterRequest};
use credential_code::store::{CodeGrant, PendingRegistration, Record, Sharing, Slot, StoreError, codec};
use credential_code::testing::{KeyClient, MemoryHost, repository_contract, store_contract};
use credential_code::{
    BoxError, Caller, CodeFlow, Credential, CredentialKind, CredentialRepository, Insertion, NewCredential,
    OneTimeStore, RelyingParty, User, UserId, async_trait,
};

/// A table of records as bytes, as a database would keep them. The lock makes each verb one step; in SQL they would be
/// `INSERT … ON CONFLICT DO NOTHING` and `DELETE … RETURNING`.
#[derive(Debug, Default)]
struct Table(Mutex<HashMap<Slot, Vec<u8>>>);

#[async_trait]
impl<R: Record> OneTimeStore<R> for Table {
    fn sharing(&self) -> Sharing {
        Sharing::ThisProcess
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        let bytes = codec::encode(&record)?;
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.contains_key(&slot) {
            return Ok(Insertion::Duplicate);
        }
        rows.insert(slot, bytes);
        Ok(Insertion::Created)
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&slot);
        let Some(bytes) = taken else { return Ok(None) };
        let record: R = codec::decode(&bytes)?;
        Ok(Some(record).filter(|record| now < record.expires_at()))
    }
}

/// Credentials by their id, which makes it unique among all users.
#[derive(Default)]
struct Credentials(Mutex<HashMap<String, Credential>>);

#[async_trait]
impl CredentialRepository for Credentials {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let rows = self.0.lock().map_err(|error| error.to_string())?;
        Ok(rows.values().filter(|credential| credential.user == *user).cloned().collect())
    }

    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
        let mut rows = self.0.lock().map_err(|error| error.to_string())?;
        if rows.contains_key(credential.id.as_str()) {
            return Ok(Insertion::Duplicate);
        }
        rows.insert(credential.id.to_string(), credential.into_credential());
        Ok(Insertion::Created)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    store_contract::<CodeGrant>(Arc::new(Table::default())).await;
    store_contract::<PendingRegistration>(Arc::new(Table::default())).await;
    let ada = UserId::new("us-ada")?;
    repository_contract(&Credentials::default(), &[ada.clone(), UserId::new("us-bob")?]).await;
    println!("The store and the repository keep every law.");

    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"])?;
    let flow = CodeFlow::builder()
        .host(Arc::new(MemoryHost::new([User::new(ada.clone(), "ada@example.com")])))
        .credentials(Arc::new(Credentials::default()))
        .code_store(Arc::new(Table::default()))
        .registration_store(Arc::new(Table::default()))
        .relying_party(party.clone())
        .events(|event| println!("event: {event:?}"))
        .build()?;
    let in_a_minute = (SystemTime::now() + Duration::from_secs(50)).duration_since(SystemTime::UNIX_EPOCH)?;
    let expiry = flow.code_expiry(Expiration::from_unix(in_a_minute.as_secs())?)?;
    let minted = flow.mint(&Caller::new(ada), expiry, None).await?;
    println!("minted    {}", minted.code.reveal());
    let request = ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party));
    let opened = flow.exchange(request, None).await?;
    println!("exchanged for the challenge {}", opened.challenge.as_str());
    let proof = KeyClient::p256().attest(CredentialKind::Key, opened.challenge.as_str());
    let request = RegisterRequest::new(opened.challenge_id, "laptop", proof, None)?;
    println!("registered {}", flow.register(request, None).await?.uuid);
    Ok(())
}
