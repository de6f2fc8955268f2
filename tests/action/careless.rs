//! A repository that selects too much: what can't sign is not offered, whatever it answers.

use std::sync::Arc;

use async_trait::async_trait;
use credential_code::action::{ActionRequest, BeginRequest};
use credential_code::error::BoxError;
use credential_code::host::{Addition, Caller, CredentialRepository};
use credential_code::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, NewCredential, User, UserId,
};
use credential_code::testing::{MemoryHost, site_builder};
use credential_code::{ActionFlow, ActionPolicy, RelyingParty};

/// Answers with one credential of each kind, whatever is asked for.
struct Careless;

fn one_of_each() -> Vec<CredentialDescriptor> {
    let id = |kind: CredentialKind| CredentialId::new(kind.as_str()).unwrap();
    CredentialKind::ALL.into_iter().map(|kind| CredentialDescriptor::new(kind, id(kind))).collect()
}

#[async_trait]
impl CredentialRepository for Careless {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn passkeys(&self, _: &UserId, _: &str, _: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(one_of_each())
    }

    async fn keys(&self, _: &UserId, _: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(one_of_each())
    }

    async fn insert(&self, _: NewCredential, _: usize) -> Result<Addition, BoxError> {
        Ok(Addition::Full)
    }
}

#[tokio::test]
async fn what_can_not_sign_is_not_offered_whatever_the_repository_selects() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let site = site_builder(&host).credentials(Careless).events(|_| {}).build().unwrap();
    let flow = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    let action = ActionRequest::new("POST", "/transfers", b"{}").unwrap();
    let challenge = flow.begin(&Caller::new(user), BeginRequest::new(action, Arc::new(party))).await.unwrap();
    let kinds = |offered: &[CredentialDescriptor]| offered.iter().map(|it| it.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&challenge.passkeys), [CredentialKind::Fido2]);
    assert_eq!(kinds(&challenge.keys), [CredentialKind::Key, CredentialKind::PasswordProtectedKey]);
}
