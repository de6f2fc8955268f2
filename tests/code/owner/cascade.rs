//! Everything that began before an instant is void.

use std::time::Duration;

use credential_code::clock::Clock;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest};
use credential_code::error::ErrorKind;
use credential_code::host::Caller;
use credential_code::model::{Approval, CredentialKind};
use serde_json::json;

use crate::support::{World, text, user};

impl World {
    /// Voids everything that began before now.
    fn void(&self) {
        self.advance(Duration::from_millis(1));
        self.host.set_void_before(&user(), self.clock.now());
    }
}

#[tokio::test]
async fn a_code_from_before_is_void_and_one_from_then_on_works() {
    let world = World::new();
    let code = world.mint().await;
    world.void();
    world.exchange(CredentialKind::Key, &code).await.assert_refused(403, "invalid_code");
    let fresh = world.mint().await;
    world.exchange(CredentialKind::Key, &fresh).await.ok();
}

#[tokio::test]
async fn a_challenge_from_before_is_void() {
    let world = World::new();
    let (_, body) = world.opened().await;
    world.void();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    assert!(world.host.stored().is_empty());
}

/// A challenge is as old as its code: a later exchange does not renew it.
#[tokio::test]
async fn what_a_code_buys_is_as_old_as_the_code() {
    let world = World::new();
    let code = world.mint().await;
    world.advance(Duration::from_millis(1));
    let between = world.clock.now();
    world.advance(Duration::from_millis(1));
    let challenge = world.exchange(CredentialKind::Key, &code).await.ok();
    world.host.set_void_before(&user(), between);
    let proof = crate::support::attest(CredentialKind::Key, &challenge);
    let body = crate::support::register_body(&challenge, &proof);
    world.register(&body).await.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn an_approval_from_before_is_void() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    world.void();
    world.approve(&id, &json!({})).await.assert_refused(403, "forbidden");
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn a_session_from_before_mints_nothing_and_what_it_minted_is_as_old_as_it_is() {
    let world = World::new();
    let signed_in = world.clock.now();
    let caller = Caller::new(user()).since(signed_in);
    let request = MintRequest::new(Expiration::from_unix(world.unix(60)).unwrap());
    world.advance(Duration::from_millis(1));
    let between = world.clock.now();
    world.advance(Duration::from_millis(1));
    let minted = world.flow.mint(&caller, request.clone()).await.unwrap();
    world.host.set_void_before(&user(), between);
    let party = std::sync::Arc::new(crate::support::party());
    let exchange = ExchangeRequest::new(minted.code, CredentialKind::Key, party);
    assert_eq!(world.flow.exchange(exchange).await.unwrap_err().kind(), ErrorKind::InvalidCode);
    let error = world.flow.mint(&caller, request.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    // A session that began after the instant works.
    world.flow.mint(&Caller::new(user()).since(between), request).await.unwrap();
}

/// An older session does not approve what a fresh one minted. Its try does not lose the waiting
/// credential.
#[tokio::test]
async fn a_session_from_before_approves_nothing() {
    let world = World::asking(Approval::Asked);
    let signed_in = world.clock.now();
    world.void();
    let (id, _) = world.pending().await;
    let id = credential_code::model::EnrolmentId::new(id).unwrap();
    let request = || credential_code::code::ApproveRequest::new(id.clone());
    for _ in 0..7 {
        let stale = Caller::new(user()).since(signed_in);
        let error = world.flow.approve(&stale, request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
    world.flow.approve(&Caller::new(user()).since(world.clock.now()), request()).await.unwrap();
}

#[tokio::test]
async fn the_owner_still_sees_what_is_void() {
    let world = World::new();
    let minted = world.minted().await;
    world.void();
    assert_eq!(world.stage(&text(&minted, "enrolmentId")).await, "waiting");
    world.revoke(&text(&minted, "enrolmentId")).await.ok();
}
