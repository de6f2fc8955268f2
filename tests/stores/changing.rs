//! Changes of a credential race requests that use it, over each repository.

use std::sync::Arc;

use credential_code::action::{ActionRequest, BeginRequest, CompleteRequest, RedeemRequest};
use credential_code::error::ErrorKind;
use credential_code::host::{Caller, CredentialManagement, CredentialRepository, Keep, SignCounters};
use credential_code::manage::{ChangeRequest, ManageFlow, RegisterRequest};
use credential_code::model::{Credential, CredentialKind, User};
use credential_code::store::Budget;
use credential_code::testing::{KeyClient, MemoryHost};
use credential_code::{ActionFlow, ActionPolicy, CodeFlow, RelyingParty, Site};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::sql::backend::Backend;
use crate::support::{ORIGIN, PARTY, plenty, user};

const ROUNDS: usize = 1000;

/// A user with credentials in a repository. The user manages them and signs with them.
struct Bench {
    caller: Caller,
    party: Arc<RelyingParty>,
    actions: ActionFlow,
    manage: ManageFlow,
}

impl Bench {
    fn over<H>(repository: H) -> Self
    where
        H: CredentialRepository + CredentialManagement + SignCounters + Clone,
    {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
        let site = Site::builder()
            .authenticator(host.clone())
            .users(host)
            .credentials(repository.clone())
            .management(repository.clone())
            .sign_counters(repository)
            .relying_party(party.clone())
            .events(|_| {})
            .build()
            .unwrap();
        let budget = Budget::per_minute(1_000_000);
        let policy = ActionPolicy::default().challenges_per_user(budget);
        let actions = ActionFlow::new(&site, policy).unwrap();
        let codes = CodeFlow::new(&site, plenty().begins_per_user(budget).keep(Keep::OneThatSigns));
        let codes = codes.unwrap().signed_by(&actions).unwrap();
        let manage = ManageFlow::new(&codes).unwrap();
        Self { caller: Caller::new(user()), party: Arc::new(party), actions, manage }
    }

    /// Registers a new key of the user.
    async fn key(&self) -> (KeyClient, Credential) {
        let client = KeyClient::p256();
        let request = credential_code::manage::BeginRequest::new(CredentialKind::Key, self.party.clone());
        let challenge = self.manage.begin(&self.caller, request).await.unwrap();
        let proof = client.attest(CredentialKind::Key, challenge.challenge.as_str());
        let answer = RegisterRequest::new(challenge.challenge_id, "key", proof, None).unwrap();
        (client, self.manage.create(&self.caller, answer).await.unwrap())
    }

    fn action() -> ActionRequest {
        ActionRequest::new("POST", "/transfers", b"{}").unwrap()
    }

    async fn deactivate(&self, credential: &Credential) -> Result<(), ErrorKind> {
        let request = ChangeRequest::new(credential.uuid.clone());
        self.manage.deactivate(&self.caller, request).await.map_err(|error| error.kind())
    }

    /// After the answer to a deactivation, no signature of that key is redeemed, old or new.
    async fn deactivate_against_sign(self: &Arc<Self>) {
        let (client, credential) = self.key().await;
        let begun = BeginRequest::new(Self::action(), self.party.clone());
        let challenge = self.actions.begin(&self.caller, begun).await.unwrap();
        let assertion = client.assert(CredentialKind::Key, challenge.challenge.as_str());
        let bench = self.clone();
        let signing = tokio::spawn(async move {
            let request = CompleteRequest::new(challenge.challenge_id, assertion);
            bench.actions.complete(&bench.caller, request).await
        });
        self.deactivate(&credential).await.unwrap();
        if let Ok(signed) = signing.await.unwrap() {
            let request = RedeemRequest::new(signed.proof, Self::action());
            let redeemed = self.actions.redeem(&self.caller, request).await;
            assert_eq!(redeemed.unwrap_err().kind(), ErrorKind::UserActionRequired);
        }
        let request = ChangeRequest::new(credential.uuid);
        self.manage.remove(&self.caller, request).await.unwrap();
    }

    /// An activation does not bring a removed credential back.
    async fn remove_against_activate(self: &Arc<Self>) {
        let (_, credential) = self.key().await;
        self.deactivate(&credential).await.unwrap();
        let (bench, request) = (self.clone(), ChangeRequest::new(credential.uuid.clone()));
        let activating = {
            let request = request.clone();
            tokio::spawn(async move { bench.manage.activate(&bench.caller, request).await })
        };
        self.manage.remove(&self.caller, request.clone()).await.unwrap();
        if let Err(error) = activating.await.unwrap() {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        let late = self.manage.activate(&self.caller, request).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::NotFound);
    }

    /// Of the last two that sign, one stays. It signed before, and it is made active again
    /// afterwards.
    async fn deactivate_the_last_two(self: &Arc<Self>, two: &[Credential; 2]) {
        let (bench, second) = (self.clone(), two[1].clone());
        let racing = tokio::spawn(async move { bench.deactivate(&second).await });
        let outcomes = [self.deactivate(&two[0]).await, racing.await.unwrap()];
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(ErrorKind::LastCredential)).count();
        assert_eq!(refused, 1, "{outcomes:?}");
        let listed = self.manage.credentials(&self.caller).await.unwrap();
        assert_eq!(listed.iter().filter(|credential| credential.is_active()).count(), 1);
        for credential in two {
            let request = ChangeRequest::new(credential.uuid.clone());
            self.manage.activate(&self.caller, request).await.unwrap();
        }
    }

    async fn hold(self) {
        let bench = Arc::new(self);
        let two = [bench.key().await.1, bench.key().await.1];
        for _ in 0..ROUNDS {
            bench.deactivate_against_sign().await;
            bench.remove_against_activate().await;
            bench.deactivate_the_last_two(&two).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_in_memory_keep_their_laws_when_they_race() {
    let host = Arc::new(MemoryHost::default());
    Bench::over(host.clone()).hold().await;
    assert_eq!(host.stored().len(), 2, "each round leaves what it found");
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_in_a_database_keep_their_laws_when_they_race() {
    for Backend { store, engine } in Backend::all().await {
        let started = std::time::Instant::now();
        Bench::over(store).hold().await;
        println!("3 times {ROUNDS} rounds over {engine:?}: {:?}", started.elapsed());
    }
}
