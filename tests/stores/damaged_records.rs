//! A record that can't be read is worth nothing. It is refused like any code that does not work,
//! and only the event has the true reason.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::action::{ActionRequest, CompleteRequest, RedeemRequest};
use credential_code::assertion::Assertion;
use credential_code::clock::{Clock, SystemClock};
use credential_code::code::ApproveRequest;
use credential_code::error::{ErrorKind, StoreError};
use credential_code::event::{Event, Step};
use credential_code::host::Caller;
use credential_code::model::{
    ActionProof, Approval, ChallengeId, CredentialKind, EnrolmentId, Insertion, Stage, User,
};
use credential_code::store::{
    Budget, CodeGrant, Entry, EntryChange, OneTimeStore, PendingAction, PendingApproval, PendingRegistration,
    Record, SharedLedger, SharedStore, Slot, SlotKey, SlotKeys, Transition, UserAction, codec,
};
use credential_code::testing::{KeyClient, MemoryHost, site, site_builder};
use credential_code::{ActionFlow, ActionPolicy, Storage};

use crate::support::{World, user};
use crate::table::Table;

/// A store in which a newer version wrote all records of some kinds.
#[derive(Debug)]
struct Newer {
    kinds: Vec<&'static str>,
    others: Table,
}

impl Newer {
    fn storage(kinds: impl IntoIterator<Item = &'static str>) -> Storage {
        let store = Self { kinds: kinds.into_iter().collect(), others: Table::default() };
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

#[async_trait]
impl SharedLedger for Newer {
    async fn enter(&self, entry: Entry) -> Result<Insertion, StoreError> {
        self.others.enter(entry).await
    }

    async fn advance(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        from: &[Stage],
        change: EntryChange,
    ) -> Result<Transition<Entry>, StoreError> {
        self.others.advance(owner, id, from, change).await
    }

    async fn find(&self, owner: Slot, id: &EnrolmentId) -> Result<Option<Entry>, StoreError> {
        self.others.find(owner, id).await
    }

    async fn entries(&self, owner: Slot, now: SystemTime) -> Result<Vec<Entry>, StoreError> {
        self.others.entries(owner, now).await
    }
}

impl SharedStore for Newer {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}

/// The steps that were refused, and the reasons.
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

/// The owner learns that it still waits, as if somebody else were deciding about it.
#[tokio::test]
async fn an_approval_that_cant_be_read_is_refused_and_nothing_is_stored() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = heard.clone();
    let damaged = World::with(|setup| {
        let storage = Newer::storage([PendingApproval::NAME]);
        setup.storage(storage).policy(|policy| policy.approval(Approval::Asked)).events(move |event| {
            if let Event::Refused { step, error, .. } = event {
                told.lock().unwrap().push((*step, error.kind()));
            }
        })
    });
    let body = damaged.registration(CredentialKind::Key).await;
    damaged.register(&body).await;
    let caller = Caller::new(user());
    let [waiting] = &damaged.flow.enrolments(&caller).await.unwrap()[..] else { panic!("one was minted") };
    assert_eq!(waiting.stage, Stage::Pending);
    let request = ApproveRequest::new(waiting.id.clone());
    let refusal = damaged.flow.approve(&caller, request).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Conflict);
    assert_eq!(*heard.lock().unwrap(), [(Step::Approve, ErrorKind::Conflict)]);
    assert!(damaged.host.stored().is_empty());
}

/// Nobody can make such a record, so nobody guesses with one.
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
    heard.assert_one(Step::RedeemAction, ErrorKind::UserActionRequired);
    let unknown = known.redeem(&caller, request).await.unwrap_err();
    assert_eq!(refusal.to_string(), unknown.to_string());
}

fn assertion() -> Assertion {
    KeyClient::p256().assert(CredentialKind::Key, "AAAA")
}
