//! What somebody with access to a shared store learns and achieves. `unit/seal.rs` tests its bytes
//! alone.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_code::action::{ActionRequest, BeginRequest, CompleteRequest};
use credential_code::clock::Clock;
use credential_code::code::ApproveRequest;
use credential_code::event::Event;
use credential_code::host::Caller;
use credential_code::model::{Approval, CredentialKind, Enrolment, EnrolmentId, Insertion, Stage};
use credential_code::store::{
    Change, CodeGrant, EnrolmentLedger as _, PendingAction, PendingApproval, PendingRegistration, Record,
    SealedStore, SlotKey, SlotKeys, Transition, UserAction,
};
use credential_code::testing::{KeyClient, ManualClock};
use credential_code::{ActionFlow, ActionPolicy, Storage};

use crate::support::{Setup, USER, World, base64url, user};
use crate::table::Table;

fn key(number: u8) -> SlotKey {
    SlotKey::new([number; 32]).unwrap()
}

fn keys() -> SlotKeys {
    SlotKeys::new(&key(7), &[])
}

/// Creates a world over a table. Returns the reasons of its refusals, too.
fn world(table: &Arc<Table>, change: impl FnOnce(Setup) -> Setup) -> (World, Arc<Mutex<Vec<String>>>) {
    let reasons: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = reasons.clone();
    let world = World::with(|setup| {
        let storage = Storage::shared_records(table.clone(), keys());
        change(setup.storage(storage)).events(move |event| {
            if let Event::Refused { error, .. } = event {
                let reason = error.source().and_then(|store| store.source()).map(ToString::to_string);
                told.lock().unwrap().push(reason.unwrap_or_default());
            }
        })
    });
    (world, reasons)
}

/// Goes through every step that leaves a record in a store, and stops before that record is taken.
/// Returns the texts that a store must not show.
pub(crate) async fn leave_everything(storage: impl Fn() -> Storage) -> Vec<String> {
    let world =
        World::with(|setup| setup.storage(storage()).policy(|policy| policy.approval(Approval::Asked)));
    world.mint().await;
    world.challenge(CredentialKind::Fido2).await;
    let body = world.registration(CredentialKind::PasswordProtectedKey).await;
    world.register(&body).await.ok();
    let credential = body["credentialInfo"]["credId"].as_str().unwrap().to_owned();

    let (actions, caller) =
        (ActionFlow::new(&world.site, ActionPolicy::default()).unwrap(), Caller::new(user()));
    let signer = KeyClient::p256();
    world.host.seed(signer.credential(user(), CredentialKind::Key));
    let request = || ActionRequest::new("POST", "/transfers", b"{}").unwrap();
    let begin = async || {
        let request = BeginRequest::new(request(), Arc::new(crate::support::party()));
        actions.begin(&caller, request).await.unwrap()
    };
    begin().await;
    let challenge = begin().await;
    let assertion = signer.assert(CredentialKind::Key, challenge.challenge.as_str());
    actions.complete(&caller, CompleteRequest::new(challenge.challenge_id, assertion)).await.unwrap();
    let locked = body["encryptedPrivateKey"].as_str().unwrap().to_owned();
    vec![USER.to_owned(), base64url(USER.as_bytes()), credential, locked, "laptop".into(), "Example".into()]
}

/// Asserts that bytes from a store show none of the texts.
pub(crate) fn assert_hidden(bytes: &[u8], texts: &[String]) {
    for text in texts {
        let is_there = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!is_there, "{text} is in {}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn nothing_in_a_shared_store_says_whose_it_is() {
    let table = Arc::new(Table::default());
    let texts = leave_everything(|| Storage::shared_records(table.clone(), keys())).await;
    let left = [
        table.slots::<CodeGrant>().len(),
        table.slots::<PendingRegistration>().len(),
        table.slots::<PendingApproval>().len(),
        table.slots::<PendingAction>().len(),
        table.slots::<UserAction>().len(),
    ];
    assert!(left.iter().all(|left| *left > 0), "{left:?}");
    for bytes in table.records.lock().unwrap().values() {
        assert_hidden(bytes, &texts);
    }
    let entries = table.entries.lock().unwrap();
    assert!(entries.iter().any(|entry| entry.opening.is_some() && entry.credential.is_some()));
    for entry in &*entries {
        assert_hidden(entry.id.as_str().as_bytes(), &texts);
        assert_hidden(entry.owner.as_bytes(), &texts);
        for part in [&entry.session, &entry.opening, &entry.credential].into_iter().flatten() {
            assert_hidden(part, &texts);
        }
    }
}

#[tokio::test]
async fn a_record_that_was_moved_to_the_slot_of_another_code_buys_nothing() {
    let table = Arc::new(Table::default());
    let (world, reasons) = world(&table, |setup| setup);
    let codes = [world.mint().await, world.mint().await];
    let slots = table.slots::<CodeGrant>();
    {
        let mut records = table.records.lock().unwrap();
        let [one, other] = [slots[0], slots[1]].map(|slot| (CodeGrant::NAME, slot));
        let moved = records.remove(&one).unwrap();
        let moved = records.insert(other, moved).unwrap();
        records.insert(one, moved);
    }
    for code in &codes {
        let refusal = world.exchange(CredentialKind::Key, code).await;
        assert_eq!(refusal, World::new().exchange(CredentialKind::Key, code).await, "as an unknown one");
    }
    let reasons = reasons.lock().unwrap();
    assert!(
        reasons.len() == 2 && reasons.iter().all(|reason| reason.contains("it does not open")),
        "{reasons:?}"
    );
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn a_challenge_that_was_altered_registers_nothing() {
    let table = Arc::new(Table::default());
    let (world, reasons) = world(&table, |setup| setup);
    let body = world.registration(CredentialKind::Key).await;
    for bytes in table.records.lock().unwrap().values_mut() {
        *bytes.last_mut().unwrap() ^= 1;
    }
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    assert!(reasons.lock().unwrap()[0].contains("it does not open"));
    assert!(world.host.stored().is_empty());
}

/// The owner sees the credential in the ledger. The credential in a record is the one that is
/// stored.
#[tokio::test]
async fn a_credential_that_was_shown_for_another_enrolment_is_not_shown_for_this_one() {
    let table = Arc::new(Table::default());
    let (world, _) = world(&table, |setup| setup.policy(|policy| policy.approval(Approval::Asked)));
    for _ in 0..2 {
        let body = world.registration(CredentialKind::Key).await;
        world.register(&body).await.ok();
    }
    let caller = Caller::new(user());
    let shown = world.flow.enrolments(&caller).await.unwrap();
    assert!(shown.iter().all(|enrolment| enrolment.stage == Stage::Pending));
    {
        let mut entries = table.entries.lock().unwrap();
        let [one, other] = &mut entries[..] else { panic!("two were minted") };
        std::mem::swap(&mut one.credential, &mut other.credential);
    }
    for enrolment in &shown {
        world.flow.approve(&caller, ApproveRequest::new(enrolment.id.clone())).await.unwrap_err();
    }
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn enrolments_are_found_during_a_rotation_and_lost_with_their_key() {
    let table = Arc::new(Table::default());
    let process = |keys| SealedStore::new(table.clone(), keys);
    let before = process(SlotKeys::new(&key(1), &[]));
    let rotated = process(SlotKeys::new(&key(2), &[key(1)]));
    let after = process(SlotKeys::new(&key(2), &[]));
    let now = ManualClock::new().now();
    let enrolment = |last: char, age| {
        let id = EnrolmentId::new(format!("en-6uunn-bm6ja-f6rmod5kqrk5rbe{last}")).unwrap();
        let at = now - Duration::from_secs(age);
        Enrolment::new(id, user(), at, at + Duration::from_secs(60))
    };
    let (old, new) = (enrolment('a', 2), enrolment('b', 1));
    assert_eq!(before.enter(old.clone()).await.unwrap(), Insertion::Created);
    assert_eq!(rotated.enter(new.clone()).await.unwrap(), Insertion::Created);
    assert_eq!(rotated.enrolments(&user(), now).await.unwrap(), [new.clone(), old.clone()]);
    assert_eq!(rotated.find(&user(), &old.id).await.unwrap(), Some(old.clone()));
    let change = Change::new(Stage::Revoked, old.gone_at);
    let transition = rotated.advance(&user(), &old.id, &[Stage::Waiting], change).await.unwrap();
    assert!(matches!(transition, Transition::Made(_)), "{transition:?}");
    assert_eq!(after.enrolments(&user(), now).await.unwrap(), [new]);
    assert_eq!(after.find(&user(), &old.id).await.unwrap(), None);
    let owners: HashSet<_> = table.entries.lock().unwrap().iter().map(|entry| entry.owner).collect();
    assert_eq!(owners.len(), 2);
}
