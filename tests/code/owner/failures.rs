//! Stores and hosts that fail, and callers who hang up.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::SystemTime;

use async_trait::async_trait;
use credential_code::Storage;
use credential_code::crypto::Digest;
use credential_code::error::StoreError;
use credential_code::model::{Approval, Credential, CredentialKind, Insertion};
use credential_code::store::{
    ClearRecord, MemoryStore, OneTimeStore, PendingApproval, PendingRegistration, Record, Slot, codec,
};
use serde_json::json;

use crate::flaky::Flaky;
use crate::support::{World, attest, plenty, register_body, text};

fn world(approval: Approval) -> (World, Arc<Flaky>) {
    let store = Flaky::new();
    let storage = store.storage();
    (World::with(|setup| setup.storage(storage).policy(|_| plenty().approval(approval))), store)
}

#[tokio::test]
async fn a_ledger_that_fails_mints_no_code() {
    let (world, store) = world(Approval::NotAsked);
    store.fail_entries(1);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(crate::support::MINT, &mint).await.assert_refused(503, "unavailable");
    world.mint().await;
}

#[tokio::test]
async fn a_store_that_fails_shows_the_owner_no_code_that_nobody_has() {
    let (world, store) = world(Approval::NotAsked);
    store.fail_inserts::<credential_code::store::CodeGrant>(1);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(crate::support::MINT, &mint).await.assert_refused(503, "unavailable");
    let list = world.get(super::ENROLMENTS).await.ok();
    assert_eq!(list["items"][0]["stage"], "revoked", "{list}");
}

/// Nobody can tell whether the ledger did it or lost the answer. The same code works again.
#[tokio::test]
async fn an_exchange_survives_a_ledger_that_fails() {
    for fail in [Flaky::fail_advances, Flaky::forget_advances] {
        let (world, store) = world(Approval::NotAsked);
        let code = world.mint().await;
        fail(&store, 1);
        world.exchange(CredentialKind::Key, &code).await.assert_refused(503, "unavailable");
        world.exchange(CredentialKind::Key, &code).await.ok();
    }
}

#[tokio::test]
async fn a_register_survives_a_ledger_that_fails() {
    for approval in [Approval::NotAsked, Approval::Asked] {
        for fail in [Flaky::fail_advances, Flaky::forget_advances] {
            let (world, store) = world(approval);
            let (id, body) = world.opened().await;
            fail(&store, 1);
            world.register(&body).await.assert_refused(503, "unavailable");
            assert!(world.host.stored().is_empty());
            world.register(&body).await.ok();
            let stage = if approval == Approval::NotAsked { "added" } else { "pending" };
            assert_eq!(world.stage(&id).await, stage);
        }
    }
}

#[tokio::test]
async fn a_credential_that_waits_survives_a_store_that_fails() {
    let (world, store) = world(Approval::Asked);
    let (id, body) = world.opened().await;
    store.fail_inserts::<PendingApproval>(1);
    world.register(&body).await.assert_refused(503, "unavailable");
    world.register(&body).await.ok();
    world.approve(&id, &json!({})).await.ok();
    assert_eq!(world.host.stored().len(), 1);
}

/// The second try has a check code of its own.
#[tokio::test]
async fn a_credential_that_waits_survives_a_lost_answer_of_the_store() {
    let (world, store) = world(Approval::AskedWithCheckCode);
    let (id, body) = world.opened().await;
    store.lose_inserts::<PendingApproval>(1);
    world.register(&body).await.assert_refused(503, "unavailable");
    let answer = world.register(&body).await.ok();
    let right = json!({ "checkCode": text(&answer["approval"], "checkCode") });
    world.approve(&id, &right).await.ok();
    assert_eq!(world.host.stored().len(), 1);
}

/// The challenge could not be kept for a repetition of the same answer. The owner still decides.
#[tokio::test]
async fn a_challenge_that_was_not_kept_costs_the_second_answer_alone() {
    let (world, store) = world(Approval::Asked);
    let (id, body) = world.opened().await;
    store.fail_inserts::<PendingRegistration>(1);
    world.register(&body).await.ok();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    world.approve(&id, &json!({})).await.ok();
}

#[tokio::test]
async fn an_approval_survives_whatever_fails() {
    let failures: [fn(&World, &Flaky); 4] = [
        |_, store| store.fail_advances(1),
        |_, store| store.forget_advances(1),
        |_, store| store.fail_takes::<PendingApproval>(1),
        |world, _| world.host.fail(),
    ];
    for fail in failures {
        let (world, store) = world(Approval::Asked);
        let (id, _) = world.pending().await;
        fail(&world, &store);
        let failed = world.approve(&id, &json!({})).await;
        assert!(failed.status.is_server_error(), "{failed:?}");
        world.host.recover();
        assert!(world.host.stored().is_empty());
        assert_eq!(world.stage(&id).await, "pending");
        world.approve(&id, &json!({})).await.ok();
        assert_eq!(world.host.stored().len(), 1);
    }
}

/// As at register, nobody can tell whether it was stored. So only the same credential may be tried
/// next.
#[tokio::test]
async fn an_insertion_that_failed_at_approval_is_repeated_and_stores_one() {
    for stores in [false, true] {
        let (world, _) = world(Approval::Asked);
        let (id, _) = world.pending().await;
        if stores {
            world.host.lose_insertions()
        } else {
            world.host.fail_insertions()
        }
        world.approve(&id, &json!({})).await.assert_refused(500, "internal");
        world.host.recover();
        assert_eq!(world.host.stored().len(), usize::from(stores));
        // As far as anybody knows, the credential is there. So nobody is told that it was refused
        // or revoked.
        assert_eq!(world.stage(&id).await, "added");
        world.refuse(&id).await.assert_refused(409, "conflict");
        world.revoke(&id).await.assert_refused(409, "conflict");
        world.approve(&id, &json!({})).await.ok();
        assert_eq!(world.host.stored().len(), 1);
        assert_eq!(world.stage(&id).await, "added");
        world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
    }
}

/// A second try still needs the check code, and still counts wrong ones.
#[tokio::test]
async fn a_check_code_counts_after_an_insertion_that_failed_too() {
    let (world, _) = world(Approval::AskedWithCheckCode);
    let (id, answer) = world.pending().await;
    let right = text(&answer["approval"], "checkCode");
    let wrong = json!({ "checkCode": if right == "000000" { "000001" } else { "000000" } });
    let right = json!({ "checkCode": right });
    world.host.fail_insertions();
    world.approve(&id, &right).await.assert_refused(500, "internal");
    world.host.recover();
    world.approve(&id, &json!({})).await.assert_refused(400, "invalid_request");
    for _ in 0..2 {
        world.approve(&id, &wrong).await.assert_refused(403, "invalid_check_code");
    }
    world.approve(&id, &right).await.ok();
    assert_eq!(world.host.stored().len(), 1);
}

#[tokio::test]
async fn a_registration_that_may_have_been_stored_is_not_said_to_be_revoked() {
    for stores in [false, true] {
        let (world, _) = world(Approval::NotAsked);
        let (id, body) = world.opened().await;
        if stores {
            world.host.lose_insertions()
        } else {
            world.host.fail_insertions()
        }
        world.register(&body).await.assert_refused(500, "internal");
        world.host.recover();
        let late = world.revoke(&id).await;
        late.assert_refused(409, "conflict");
        assert_eq!(late.json()["error"]["stage"], "added");
        world.register(&body).await.ok();
        assert_eq!(world.host.stored().len(), 1);
    }
}

/// The credential that the owner saw is the one that is stored. A second try with another
/// credential is refused.
#[tokio::test]
async fn a_credential_that_was_shown_is_not_exchanged_for_another() {
    let (world, store) = world(Approval::Asked);
    let minted = world.minted().await;
    let challenge = world.exchange(CredentialKind::Key, &text(&minted, "code")).await.ok();
    let [one, two] = [(); 2].map(|()| register_body(&challenge, &attest(CredentialKind::Key, &challenge)));
    store.fail_inserts::<PendingApproval>(1);
    world.register(&one).await.assert_refused(503, "unavailable");
    world.register(&two).await.assert_refused(403, "invalid_challenge");
    let id = text(&minted, "enrolmentId");
    let seen = world.enrolment(&id).await;
    assert_eq!(seen["credential"]["credentialId"], one["credentialInfo"]["credId"]);
    world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
    assert!(world.host.stored().is_empty());
}

/// An undo may end the claim of a retry before the host has answered it.
#[tokio::test]
async fn an_undo_that_was_answered_leaves_nothing_of_a_retry() {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let kept = tokens.clone();
    let world = World::with(|setup| {
        setup.events(move |event| kept.lock().unwrap().extend(event.undo_token().cloned()))
    });
    let (id, body) = world.opened().await;
    world.host.fail_insertions();
    world.register(&body).await.assert_refused(500, "internal");
    world.host.recover();
    world.host.hold_insertions();
    let retry = {
        let (world, body) = (world.clone(), body.clone());
        tokio::spawn(async move { world.register(&body).await })
    };
    while world.host.held_insertions() == 0 {
        tokio::task::yield_now().await;
    }
    let token = tokens.lock().unwrap()[0].reveal().to_owned();
    world.undo(&token).await.ok();
    world.host.release_insertions();
    retry.await.unwrap().assert_refused(403, "invalid_challenge");
    assert!(world.host.stored().is_empty());
    assert_eq!(world.stage(&id).await, "undone");
}

#[tokio::test]
async fn a_refusal_at_register_gives_the_claim_back() {
    let (world, _) = world(Approval::NotAsked);
    let (id, mut body) = world.opened().await;
    let fresh = body.clone();
    let (other, first) = world.opened().await;
    world.register(&first).await.ok();
    body["credentialInfo"]["credId"] = first["credentialInfo"]["credId"].clone();
    world.register(&body).await.assert_refused(409, "duplicate_credential");
    assert_eq!((world.stage(&id).await, world.stage(&other).await), ("opened".into(), "added".into()));
    world.register(&fresh).await.ok();
}

/// A removal that fails leaves a credential that nobody approves of. The host hears of it, and of a
/// token that takes it back.
#[tokio::test]
async fn a_retry_whose_removal_fails_is_told_as_unsettled() {
    let told = super::Told::default();
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let (heard, kept) = (told.clone(), tokens.clone());
    let world = World::with(|setup| {
        setup.events(move |event| {
            heard.hear(event);
            kept.lock().unwrap().extend(event.undo_token().cloned());
        })
    });
    let (id, body) = world.opened().await;
    world.host.fail_insertions();
    world.register(&body).await.assert_refused(500, "internal");
    world.host.recover();
    world.host.hold_insertions();
    let retry = {
        let (world, body) = (world.clone(), body.clone());
        tokio::spawn(async move { world.register(&body).await })
    };
    while world.host.held_insertions() == 0 {
        tokio::task::yield_now().await;
    }
    let token = |at: usize| tokens.lock().unwrap()[at].reveal().to_owned();
    world.undo(&token(0)).await.ok();
    world.host.fail_removals();
    world.host.release_insertions();
    retry.await.unwrap().assert_refused(500, "internal");
    assert_eq!(world.host.stored().len(), 1);
    assert_eq!(told.of(&id), ["Minted", "Exchanged", "Unsettled", "Refused", "Unsettled", "Refused"]);
    world.host.recover();
    world.undo(&token(1)).await.ok();
    assert!(world.host.stored().is_empty());
}

/// The engine forgot that a challenge was spent. The same answer again stores nothing else, and the
/// owner is told nothing false.
#[tokio::test]
async fn a_challenge_that_comes_back_after_it_was_spent_takes_no_claim_back() {
    let (world, store) = world(Approval::NotAsked);
    let (id, body) = world.opened().await;
    store.forget_takes::<PendingRegistration>();
    let first = world.register(&body).await.ok();
    assert_eq!(world.register(&body).await.ok(), first);
    assert_eq!(world.stage(&id).await, "added");
    world.revoke(&id).await.assert_refused(409, "conflict");
    assert_eq!(world.host.stored().len(), 1);
}

/// Each mint lists the enrolments after both were entered, in one order.
#[tokio::test]
async fn of_two_mints_at_once_the_later_code_works() {
    let store = Flaky::new();
    let storage = store.storage();
    let world = World::with(|setup| setup.storage(storage).policy(|_| plenty().outstanding_per_user(1)));
    for _ in 0..20 {
        let (one, two) = tokio::join!(world.minted(), world.minted());
        let mut stages = Vec::new();
        for minted in [&one, &two] {
            stages.push(world.stage(&text(minted, "enrolmentId")).await);
        }
        stages.sort();
        assert_eq!(stages, ["revoked", "waiting"]);
    }
}

/// An attempt is counted by taking the waiting record. So a caller who hangs up has lost it.
#[tokio::test]
async fn a_guesser_who_hangs_up_tries_no_second_check_code() {
    use credential_code::code::ApproveRequest;
    use credential_code::host::Caller;
    use credential_code::model::{CheckCode, EnrolmentId};

    let (world, store) = world(Approval::AskedWithCheckCode);
    let (id, answer) = world.pending().await;
    let right = text(&answer["approval"], "checkCode");
    let wrong = if right == "000000" { "000001" } else { "000000" };
    store.hang_inserts::<PendingApproval>();
    {
        let mut request = ApproveRequest::new(EnrolmentId::new(id.as_str()).unwrap());
        request.check_code = Some(CheckCode::new(wrong).unwrap());
        let caller = Caller::new(crate::support::user());
        let mut approving = pin!(world.flow.approve(&caller, request));
        assert!(approving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    store.recover();
    world.approve(&id, &json!({ "checkCode": right })).await.assert_refused(409, "conflict");
    assert!(world.host.stored().is_empty());
}

/// Alters a credential.
type Alteration = fn(&mut Credential);

/// A store in clear whose writer alters the credential that waits.
#[derive(Debug)]
struct Altered {
    inner: MemoryStore,
    alters: Mutex<Alteration>,
}

#[async_trait]
impl<R: ClearRecord> OneTimeStore<R> for Altered
where
    MemoryStore: OneTimeStore<R>,
{
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.inner.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        let taken = self.inner.take(slot, now).await?;
        let alter = *self.alters.lock().unwrap();
        let waits = R::NAME == PendingApproval::NAME;
        Ok(taken.map(|record| if waits { altered(&record, alter) } else { record }))
    }
}

fn altered<R: Record>(record: &R, alter: Alteration) -> R {
    let mut waiting: PendingApproval = codec::decode(&codec::encode(record).unwrap()).unwrap();
    alter(&mut waiting.credential);
    codec::decode(&codec::encode(&waiting).unwrap()).unwrap()
}

/// Nothing is approved but what the owner saw.
#[tokio::test]
async fn what_the_owner_was_not_shown_is_not_stored() {
    let alterations: [(&str, Alteration); 5] = [
        ("another name", |it| it.name = "tablet".into()),
        ("another digest", |it| it.digest = Digest::Sha512),
        ("another model", |it| it.fido2.as_mut().unwrap().aaguid = [7; 16]),
        ("an unverified person", |it| it.fido2.as_mut().unwrap().user_verified ^= true),
        ("no properties", |it| it.fido2 = None),
    ];
    for (what, alter) in alterations {
        let store = Arc::new(Altered { inner: MemoryStore::new(100), alters: Mutex::new(|_| {}) });
        let storage = Storage::in_process(store.clone());
        let world =
            World::with(|setup| setup.storage(storage).policy(|_| plenty().approval(Approval::Asked)));
        let minted = world.minted().await;
        let id = text(&minted, "enrolmentId");
        let challenge = world.exchange(CredentialKind::Fido2, &text(&minted, "code")).await.ok();
        let body = register_body(&challenge, &attest(CredentialKind::Fido2, &challenge));
        world.register(&body).await.ok();
        assert_eq!(world.enrolment(&id).await["credential"]["name"], "laptop");
        *store.alters.lock().unwrap() = alter;
        world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
        assert_eq!(world.enrolment(&id).await["stage"], "refused", "{what}");
        assert!(world.host.stored().is_empty(), "{what}");
    }
}
