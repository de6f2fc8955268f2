//! The stores and the repository of the crate pass the suites that it asks of others.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository};

use credential_code::model::{Credential, CredentialKind, NewCredential, UserId};
use credential_code::store::{
    CodeGrant, EnrolmentLedger, MemoryLedger, MemoryStore, OneTimeStore, PendingAction, PendingApproval,
    PendingRegistration, UserAction,
};
use credential_code::testing::{
    KeyClient, MemoryHost, SIGNING, ledger_contract, ledger_contract_on_threads, management_contract,
    new_credential, passkey_contract, repository_contract, store_contract, store_contract_on_threads,
};

#[tokio::test]
async fn the_memory_store_keeps_every_law() {
    let store = Arc::new(MemoryStore::new(100_000));
    store_contract::<CodeGrant>(store.clone()).await;
    store_contract::<PendingRegistration>(store.clone()).await;
    store_contract::<PendingAction>(store.clone()).await;
    store_contract::<UserAction>(store.clone()).await;
    store_contract::<PendingApproval>(store).await;
}

#[test]
fn the_memory_store_has_one_winner_on_threads() {
    let store: Arc<dyn OneTimeStore<CodeGrant>> = Arc::new(MemoryStore::new(100_000));
    store_contract_on_threads(&store, 5_000);
}

#[tokio::test]
async fn the_memory_ledger_keeps_every_law() {
    ledger_contract(&MemoryLedger::new(100_000)).await;
}

#[test]
fn the_memory_ledger_has_one_winner_on_threads() {
    let ledger: Arc<dyn EnrolmentLedger> = Arc::new(MemoryLedger::new(100_000));
    ledger_contract_on_threads(&ledger, 5_000);
}

#[tokio::test]
async fn the_memory_host_keeps_every_law_of_a_repository() {
    let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
    repository_contract(&MemoryHost::default(), &users, &SIGNING).await;
    management_contract(&MemoryHost::default(), &users, &SIGNING).await;
    passkey_contract(&MemoryHost::default(), &users, &SIGNING).await;
}

/// The host keeps a table of passkeys, by the bytes of their ids.
struct PasskeysAlone(MemoryHost);

#[async_trait]
impl CredentialRepository for PasskeysAlone {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        self.0.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        URL_SAFE_NO_PAD.decode(credential.id.as_str())?;
        match credential.kind {
            CredentialKind::Fido2 => self.0.insert(credential, most).await,
            _ => Err("there is no column for that".into()),
        }
    }
}

#[tokio::test]
async fn a_repository_is_asked_for_the_kinds_that_it_keeps() {
    let users = [UserId::new("us-1").unwrap(), UserId::new("us-2").unwrap()];
    repository_contract(&PasskeysAlone(MemoryHost::default()), &users, &[CredentialKind::Fido2]).await;
    for kind in SIGNING {
        repository_contract(&MemoryHost::default(), &users, &[kind]).await;
        if kind.signs() {
            management_contract(&MemoryHost::default(), &users, &[kind]).await;
        }
    }
    let sample = KeyClient::p256().credential(users[0].clone(), CredentialKind::Key);
    let added = MemoryHost::default().insert(new_credential(sample), 1).await.unwrap();
    assert_eq!(added, Addition::Added, "a host tests its own insertion with it");
}
