//! A repository that selects too much: whatever it answers, no more is offered than can sign, and
//! nobody gets what another user has.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use credential_code::action::{ActionChallenge, ActionRequest, BeginRequest, CompleteRequest, RedeemRequest};
use credential_code::error::{BoxError, ErrorKind};
use credential_code::host::{Addition, Caller, CredentialRepository};
use credential_code::manage::ManageFlow;
use credential_code::model::{Credential, CredentialDescriptor, CredentialKind, NewCredential, User, UserId};
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{ActionFlow, ActionPolicy, CodeFlow, CodePolicy, RelyingParty, Site};

/// Answers with all that it has, whatever is asked for.
#[derive(Clone)]
struct Careless(Arc<Mutex<Vec<Credential>>>);

impl Careless {
    fn with(credentials: Vec<Credential>) -> Self {
        Self(Arc::new(Mutex::new(credentials)))
    }

    fn all(&self) -> Vec<Credential> {
        self.0.lock().unwrap().clone()
    }

    fn site(&self) -> Site {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        site_builder(&host).credentials(self.clone()).events(|_| {}).build().unwrap()
    }

    fn actions(&self) -> ActionFlow {
        ActionFlow::new(&self.site(), ActionPolicy::default()).unwrap()
    }
}

#[async_trait]
impl CredentialRepository for Careless {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(self.all())
    }

    async fn passkeys(&self, _: &UserId, _: &str, _: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(self.all().iter().map(CredentialDescriptor::from).collect())
    }

    async fn keys(&self, _: &UserId, _: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        Ok(self.all().iter().map(CredentialDescriptor::from).collect())
    }

    async fn insert(&self, _: NewCredential, _: usize) -> Result<Addition, BoxError> {
        Ok(Addition::Full)
    }
}

fn user() -> UserId {
    UserId::new("us-1").unwrap()
}

fn other_user() -> UserId {
    UserId::new("us-2").unwrap()
}

fn of_kind(kind: CredentialKind) -> Credential {
    KeyClient::ed25519().credential(user(), kind)
}

fn action() -> ActionRequest {
    ActionRequest::new("POST", "/transfers", b"{}").unwrap()
}

async fn begin(actions: &ActionFlow) -> ActionChallenge {
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    actions.begin(&Caller::new(user()), BeginRequest::new(action(), Arc::new(party))).await.unwrap()
}

#[tokio::test]
async fn what_can_not_sign_is_not_offered_whatever_the_repository_selects() {
    let careless = Careless::with(CredentialKind::ALL.into_iter().map(of_kind).collect());
    let challenge = begin(&careless.actions()).await;
    let kinds = |offered: &[CredentialDescriptor]| offered.iter().map(|it| it.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&challenge.passkeys), [CredentialKind::Fido2]);
    assert_eq!(kinds(&challenge.keys), [CredentialKind::Key, CredentialKind::PasswordProtectedKey]);
}

#[tokio::test]
async fn no_more_is_offered_than_fits_whatever_the_repository_selects() {
    let many = [CredentialKind::Fido2, CredentialKind::Key].map(|kind| vec![of_kind(kind); 257]);
    let challenge = begin(&Careless::with(many.concat()).actions()).await;
    assert_eq!((challenge.passkeys.len(), challenge.keys.len()), (64, 256));
}

/// The credential is the caller's when it signs the first time. Then it is another user's.
#[tokio::test]
async fn a_credential_of_another_user_signs_nothing_and_what_it_signed_is_worth_nothing() {
    let (client, caller) = (KeyClient::p256(), Caller::new(user()));
    let careless = Careless::with(vec![client.credential(user(), CredentialKind::Key)]);
    let actions = careless.actions();
    let sign = async || {
        let begun = begin(&actions).await;
        let signed = client.assert(CredentialKind::Key, begun.challenge.as_str());
        actions.complete(&caller, CompleteRequest::new(begun.challenge_id, signed)).await
    };
    let proof = sign().await.unwrap().proof;
    careless.0.lock().unwrap()[0].user = other_user();
    assert_eq!(sign().await.unwrap_err().kind(), ErrorKind::InvalidAssertion);
    let refused = actions.redeem(&caller, RedeemRequest::new(proof, action())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::UserActionRequired);
}

#[tokio::test]
async fn a_credential_of_another_user_is_not_listed() {
    let (own, mut foreign) = (of_kind(CredentialKind::Key), of_kind(CredentialKind::Key));
    foreign.user = other_user();
    let careless = Careless::with(vec![foreign, own.clone()]);
    let codes = CodeFlow::new(&careless.site(), CodePolicy::default()).unwrap();
    let listed = ManageFlow::new(&codes).unwrap().credentials(&Caller::new(user())).await.unwrap();
    assert_eq!(listed, [own]);
}
