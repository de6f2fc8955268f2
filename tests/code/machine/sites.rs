//! Two sites over one store and one host, in the middle of a rotation: each makes slots under a key
//! of its own, and looks under both.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use axum::Router;
use credential_code::error::BoxError;
use credential_code::event::Event;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{Approval, Credential, NewCredential, UserId};
use credential_code::store::{Budget, CodeGrant, PendingApproval, PendingRegistration, SlotKey, SlotKeys};
use credential_code::testing::MemoryHost;
use credential_code::{AuthFlows, AuthRouter, CodeFlow, Site, Storage};
use tokio::task::yield_now;

use super::steps::Fault;
use crate::flaky::Flaky;
use crate::support::{Answer, World, party, plenty, told};

/// How many misses a site answers in a minute.
pub(super) const MISSES: u32 = 6;

pub(super) struct Sites {
    pub(super) worlds: [World; 2],
    pub(super) heard: Arc<Mutex<Heard>>,
    store: Arc<Flaky>,
}

/// What the listener was told of each enrolment, by the part of its name that its credential has
/// too.
#[derive(Default)]
pub(super) struct Heard {
    /// The ids of the credentials that were or may have been stored.
    pub(super) told: BTreeMap<String, BTreeSet<String>>,
    pub(super) registered: BTreeSet<String>,
    pub(super) undone: BTreeSet<String>,
    /// What was revoked, refused or undone, or lapsed.
    pub(super) ended: BTreeSet<String>,
    pub(super) undo_tokens: BTreeMap<String, String>,
}

/// Returns what the names of an enrolment and of its credential have in common.
pub(super) fn bare(name: &str) -> String {
    name.split_once('-').unwrap().1.to_owned()
}

impl Heard {
    fn hear(&mut self, event: &Event<'_>) {
        let Some(name) = event.enrolment().map(|id| bare(id.as_str())) else { return };
        if let Some(token) = event.undo_token() {
            self.undo_tokens.insert(name.clone(), token.reveal().to_owned());
        }
        match event {
            Event::Registered { credential, .. } => {
                self.told.entry(name.clone()).or_default().insert(credential.id.as_str().to_owned());
                assert!(self.registered.insert(name), "a credential is told as registered twice");
            }
            Event::Unsettled { credential, .. } => {
                self.told.entry(name).or_default().insert(credential.id.as_str().to_owned());
            }
            Event::Undone { .. } => {
                self.undone.insert(name.clone());
                self.ended.insert(name);
            }
            Event::Revoked { .. } | Event::RefusedByOwner { .. } | Event::Lapsed { .. } => {
                self.ended.insert(name);
            }
            _ => {}
        }
    }
}

impl Sites {
    pub(super) fn new(approval: Approval) -> Self {
        let (world, store, heard) = (World::new(), Flaky::new(), Arc::default());
        store.yield_at_each_call();
        let [one, two] = [1, 2].map(|byte| SlotKey::new([byte; 32]).unwrap());
        let rings = [SlotKeys::new(&one, std::slice::from_ref(&two)), SlotKeys::new(&two, &[one])];
        let worlds = rings.map(|keys| {
            let storage = Storage::shared_records(store.clone(), keys).with_clock(world.clock.clone());
            over(&world, storage, approval, &heard)
        });
        Self { worlds, heard, store }
    }

    /// Makes a call while something fails. Returns its answer, unless the caller hung up.
    pub(super) async fn call(&self, fault: Fault, call: impl Future<Output = Answer>) -> Option<Answer> {
        self.arm(fault);
        let answer = match fault {
            Fault::HangUp(polls) => polled(call, polls),
            _ => Some(call.await),
        };
        self.disarm();
        answer
    }

    fn arm(&self, fault: Fault) {
        let (host, store) = (&self.worlds[0].host, &self.store);
        match fault {
            Fault::None | Fault::HangUp(_) => {}
            Fault::HostFails => host.fail(),
            Fault::InsertionFails => host.fail_insertions(),
            Fault::InsertionIsLost => host.lose_insertions(),
            Fault::RemovalFails => host.fail_removals(),
            Fault::GrantIsNotLaid => store.fail_inserts::<CodeGrant>(1),
            Fault::ChallengeIsNotLaid => store.fail_inserts::<PendingRegistration>(1),
            Fault::ApprovalIsNotLaid => store.fail_inserts::<PendingApproval>(1),
            Fault::TakeFails => self.fail_takes(1),
            Fault::EntryFails => store.fail_entries(1),
            Fault::AdvanceFails => store.fail_advances(1),
            Fault::AdvanceIsLost => store.forget_advances(1),
            Fault::FindFails => store.fail_finds(1),
        }
    }

    fn disarm(&self) {
        let store = &self.store;
        self.worlds[0].host.recover();
        store.fail_inserts::<CodeGrant>(0);
        store.fail_inserts::<PendingRegistration>(0);
        store.fail_inserts::<PendingApproval>(0);
        self.fail_takes(0);
        store.fail_entries(0);
        store.fail_advances(0);
        store.forget_advances(0);
        store.fail_finds(0);
    }

    fn fail_takes(&self, times: u32) {
        self.store.fail_takes::<CodeGrant>(times);
        self.store.fail_takes::<PendingRegistration>(times);
        self.store.fail_takes::<PendingApproval>(times);
    }
}

/// Builds another site over the host and the clock of a world.
fn over(world: &World, storage: Storage, approval: Approval, heard: &Arc<Mutex<Heard>>) -> World {
    let (mut world, host, heard) = (world.clone(), &world.host, heard.clone());
    let site = Site::builder().authenticator(host.clone()).users(host.clone());
    let site = site.credentials(Slow(host.clone())).management(host.clone()).relying_party(party());
    let site = site.events(move |event| {
        told::note(event);
        heard.lock().unwrap().hear(event);
    });
    world.site = site.storage(storage).build().unwrap();
    let policy = plenty().approval(approval).misses(Budget::per_minute(MISSES));
    world.flow = CodeFlow::new(&world.site, policy).unwrap();
    let flows = AuthFlows::new(world.flow.clone());
    world.app = Router::new().nest_service("/auth", AuthRouter::new(flows));
    world
}

/// Polls a call that often at most, and drops it.
fn polled(call: impl Future<Output = Answer>, polls: usize) -> Option<Answer> {
    let mut call = pin!(call);
    for _ in 0..polls {
        if let Poll::Ready(answer) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(answer);
        }
    }
    None
}

/// A repository that takes its time before and after each call, so callers may hang up there.
struct Slow(Arc<MemoryHost>);

#[async_trait]
impl CredentialRepository for Slow {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        yield_now().await;
        self.0.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        yield_now().await;
        let added = self.0.insert(credential, most).await;
        yield_now().await;
        added
    }
}
