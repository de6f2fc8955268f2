//! The long poll.

use std::time::Duration;

use credential_code::model::Approval;
use serde_json::json;
use tokio::task::JoinHandle;

use super::ENROLMENTS;
use crate::flaky::Flaky;
use crate::support::{Answer, World, attest, register_body, text};

impl World {
    fn waits(&self, id: &str, after: &str, seconds: u64) -> JoinHandle<Answer> {
        let (world, path) = (self.clone(), format!("{ENROLMENTS}/{id}?after={after}&wait={seconds}"));
        tokio::spawn(async move { world.get(&path).await })
    }
}

/// Lets every task go as far as it can.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_waiter_is_answered_at_each_change() {
    let world = World::asking(Approval::Asked);
    let minted = world.minted().await;
    let id = text(&minted, "enrolmentId");
    let waits = world.waits(&id, "waiting", 25);
    settle().await;
    assert!(!waits.is_finished());
    let challenge =
        world.exchange(credential_code::model::CredentialKind::Key, &text(&minted, "code")).await.ok();
    assert_eq!(waits.await.unwrap().ok()["stage"], "opened");

    let waits = world.waits(&id, "opened", 25);
    settle().await;
    let body = register_body(&challenge, &attest(credential_code::model::CredentialKind::Key, &challenge));
    let answer = world.register(&body).await.ok();
    assert_eq!(waits.await.unwrap().ok()["stage"], "pending");

    let waits = world.waits(&id, "pending", 25);
    let client = {
        let (world, token) = (world.clone(), answer["approval"]["token"].clone());
        let body = json!({ "token": token, "after": "pending", "wait": 25 });
        tokio::spawn(async move { world.outcome(&body).await })
    };
    settle().await;
    assert!(!waits.is_finished() && !client.is_finished());
    world.approve(&id, &json!({})).await.ok();
    assert_eq!(waits.await.unwrap().ok()["stage"], "added");
    let outcome = client.await.unwrap().ok();
    assert_eq!(outcome["stage"], "added");
    assert_eq!(outcome.as_object().unwrap().len(), 2, "{outcome}");
}

#[tokio::test]
async fn a_waiter_is_answered_when_its_time_is_over() {
    let world = World::new();
    let id = text(&world.minted().await, "enrolmentId");
    let waits = world.waits(&id, "waiting", 5);
    settle().await;
    world.advance(Duration::from_millis(4_999));
    settle().await;
    assert!(!waits.is_finished());
    world.advance(Duration::from_millis(1));
    assert_eq!(waits.await.unwrap().ok()["stage"], "waiting");
}

#[tokio::test]
async fn an_expiry_and_a_lapse_wake_a_waiter() {
    let world = World::asking(Approval::Asked);
    let waiting = text(&world.minted().await, "enrolmentId");
    world.advance(Duration::from_secs(50));
    let waits = world.waits(&waiting, "waiting", 25);
    settle().await;
    world.advance(Duration::from_millis(9_900));
    settle().await;
    world.advance(Duration::from_millis(200));
    assert_eq!(waits.await.unwrap().ok()["stage"], "expired");

    let (pending, answer) = world.pending().await;
    world.advance(Duration::from_secs(290));
    let waits = world.waits(&pending, "pending", 25);
    let client = {
        let (world, token) = (world.clone(), answer["approval"]["token"].clone());
        let body = json!({ "token": token, "after": "pending", "wait": 25 });
        tokio::spawn(async move { world.outcome(&body).await })
    };
    settle().await;
    world.advance(Duration::from_millis(10_100));
    assert_eq!(waits.await.unwrap().ok()["stage"], "refused");
    assert_eq!(client.await.unwrap().ok()["stage"], "refused");
}

/// Two processes use one store. If one changes something, the waiters of the other learn of it
/// within a second. They share one look.
#[tokio::test]
async fn a_change_in_another_process_wakes_those_who_wait_in_this_one() {
    let store = Flaky::new();
    let process = || World::with(|setup| setup.storage(store.storage()));
    let (here, there) = (process(), process());
    let id = text(&here.minted().await, "enrolmentId");
    let waits: Vec<_> = (0..10).map(|_| here.waits(&id, "waiting", 25)).collect();
    settle().await;
    let before = store.finds();
    for _ in 0..10 {
        here.advance(Duration::from_millis(500));
        settle().await;
    }
    assert_eq!(store.finds() - before, 10, "twice a second, however many wait");
    // The waiter that looks hangs up, and another one looks from then on.
    let mut waits = waits.into_iter();
    waits.next().unwrap().abort();
    settle().await;
    there.revoke(&id).await.ok();
    settle().await;
    assert!(waits.as_slice().iter().all(|waiter| !waiter.is_finished()));
    here.advance(Duration::from_millis(500));
    for waiter in waits {
        assert_eq!(waiter.await.unwrap().ok()["stage"], "revoked");
    }
}

/// A waiter asks again if the ledger fails meanwhile.
#[tokio::test]
async fn a_waiter_outlasts_a_ledger_that_fails() {
    let store = Flaky::new();
    let storage = store.storage();
    let world = World::with(|setup| setup.storage(storage));
    let id = text(&world.minted().await, "enrolmentId");
    let waits = world.waits(&id, "waiting", 25);
    settle().await;
    store.fail_finds(3);
    for _ in 0..4 {
        world.advance(Duration::from_millis(500));
        settle().await;
    }
    assert!(!waits.is_finished());
    world.revoke(&id).await.ok();
    assert_eq!(waits.await.unwrap().ok()["stage"], "revoked");
    // If the first look fails, the request fails.
    store.fail_finds(1);
    world.waits(&id, "waiting", 25).await.unwrap().assert_refused(503, "unavailable");
}

#[tokio::test]
async fn a_stage_that_is_not_the_known_one_is_answered_at_once() {
    let world = World::new();
    let id = text(&world.minted().await, "enrolmentId");
    assert_eq!(world.waits(&id, "opened", 25).await.unwrap().ok()["stage"], "waiting");
}

#[tokio::test]
async fn a_user_has_sixteen_waiters_and_one_who_hangs_up_leaves_a_seat() {
    let world = World::new();
    let id = text(&world.minted().await, "enrolmentId");
    let mut waiters: Vec<_> = (0..16).map(|_| world.waits(&id, "waiting", 25)).collect();
    settle().await;
    let refused = world.waits(&id, "waiting", 25).await.unwrap();
    refused.assert_refused(429, "too_many_attempts");
    assert_eq!(refused.headers[http::header::RETRY_AFTER], "1");
    waiters.pop().unwrap().abort();
    settle().await;
    let another = world.waits(&id, "waiting", 25);
    settle().await;
    assert!(!another.is_finished());
    world.revoke(&id).await.ok();
    for waiter in waiters.into_iter().chain([another]) {
        assert_eq!(waiter.await.unwrap().ok()["stage"], "revoked");
    }
}

/// The client that made the credential may belong to a stranger. It can't keep the owner from
/// watching.
#[tokio::test]
async fn a_client_that_waits_takes_no_seat_of_the_owner() {
    let world = World::asking(Approval::Asked);
    let (id, answer) = world.pending().await;
    let body = json!({ "token": answer["approval"]["token"], "after": "pending", "wait": 25 });
    let client = || {
        let (world, body) = (world.clone(), body.clone());
        tokio::spawn(async move { world.outcome(&body).await })
    };
    let clients: Vec<_> = (0..16).map(|_| client()).collect();
    settle().await;
    client().await.unwrap().assert_refused(429, "too_many_attempts");
    let owners: Vec<_> = (0..16).map(|_| world.waits(&id, "pending", 25)).collect();
    settle().await;
    world.refuse(&id).await.ok();
    for waiter in clients.into_iter().chain(owners) {
        assert_eq!(waiter.await.unwrap().ok()["stage"], "refused");
    }
}

#[tokio::test]
async fn a_thousand_wait_at_once_and_no_more() {
    use credential_code::model::{User, UserId};

    let users: Vec<_> = (0..63).map(|number| UserId::new(format!("us-{number}")).unwrap()).collect();
    let host = std::sync::Arc::new(credential_code::testing::MemoryHost::new(
        users.iter().map(|user| User::new(user.clone(), "ada")),
    ));
    let world = World::with(|setup| setup.site(|site| site.authenticator(host.clone()).users(host)));
    let mut waiters = Vec::new();
    for user in &users {
        let body = json!({ "expiration": world.unix(60) }).to_string();
        let request = http::Request::post(crate::support::MINT)
            .header(http::header::AUTHORIZATION, format!("Bearer {user}"))
            .header(http::header::CONTENT_TYPE, "application/json");
        let minted = world.send(request.body(body.into()).unwrap()).await.ok();
        let path = format!("{ENROLMENTS}/{}?after=waiting&wait=25", text(&minted, "enrolmentId"));
        for _ in 0..16 {
            let (world, request) = (world.clone(), super::as_user("GET", &path, user.as_str()));
            waiters.push(tokio::spawn(async move { world.send(request).await }));
        }
    }
    settle().await;
    let refused = waiters.iter().filter(|waiter| waiter.is_finished()).count();
    assert_eq!(refused, 63 * 16 - 1000);
    world.advance(Duration::from_secs(25));
    let mut answered = 0;
    for waiter in waiters {
        answered += usize::from(waiter.await.unwrap().status == 200);
    }
    assert_eq!(answered, 1000);
}

/// Half of the seats belong to the owners, however many clients wait.
#[tokio::test]
async fn five_hundred_clients_wait_at_once_and_no_more() {
    use credential_code::model::{User, UserId};

    let users: Vec<_> = (0..32).map(|number| UserId::new(format!("us-{number}")).unwrap()).collect();
    let host = std::sync::Arc::new(credential_code::testing::MemoryHost::new(
        users.iter().map(|user| User::new(user.clone(), "ada")),
    ));
    let world = World::with(|setup| {
        let setup = setup.policy(|_| crate::support::plenty().approval(Approval::Asked));
        setup.site(|site| site.authenticator(host.clone()).users(host.clone()).credentials(host))
    });
    let mut clients = Vec::new();
    for user in &users {
        let body = json!({ "expiration": world.unix(60) }).to_string();
        let request = http::Request::post(crate::support::MINT)
            .header(http::header::AUTHORIZATION, format!("Bearer {user}"))
            .header(http::header::CONTENT_TYPE, "application/json");
        let minted = world.send(request.body(body.into()).unwrap()).await.ok();
        let kind = credential_code::model::CredentialKind::Key;
        let challenge = world.exchange(kind, &text(&minted, "code")).await.ok();
        let answer = world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        let body = json!({ "token": answer["approval"]["token"], "after": "pending", "wait": 25 });
        for _ in 0..16 {
            let (world, body) = (world.clone(), body.clone());
            clients.push(tokio::spawn(async move { world.outcome(&body).await }));
        }
    }
    settle().await;
    assert_eq!(clients.iter().filter(|client| client.is_finished()).count(), 12);
    clients.iter().for_each(JoinHandle::abort);
}
