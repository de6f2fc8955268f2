//! A record that can't be read is worth nothing: refused like any code that does not work, with the true reason in the event alone.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::action::{ActionRequest, CompleteRequest, RedeemRequest};
use credential_code::assertion::Assertion;
use credential_code::clock::{Clock, SystemClock};
use credential_code::error::{ErrorKind, StoreError};
use credential_code::event::{Event, Step};
use credential_code::host::Caller;
use credential_code::model::{ActionProof, ChallengeId, CredentialKind, Insertion, User};
use credential_code::store::{
    Budget, CodeGrant, MemoryStore, OneTimeStore, PendingAction, PendingRegistration, Record, SharedStore,
    Slot, SlotKey, SlotKeys, UserAction, codec,
};
use credential_code::testing::{KeyClient, MemoryHost, site, site_builder};
use credential_code::{ActionFlow, ActionPolicy, Storage};

use crate::support::{World, user};

/// A store whose records of some kinds were all written by a newer version.
#[derive(Debug)]
struct Newer {
    kinds: Vec<&'static str>,
    others: MemoryStore,
}

impl Newer {
    fn storage(kinds: impl IntoIterator<Item = &'static str>) -> Storage {
        let store = Self { kinds: kinds.into_iter().collect(), others: MemoryStore::new(1000) };
        Storage::shared_records(store, SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]))
    }

    fn wrote<R: Record>(&self) -> bool {
        self.kinds.contains(&R::NAME)
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Newer {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        if self.wrote::<R>() { Ok(Insertion::Created) } else { self.others.insert(slot, record).await }
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        if self.wrote::<R>() {
            return Ok(Some(codec::decode(&[200, 1, 2, 3])?));
        }
        self.others.take(slot, now).await
    }
}

impl SharedStore for Newer {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
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
    let damaged =
        World::with(|setup| setup.storage(Newer::storage([CodeGrant::NAME])).events(heard.listen()));
    let code = damaged.mint().await;
    let refusal = damaged.exchange(CredentialKind::Key, &code).await;
    refusal.assert_refused(403, "invalid_code");
    assert_eq!(refusal, World::new().exchange(CredentialKind::Key, &code).await);
    heard.assert_one(Step::Exchange, ErrorKind::InvalidCode);
}

#[tokio::test]
async fn a_challenge_that_cant_be_read_is_refused_like_an_unknown_one() {
    let heard = Heard::default();
    let damaged = World::with(|setup| {
        setup.storage(Newer::storage([PendingRegistration::NAME])).events(heard.listen())
    });
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
    let world = World::with(|setup| {
        setup.storage(Newer::storage([CodeGrant::NAME])).policy(|policy| policy.misses(Budget::per_minute(1)))
    });
    let code = world.mint().await;
    for _ in 0..3 {
        world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
    }
}

fn actions(heard: &Heard) -> ActionFlow {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let storage = Newer::storage([PendingAction::NAME, UserAction::NAME]);
    let site = site_builder(&host).events(heard.listen()).storage(storage).build().unwrap();
    ActionFlow::new(&site, ActionPolicy::default()).unwrap()
}

#[tokio::test]
async fn an_action_that_cant_be_read_is_refused_like_an_unknown_one() {
    let heard = Heard::default();
    let (flow, caller) = (actions(&heard), Caller::new(user()));
    let known = ActionFlow::new(&site(&Arc::default()), ActionPolicy::default()).unwrap();

    let request = CompleteRequest::new(ChallengeId::new("an id"), assertion());
    let refusal = flow.complete(&caller, request.clone()).await.unwrap_err();
    heard.assert_one(Step::CompleteAction, ErrorKind::InvalidChallenge);
    let unknown = known.complete(&caller, request).await.unwrap_err();
    assert_eq!(refusal.to_string(), unknown.to_string());

    let action = ActionRequest::new("POST", "/", b"").unwrap();
    let request = RedeemRequest::new(ActionProof::new("a proof"), action);
    let refusal = flow.redeem(&caller, request.clone()).await.unwrap_err();
    heard.assert_one(Step::RedeemAction, ErrorKind::Forbidden);
    let unknown = known.redeem(&caller, request).await.unwrap_err();
    assert_eq!(refusal.to_string(), unknown.to_string());
}

fn assertion() -> Assertion {
    KeyClient::p256().assert(CredentialKind::Key, "AAAA")
}
