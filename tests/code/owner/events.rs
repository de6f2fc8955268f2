//! Each event is told once, under its enrolment.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_code::model::{Approval, CredentialKind};
use serde_json::json;

use super::Told;
use crate::support::{World, plenty, text};

#[tokio::test]
async fn every_event_from_mint_to_the_end_names_the_enrolment() {
    let told = Told::default();
    let world = told.world(plenty());
    let (first, body) = world.opened().await;
    let (second, other) = world.opened().await;
    let mut bad = body.clone();
    bad["credentialInfo"]["credId"] = "another".into();
    bad["credentialInfo"]["attestationData"] = other["credentialInfo"]["attestationData"].clone();
    world.register(&bad).await.assert_refused(400, "invalid_attestation");
    world.register(&other).await.ok();
    world.revoke(&first).await.ok();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    assert_eq!(told.of(&second), ["Minted", "Exchanged", "Registered"]);
    let of_first = told.of(&first);
    assert_eq!(of_first[..3], ["Minted", "Exchanged", "Refused"], "{of_first:?}");
    assert!(of_first.contains(&"Revoked".to_owned()), "{of_first:?}");
}

#[tokio::test]
async fn every_event_names_the_source_of_its_request() {
    let (events, tokens) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (heard, kept) = (events.clone(), tokens.clone());
    let world = World::with(|setup| {
        let setup = setup.policy(|_| plenty().approval(Approval::Asked));
        setup.site(|site| site.source(|_| Some("198.51.100.7".to_owned()))).events(move |event| {
            heard.lock().unwrap().push(format!("{event:?}"));
            kept.lock().unwrap().extend(event.undo_token().map(|token| token.reveal().to_owned()));
        })
    });
    let (approved, answer) = world.pending().await;
    world.approve(&approved, &json!({})).await.ok();
    let token = tokens.lock().unwrap().remove(0);
    world.undo(&token).await.ok();
    let (refused, _) = world.pending().await;
    world.refuse(&refused).await.ok();
    let (revoked, _) = world.pending().await;
    world.revoke(&revoked).await.ok();
    world.outcome(&json!({ "token": "no token" })).await.assert_refused(403, "invalid_token");
    world.outcome(&json!({ "token": answer["approval"]["token"] })).await.ok();
    let events = events.lock().unwrap();
    for name in ["Minted", "Exchanged", "AwaitingApproval", "Approved", "Undone", "RefusedByOwner", "Revoked"]
    {
        assert!(events.iter().any(|event| event.starts_with(name)), "{name}");
    }
    for event in events.iter().filter(|event| !event.starts_with("Answered")) {
        assert!(event.contains(r#"source: Some("198.51.100.7")"#), "{event}");
    }
}

#[tokio::test]
async fn a_lapse_is_told_once_however_many_look() {
    let told = Told::default();
    let world = told.world(plenty().approval(Approval::Asked));
    let (id, answer) = world.pending().await;
    world.advance(Duration::from_secs(301));
    for _ in 0..3 {
        assert_eq!(world.stage(&id).await, "refused");
        world.get(super::ENROLMENTS).await.ok();
        world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
        world.outcome(&json!({ "token": answer["approval"]["token"] })).await.ok();
    }
    let lapsed = told.of(&id).into_iter().filter(|name| name == "Lapsed").count();
    assert_eq!(lapsed, 1);
}

#[tokio::test]
async fn a_refusal_a_revocation_and_spent_check_codes_are_told_once() {
    let told = Told::default();
    let world = told.world(plenty().approval(Approval::AskedWithCheckCode));
    let (refused, _) = world.pending().await;
    world.refuse(&refused).await.ok();
    world.refuse(&refused).await.assert_refused(409, "conflict");
    let (revoked, _) = world.pending().await;
    world.revoke(&revoked).await.ok();
    world.revoke(&revoked).await.ok();
    let (spent, answer) = world.pending().await;
    let right = text(&answer["approval"], "checkCode");
    let wrong = json!({ "checkCode": if right == "000000" { "000001" } else { "000000" } });
    for _ in 0..3 {
        world.approve(&spent, &wrong).await.assert_refused(403, "invalid_check_code");
    }
    let before = ["Minted", "Exchanged", "AwaitingApproval"];
    assert_eq!(told.of(&refused), [&before[..], &["RefusedByOwner", "Refused"]].concat());
    assert_eq!(told.of(&revoked), [&before[..], &["Revoked"]].concat());
    let after = ["Refused", "Refused", "CheckCodesSpent", "Refused"];
    assert_eq!(told.of(&spent), [&before[..], &after].concat());
}

#[tokio::test]
async fn a_code_that_is_superseded_is_told_as_revoked() {
    let told = Told::default();
    let world = told.world(plenty().outstanding_per_user(1));
    let first = text(&world.minted().await, "enrolmentId");
    world.advance(Duration::from_millis(1));
    world.minted().await;
    assert_eq!(told.of(&first), ["Minted", "Revoked"]);
}

#[tokio::test]
async fn a_refused_exchange_of_a_live_code_names_its_enrolment() {
    let told = Told::default();
    let world = told.world(plenty());
    let minted = world.minted().await;
    let id = text(&minted, "enrolmentId");
    world.revoke(&id).await.ok();
    world.exchange(CredentialKind::Key, &text(&minted, "code")).await.assert_refused(403, "invalid_code");
    assert_eq!(told.of(&id), ["Minted", "Revoked", "Refused"]);
}
