//! How an enrolment begins and ends.

use std::time::Duration;

use credential_code::model::CredentialKind;
use serde_json::json;

use super::ENROLMENTS;
use crate::support::{World, attest, member_names, plenty, register_body, text};

#[tokio::test]
async fn an_enrolment_goes_from_waiting_over_opened_to_added() {
    let world = World::with(|setup| {
        setup.site(|site| {
            site.source(|_| Some("192.0.2.1".into())).place(|_| Some("Chrome on Android, Lyon".into()))
        })
    });
    let minted = world.minted().await;
    let id = text(&minted, "enrolmentId");
    let seen = world.enrolment(&id).await;
    assert_eq!(seen["stage"], "waiting");
    assert_eq!(seen["expiration"], minted["expiration"]);
    assert_eq!(member_names(&seen), ["dateCreated", "expiration", "id", "stage"]);

    let challenge = world.exchange(CredentialKind::Key, &text(&minted, "code")).await.ok();
    let seen = world.enrolment(&id).await;
    assert_eq!(seen["stage"], "opened");
    assert_eq!(seen["kind"], "Key");
    assert_eq!(seen["relyingPartyId"], "example.com");
    assert_eq!(seen["expiration"], "2100-01-01T00:05:00.000Z");
    let opened = json!({
        "dateCreated": "2100-01-01T00:00:00.000Z",
        "source": "192.0.2.1",
        "place": "Chrome on Android, Lyon",
    });
    assert_eq!(seen["opened"], opened);
    assert!(seen.get("origin").is_none() && seen.get("credential").is_none(), "{seen}");

    let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
    let registered = world.register(&body).await.ok();
    assert_eq!(registered["enrolmentId"], id.as_str());
    assert!(registered.get("approval").is_none(), "{registered}");
    let seen = world.enrolment(&id).await;
    assert_eq!(seen["stage"], "added");
    for member in ["credentialUuid", "credentialId", "name", "publicKey", "isActive"] {
        assert_eq!(seen["credential"][member], registered[member], "{member}");
    }
    assert_eq!(seen["credential"].as_object().unwrap().len(), 9, "{seen}");
}

#[tokio::test]
async fn a_code_that_nobody_entered_and_a_challenge_that_nobody_answered_expire() {
    let world = World::new();
    let waiting = text(&world.minted().await, "enrolmentId");
    let (opened, _) = world.opened().await;
    world.advance(Duration::from_secs(60) - Duration::from_millis(1));
    assert_eq!(world.stage(&waiting).await, "waiting");
    world.advance(Duration::from_millis(1));
    assert_eq!(world.stage(&waiting).await, "expired");
    world.advance(Duration::from_secs(240) - Duration::from_millis(1));
    assert_eq!(world.stage(&opened).await, "opened");
    world.advance(Duration::from_millis(1));
    assert_eq!(world.stage(&opened).await, "expired");
}

#[tokio::test]
async fn an_hour_after_its_end_an_enrolment_is_gone() {
    let world = World::new();
    let waiting = text(&world.minted().await, "enrolmentId");
    let (added, body) = world.opened().await;
    world.register(&body).await.ok();
    let (revoked, _) = world.opened().await;
    world.revoke(&revoked).await.ok();
    world.advance(Duration::from_secs(3600) - Duration::from_millis(1));
    assert_eq!(world.stage(&added).await, "added");
    world.advance(Duration::from_millis(1));
    for gone in [&added, &revoked] {
        world.get(&format!("{ENROLMENTS}/{gone}")).await.assert_refused(404, "not_found");
    }
    // It ended when its code expired.
    assert_eq!(world.stage(&waiting).await, "expired");
    let items = world.get(ENROLMENTS).await.ok();
    assert_eq!(items["items"].as_array().unwrap().len(), 1, "{items}");
    world.advance(Duration::from_secs(60));
    assert_eq!(world.get(ENROLMENTS).await.ok(), json!({ "items": [] }));
}

#[tokio::test]
async fn a_list_has_everything_of_the_owner_the_newest_first() {
    let world = World::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(text(&world.minted().await, "enrolmentId"));
        world.advance(Duration::from_millis(1));
    }
    world.revoke(&ids[2]).await.ok();
    let list = world.get(ENROLMENTS).await.ok();
    let items = list["items"].as_array().unwrap();
    let listed: Vec<_> = items.iter().map(|item| text(item, "id")).collect();
    ids.reverse();
    assert_eq!(listed, ids);
    assert_eq!(items[2]["stage"], "revoked");
    assert_eq!(items[0], world.enrolment(&ids[0]).await);
}

#[tokio::test]
async fn two_codes_at_once_are_told_apart() {
    let world = World::new();
    let (first, abandoned) = world.opened().await;
    let (second, finished) = world.opened().await;
    world.register(&finished).await.ok();
    assert_eq!(world.stage(&first).await, "opened");
    assert_eq!(world.stage(&second).await, "added");
    world.register(&abandoned).await.ok();
    assert_eq!(world.stage(&first).await, "added");
}

#[tokio::test]
async fn a_revoked_code_buys_nothing_and_a_revoked_challenge_adds_nothing() {
    let world = World::new();
    let minted = world.minted().await;
    let id = text(&minted, "enrolmentId");
    let revoked = world.revoke(&id).await.ok();
    assert_eq!(revoked["stage"], "revoked");
    let answer = world.exchange(CredentialKind::Key, &text(&minted, "code")).await;
    answer.assert_refused(403, "invalid_code");
    assert_eq!(world.stage(&id).await, "revoked");

    let (id, body) = world.opened().await;
    world.revoke(&id).await.ok();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    assert!(world.host.stored().is_empty());
}

/// A client that sends a revoked code can't tell it from an unknown one.
#[tokio::test]
async fn a_revoked_code_is_answered_like_one_that_never_was() {
    let world = World::new();
    let minted = world.minted().await;
    world.revoke(&text(&minted, "enrolmentId")).await.ok();
    let revoked = world.exchange(CredentialKind::Key, &text(&minted, "code")).await;
    assert_eq!(revoked, world.exchange(CredentialKind::Key, "AAA-AAA-AAA").await);
}

#[tokio::test]
async fn a_revocation_may_be_repeated_and_is_too_late_for_what_was_added() {
    let world = World::new();
    let (id, body) = world.opened().await;
    let first = world.revoke(&id).await.ok();
    assert_eq!(world.revoke(&id).await.ok(), first);
    world.register(&body).await.assert_refused(403, "invalid_challenge");

    let (id, body) = world.opened().await;
    world.register(&body).await.ok();
    let late = world.revoke(&id).await;
    late.assert_refused(409, "conflict");
    assert_eq!(late.json()["error"]["stage"], "added");
}

/// The code may be on its way. Its expiry was seen here, and perhaps not there.
#[tokio::test]
async fn an_expired_enrolment_may_be_revoked() {
    let world = World::new();
    let id = text(&world.minted().await, "enrolmentId");
    world.advance(Duration::from_secs(61));
    assert_eq!(world.revoke(&id).await.ok()["stage"], "revoked");
}

#[tokio::test]
async fn minting_one_more_than_may_be_outstanding_revokes_the_oldest() {
    let world = World::with(|setup| setup.policy(|_| plenty().outstanding_per_user(2)));
    let first = world.minted().await;
    world.advance(Duration::from_millis(1));
    let (second, body) = world.opened().await;
    world.advance(Duration::from_millis(1));
    let third = text(&world.minted().await, "enrolmentId");
    assert_eq!(world.stage(&text(&first, "enrolmentId")).await, "revoked");
    world.exchange(CredentialKind::Key, &text(&first, "code")).await.assert_refused(403, "invalid_code");
    // An enrolment that has ended does not count.
    world.register(&body).await.ok();
    world.advance(Duration::from_millis(1));
    let fourth = text(&world.minted().await, "enrolmentId");
    for (id, stage) in [(second, "added"), (third, "waiting"), (fourth, "waiting")] {
        assert_eq!(world.stage(&id).await, stage);
    }
}
