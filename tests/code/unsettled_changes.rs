//! The host does not say whether it changed a credential or not. The listener hears of that change.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use async_trait::async_trait;
use credential_code::code::{BeginRequest, RegisterRequest, UndoRequest};
use credential_code::error::{BoxError, Error};
use credential_code::host::{Caller, Changed, CredentialManagement, Keep, Removal};
use credential_code::manage::{ChangeRequest, ManageFlow, RenameRequest};
use credential_code::model::{CredentialKind, CredentialStatus, CredentialUuid, UndoToken, User, UserId};
use credential_code::testing::{KeyClient, MemoryHost};
use credential_code::{CodeFlow, CodePolicy, Site};

use crate::support::{party, user};

#[derive(Clone, Copy)]
enum AnswerOf {
    Arrives,
    Breaks,
    NeverComes,
}

/// A host that changes a credential, whatever becomes of its answer.
struct Management {
    host: Arc<MemoryHost>,
    answer: Mutex<AnswerOf>,
}

impl Management {
    async fn answer<T>(&self, changed: Result<T, BoxError>) -> Result<T, BoxError> {
        let answer = *self.answer.lock().unwrap();
        match answer {
            AnswerOf::Arrives => changed,
            AnswerOf::Breaks => Err("the connection broke after the commit".into()),
            AnswerOf::NeverComes => std::future::pending().await,
        }
    }
}

#[async_trait]
impl CredentialManagement for Management {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError> {
        self.answer(CredentialManagement::set_status(&*self.host, user, uuid, status, keep).await).await
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        self.answer(self.host.rename(user, uuid, name).await).await
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError> {
        self.answer(self.host.remove(user, uuid, keep).await).await
    }
}

/// A site of that host, and what its listener heard.
struct Bench {
    codes: CodeFlow,
    manage: ManageFlow,
    management: Arc<Management>,
    /// The changes that were told.
    told: Arc<Mutex<Vec<String>>>,
    tokens: Arc<Mutex<Vec<UndoToken>>>,
}

impl Bench {
    fn new() -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let management = Arc::new(Management { host: host.clone(), answer: Mutex::new(AnswerOf::Arrives) });
        let (told, tokens) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (heard, kept) = (told.clone(), tokens.clone());
        let site = Site::builder()
            .host(host)
            .management(management.clone())
            .relying_party(party())
            .events(move |event| {
                if let Some((_, change)) = event.changed_credential() {
                    heard.lock().unwrap().push(format!("{} {change:?}", event.name()));
                }
                kept.lock().unwrap().extend(event.undo_token().cloned());
            })
            .build()
            .unwrap();
        let codes = CodeFlow::new(&site, CodePolicy::default()).unwrap();
        let manage = ManageFlow::new(&codes).unwrap();
        Self { codes, manage, management, told, tokens }
    }

    /// Asks, and loses the answer or not.
    async fn ask<T, E>(&self, answer: AnswerOf, asking: impl Future<Output = Result<T, E>>) {
        *self.management.answer.lock().unwrap() = answer;
        let mut asking = pin!(asking);
        match answer {
            AnswerOf::Arrives => assert!(asking.await.is_ok()),
            AnswerOf::Breaks => assert!(asking.await.is_err()),
            AnswerOf::NeverComes => {
                assert!(asking.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
        }
    }

    async fn change(&self, verb: &str, uuid: &CredentialUuid) -> Result<(), Error> {
        let (caller, request) = (Caller::new(user()), ChangeRequest::new(uuid.clone()));
        match verb {
            "Activated" => self.manage.activate(&caller, request).await,
            "Deactivated" => self.manage.deactivate(&caller, request).await,
            "Renamed" => {
                let request = RenameRequest::new(uuid.clone(), "phone").unwrap();
                self.manage.rename(&caller, request).await
            }
            _ => self.manage.remove(&caller, request).await,
        }
    }

    /// Adds a credential. Returns the token that takes it back.
    async fn added(&self) -> UndoToken {
        let caller = Caller::new(user());
        let begun = BeginRequest::new(CredentialKind::Key, Arc::new(party()));
        let begun = self.manage.begin(&caller, begun).await.unwrap();
        let attestation = KeyClient::p256().attest(CredentialKind::Key, begun.challenge.as_str());
        let answer = RegisterRequest::new(begun.challenge_id, "phone", attestation, None).unwrap();
        self.manage.create(&caller, answer).await.unwrap();
        self.tokens.lock().unwrap().pop().unwrap()
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

#[tokio::test]
async fn no_change_is_made_in_silence_when_its_answer_is_lost() {
    let bench = Bench::new();
    for (verb, status) in [
        ("Activated", CredentialStatus::Deactivated),
        ("Deactivated", CredentialStatus::Active),
        ("Renamed", CredentialStatus::Active),
        ("Removed", CredentialStatus::Active),
    ] {
        let mut credential = KeyClient::p256().credential(user(), CredentialKind::Key);
        credential.status = status;
        for (answer, event) in [
            (AnswerOf::NeverComes, "change_unsettled"),
            (AnswerOf::Breaks, "change_unsettled"),
            (AnswerOf::Arrives, "credential_changed"),
        ] {
            bench.management.host.clear();
            bench.management.host.seed(credential.clone());
            bench.ask(answer, bench.change(verb, &credential.uuid)).await;
            assert_eq!(bench.told(), [format!("{event} {verb}")]);
        }
    }
}

#[tokio::test]
async fn no_credential_is_undone_in_silence_when_the_answer_is_lost() {
    let bench = Bench::new();
    for answer in [AnswerOf::NeverComes, AnswerOf::Breaks] {
        let token = bench.added().await;
        bench.ask(answer, bench.codes.undo(UndoRequest::new(token.clone()))).await;
        assert!(bench.management.host.stored().is_empty());
        bench.ask(AnswerOf::Arrives, bench.codes.undo(UndoRequest::new(token))).await;
        assert_eq!(bench.told(), ["change_unsettled Removed"], "nothing was left to undo");
    }
}
