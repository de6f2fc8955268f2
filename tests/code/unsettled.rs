//! The host does not say whether it stored a credential or not. The listener hears of that
//! credential.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use async_trait::async_trait;
use credential_code::error::BoxError;
use credential_code::event::Event;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{Credential, CredentialKind, CredentialStatus, NewCredential, User, UserId};
use credential_code::testing::MemoryHost;
use serde_json::Value;

use crate::support::{World, user};

/// The outcome of an insertion, and of its answer.
#[derive(Clone, Copy)]
enum AnswerOf {
    Arrives,
    NothingDone,
    Breaks,
    NeverComes,
}

struct Repository {
    host: Arc<MemoryHost>,
    answer: Mutex<AnswerOf>,
    /// Whether the stored credential is found deactivated.
    deactivates: AtomicBool,
}

#[async_trait]
impl CredentialRepository for Repository {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let mut credentials = self.host.credentials(user).await?;
        if self.deactivates.load(Ordering::Relaxed) {
            credentials.iter_mut().for_each(|credential| credential.status = CredentialStatus::Deactivated);
        }
        Ok(credentials)
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        let answer = *self.answer.lock().unwrap();
        if matches!(answer, AnswerOf::NothingDone) {
            return Err("no connection".into());
        }
        let inserted = self.host.insert(credential, most).await;
        match answer {
            AnswerOf::Arrives | AnswerOf::NothingDone => inserted,
            AnswerOf::Breaks => Err("the connection broke after the commit".into()),
            AnswerOf::NeverComes => std::future::pending().await,
        }
    }
}

/// Creates a world. Returns its repository and the events about credentials: event and name.
fn world() -> (World, Arc<Repository>, Arc<Mutex<Vec<String>>>) {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let repository =
        Arc::new(Repository { host, answer: Mutex::new(AnswerOf::Arrives), deactivates: false.into() });
    let told = Arc::new(Mutex::new(Vec::new()));
    let (credentials, heard) = (repository.clone(), told.clone());
    let world = World::with(|setup| {
        setup.site(|site| site.credentials(credentials)).events(move |event| {
            let line = match event {
                Event::Registered { credential, .. } => format!("registered {}", credential.name),
                Event::Unsettled { credential, .. } => format!("unsettled {}", credential.name),
                _ => return,
            };
            heard.lock().unwrap().push(line);
        })
    });
    (world, repository, told)
}

async fn registration(world: &World, name: &str) -> Value {
    let mut body = world.registration(CredentialKind::Key).await;
    body["credentialName"] = name.into();
    body
}

#[tokio::test]
async fn what_is_stored_is_told_once() {
    let (world, _, told) = world();
    world.register(&registration(&world, "phone").await).await.ok();
    assert_eq!(*told.lock().unwrap(), ["registered phone"]);
}

#[tokio::test]
async fn a_caller_who_hangs_up_registers_nothing_in_silence() {
    let (world, repository, told) = world();
    let body = registration(&world, "phone").await;
    *repository.answer.lock().unwrap() = AnswerOf::NeverComes;
    {
        let mut register = pin!(world.register(&body));
        assert!(register.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(*told.lock().unwrap(), [""; 0]);
    }
    assert_eq!(repository.host.stored().len(), 1);
    assert_eq!(*told.lock().unwrap(), ["unsettled phone"]);
}

#[tokio::test]
async fn a_host_that_fails_after_the_commit_registers_nothing_in_silence() {
    let (world, repository, told) = world();
    let body = registration(&world, "phone").await;
    *repository.answer.lock().unwrap() = AnswerOf::Breaks;
    world.register(&body).await.assert_refused(500, "internal");
    assert_eq!(*told.lock().unwrap(), ["unsettled phone"]);

    *repository.answer.lock().unwrap() = AnswerOf::Arrives;
    let stored = repository.host.stored().remove(0);
    let answer = world.register(&body).await.ok();
    assert_eq!(answer["credentialUuid"], stored.uuid.as_str(), "whoever tries again is told what is there");
    assert_eq!(*told.lock().unwrap(), ["unsettled phone", "registered phone"]);
    assert_eq!(repository.host.stored().len(), 1);
    world.register(&body).await.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn only_what_was_offered_before_and_is_the_same_is_no_duplicate() {
    let (world, repository, told) = world();
    let phone = registration(&world, "phone").await;
    *repository.answer.lock().unwrap() = AnswerOf::NothingDone;
    world.register(&phone).await.assert_refused(500, "internal");

    *repository.answer.lock().unwrap() = AnswerOf::Arrives;
    let mut laptop = registration(&world, "laptop").await;
    laptop["credentialInfo"]["credId"] = phone["credentialInfo"]["credId"].clone();
    world.register(&laptop).await.ok();
    world.register(&phone).await.assert_refused(409, "duplicate_credential");
    assert_eq!(*told.lock().unwrap(), ["unsettled phone", "registered laptop"]);
}

#[tokio::test]
async fn a_key_that_was_encrypted_anew_is_not_the_one_that_is_stored() {
    let (world, repository, _) = world();
    let body = world.registration(CredentialKind::PasswordProtectedKey).await;
    *repository.answer.lock().unwrap() = AnswerOf::Breaks;
    world.register(&body).await.assert_refused(500, "internal");

    *repository.answer.lock().unwrap() = AnswerOf::Arrives;
    let mut anew = body.clone();
    anew["encryptedPrivateKey"] = "YW5vdGhlcg==".into();
    world.register(&anew).await.assert_refused(409, "duplicate_credential");
    world.register(&body).await.ok();
}

#[tokio::test]
async fn a_credential_that_was_deactivated_meanwhile_is_not_acknowledged() {
    let (world, repository, told) = world();
    let body = registration(&world, "phone").await;
    *repository.answer.lock().unwrap() = AnswerOf::Breaks;
    world.register(&body).await.assert_refused(500, "internal");

    *repository.answer.lock().unwrap() = AnswerOf::Arrives;
    repository.deactivates.store(true, Ordering::Relaxed);
    world.register(&body).await.assert_refused(409, "duplicate_credential");
    assert_eq!(*told.lock().unwrap(), ["unsettled phone"]);
}
