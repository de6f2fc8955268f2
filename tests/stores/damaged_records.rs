//! A record that can't be read is worth nothing: refused like any code that does not work, with the true reason in the event alone.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::action::ActionRequest;
use credential_code::assertion::Assertion;
use credential_code::flow::Step;
use credential_code::model::{ActionProof, ChallengeId};
use credential_code::store::{Record, Sharing, Slot, StoreError, codec};
use credential_code::testing::{KeyClient, MemoryHost, action_flow_builder};
use credential_code::{
    ActionFlow, Budget, Caller, CredentialKind, ErrorKind, Event, Insertion, OneTimeStore, User,
};

use crate::support::{World, user};

/// A store whose records were all written by a newer version.
#[derive(Debug)]
struct Newer;

#[async_trait]
impl<R: Record> OneTimeStore<R> for Newer {
    fn sharing(&self) -> Sharing {
        Sharing::ThisProcess
    }

    async fn insert(&self, _: Slot, _: R) -> Result<Insertion, StoreError> {
        Ok(Insertion::Created)
    }

    async fn take(&self, _: Slot, _: SystemTime) -> Result<Option<R>, StoreError> {
        Ok(Some(codec::decode(&[200, 1, 2, 3])?))
    }
}

/// The steps that were refused, and why.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(Step, ErrorKind, String)>>>);

impl Heard {
    fn listen(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let heard = self.0.clone();
        move |event| {
            if let Event::Refused { step, error, .. } = event {
                let reason = error.source().and_then(|store| store.source()).map(ToString::to_string);
                heard.lock().unwrap().push((*step, error.kind(), reason.unwrap_or_default()));
            }
        }
    }

    fn assert_one(&self, step: Step, kind: ErrorKind) {
        let heard = std::mem::take(&mut *self.0.lock().unwrap());
        let [(heard_step, heard_kind, reason)] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((*heard_step, *heard_kind), (step, kind));
        assert!(reason.contains("it is of version 200"), "{reason}");
    }
}

#[tokio::test]
async fn a_code_whose_grant_cant_be_read_is_refused_like_an_unknown_one() {
    let heard = Heard::default();
    let damaged = World::with(|builder| builder.code_store(Arc::new(Newer)).events(heard.listen()));
    let code = damaged.mint().await;
    let refusal = damaged.exchange(CredentialKind::Key, &code).await;
    refusal.assert_refused(403, "invalid_code");
    assert_eq!(refusal, World::new().exchange(CredentialKind::Key, &code).await);
    heard.assert_one(Step::Exchange, ErrorKind::InvalidCode);
}

#[tokio::test]
async fn a_challenge_that_cant_be_read_is_refused_like_an_unknown_one() {
    let heard = Heard::default();
    let damaged = World::with(|builder| builder.registration_store(Arc::new(Newer)).events(heard.listen()));
    let body = damaged.registration(CredentialKind::Key).await;
    let refusal = damaged.register(&body).await;
    refusal.assert_refused(403, "invalid_challenge");
    assert_eq!(refusal, World::new().register(&body).await);
    heard.assert_one(Step::Register, ErrorKind::InvalidChallenge);
    assert!(damaged.host.stored().is_empty());
}

/// Nobody can make one, so nobody guesses with one.
#[tokio::test]
async fn a_record_that_cant_be_read_costs_no_guess() {
    let world = World::with(|builder| builder.code_store(Arc::new(Newer)).misses(Budget::per_minute(1)));
    let code = world.mint().await;
    for _ in 0..3 {
        world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
    }
}

fn actions(heard: &Heard) -> ActionFlow {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    action_flow_builder(&host)
        .challenge_store(Arc::new(Newer))
        .action_store(Arc::new(Newer))
        .events(heard.listen())
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_action_that_cant_be_read_is_refused_like_an_unknown_one() {
    let heard = Heard::default();
    let (flow, caller) = (actions(&heard), Caller::new(user()));
    let known = action_flow_builder(&Arc::default()).build().unwrap();

    let (id, assertion) = (ChallengeId::new("an id"), assertion());
    let refusal = flow.complete(&caller, &id, &assertion, None).await.unwrap_err();
    heard.assert_one(Step::CompleteAction, ErrorKind::InvalidChallenge);
    let unknown = known.complete(&caller, &id, &assertion, None).await.unwrap_err();
    assert_eq!(refusal.to_string(), unknown.to_string());

    let (proof, request) = (ActionProof::new("a proof"), ActionRequest::new("POST", "/", b"").unwrap());
    let refusal = flow.redeem(&caller, &proof, &request, None).await.unwrap_err();
    heard.assert_one(Step::RedeemAction, ErrorKind::Forbidden);
    let unknown = known.redeem(&caller, &proof, &request, None).await.unwrap_err();
    assert_eq!(refusal.to_string(), unknown.to_string());
}

fn assertion() -> Assertion {
    KeyClient::p256().assert(CredentialKind::Key, "AAAA")
}
