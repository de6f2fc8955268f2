//! The owner takes an added credential back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_code::error::BoxError;
use credential_code::event::Event;
use credential_code::host::{Addition, CredentialRepository, async_trait};
use credential_code::model::{Approval, Credential, NewCredential, UserId};
use credential_code::store::{SlotKey, SlotKeys};
use credential_code::testing::{MemoryHost, site_builder};
use credential_code::{Site, Storage};
use serde_json::json;

use super::Told;
use crate::sharing::Engine;
use crate::support::{World, plenty};

/// Creates a world. Returns the tokens of its notices, too.
fn world(approval: Approval) -> (World, Arc<Mutex<Vec<String>>>, Told) {
    let (tokens, told) = (Arc::new(Mutex::new(Vec::new())), Told::default());
    let (kept, heard) = (tokens.clone(), told.clone());
    let world = World::with(|setup| {
        setup.policy(|_| plenty().approval(approval)).events(move |event| {
            heard.hear(event);
            assert_eq!(event.undo_token().is_some(), event.added_credential().is_some());
            if let Some(token) = event.undo_token() {
                assert!(!format!("{event:?}").contains(token.reveal()), "an event shows no token");
                kept.lock().unwrap().push(token.reveal().to_owned());
            }
            if let Event::Undone { credential, .. } = event {
                heard.0.lock().unwrap().push(format!("undone {credential}"));
            }
        })
    });
    (world, tokens, told)
}

#[tokio::test]
async fn an_undo_token_removes_exactly_its_credential_and_needs_no_sign_in() {
    let (world, tokens, told) = world(Approval::NotAsked);
    let (first, body) = world.opened().await;
    let registered = world.register(&body).await.ok();
    let (second, body) = world.opened().await;
    world.register(&body).await.ok();
    let token = tokens.lock().unwrap()[0].clone();
    let request = http::Request::post("/auth/credentials/enrolments/undo")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(json!({ "token": token }).to_string().into())
        .unwrap();
    assert_eq!(world.send(request).await.ok(), json!({}));
    let left = world.host.stored();
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].uuid.as_str(), registered["credentialUuid"]);
    let undone = world.enrolment(&first).await;
    assert_eq!((&undone["stage"], &undone["credential"]["isActive"]), (&json!("undone"), &json!(false)));
    assert_eq!(world.stage(&second).await, "added");
    // The second undo finds it gone, and nobody is told a second time.
    assert_eq!(world.undo(&token).await.ok(), json!({}));
    assert_eq!(told.of(&first), ["Minted", "Exchanged", "Registered", "Undone"]);
}

fn keys() -> SlotKeys {
    SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[])
}

/// A mail is read days later, and the process was deployed anew.
#[tokio::test]
async fn an_undo_token_outlives_a_restart_where_the_keys_do() {
    for (storage, works) in
        [(Storage::in_memory as fn() -> Storage, false), (|| Storage::in_memory().with_keys(keys()), true)]
    {
        let tokens = Arc::new(Mutex::new(Vec::new()));
        let kept = tokens.clone();
        let before = World::with(|setup| {
            setup.storage(storage()).events(move |event| {
                kept.lock().unwrap().extend(event.undo_token().map(|token| token.reveal().to_owned()));
            })
        });
        let (_, body) = before.opened().await;
        before.register(&body).await.ok();
        let token = tokens.lock().unwrap().remove(0);

        let host = before.host.clone();
        let after = World::with(|setup| {
            let setup = setup.storage(storage());
            setup.site(|_| Site::builder().host(host.clone()).sign_counters(host.clone()).management(host))
        });
        let undone = after.undo(&token).await;
        assert_eq!(undone.status == 200, works, "{undone:?}");
        assert_eq!(before.host.stored().is_empty(), works);
    }
    let shared = Storage::shared_records(Engine::new(), keys()).with_keys(keys());
    let error = site_builder(&Arc::new(MemoryHost::default())).events(|_| {}).storage(shared).build();
    assert!(error.unwrap_err().to_string().contains("with_keys"));
}

#[tokio::test]
async fn a_credential_that_was_approved_may_be_undone() {
    let (world, tokens, told) = world(Approval::Asked);
    let (id, _) = world.pending().await;
    assert!(tokens.lock().unwrap().is_empty(), "nothing is stored yet");
    world.approve(&id, &json!({})).await.ok();
    let token = tokens.lock().unwrap()[0].clone();
    world.undo(&token).await.ok();
    assert!(world.host.stored().is_empty());
    assert_eq!(told.of(&id), ["Minted", "Exchanged", "AwaitingApproval", "Registered", "Approved", "Undone"]);
    let late = world.approve(&id, &json!({})).await;
    late.assert_refused(409, "conflict");
    assert_eq!(late.json()["error"]["stage"], "undone");
}

#[tokio::test]
async fn an_undo_token_works_for_seven_days() {
    for (offset, works) in [(7 * 86_400 - 1, true), (7 * 86_400, false)] {
        let (world, tokens, _) = world(Approval::NotAsked);
        let (_, body) = world.opened().await;
        world.register(&body).await.ok();
        let token = tokens.lock().unwrap()[0].clone();
        world.advance(Duration::from_secs(offset));
        match works {
            true => drop(world.undo(&token).await.ok()),
            false => world.undo(&token).await.assert_refused(403, "invalid_token"),
        }
        assert_eq!(world.host.stored().is_empty(), works);
    }
}

/// The owner takes the credential back late, and sees that for an hour. The client's token ends
/// before.
#[tokio::test]
async fn an_outcome_token_works_until_an_hour_after_its_approval_was_due() {
    const DUE: Duration = Duration::from_secs(5 * 60);
    const HOUR: Duration = Duration::from_secs(60 * 60);
    const UNDONE: Duration = Duration::from_secs(50 * 60);
    for (offset, works) in [(DUE + HOUR - Duration::from_secs(1), true), (DUE + HOUR, false)] {
        let (world, tokens, _) = world(Approval::Asked);
        let (id, answer) = world.pending().await;
        world.approve(&id, &json!({})).await.ok();
        world.advance(UNDONE);
        let token = tokens.lock().unwrap()[0].clone();
        world.undo(&token).await.ok();
        world.advance(offset - UNDONE);
        assert_eq!(world.stage(&id).await, "undone");
        let outcome = world.outcome(&json!({ "token": answer["approval"]["token"] })).await;
        match works {
            true => assert_eq!(outcome.ok()["stage"], "undone"),
            false => outcome.assert_refused(403, "invalid_token"),
        }
    }
}

/// A host that fails removes nothing. The link in the notice still works afterwards.
#[tokio::test]
async fn an_undo_that_failed_may_be_repeated() {
    let (world, tokens, _) = world(Approval::NotAsked);
    let (id, body) = world.opened().await;
    world.register(&body).await.ok();
    let token = tokens.lock().unwrap()[0].clone();
    world.host.fail();
    world.undo(&token).await.assert_refused(500, "internal");
    assert_eq!(world.host.stored().len(), 1);
    world.host.recover();
    world.undo(&token).await.ok();
    assert!(world.host.stored().is_empty());
    assert_eq!(world.stage(&id).await, "undone");
}

/// The undo of a credential that may be there also ends every request that could still add it.
#[tokio::test]
async fn an_undo_after_a_failure_keeps_the_same_challenge_from_adding_it() {
    let (world, tokens, _) = world(Approval::NotAsked);
    let (id, body) = world.opened().await;
    world.host.fail_insertions();
    world.register(&body).await.assert_refused(500, "internal");
    world.host.recover();
    let token = tokens.lock().unwrap()[0].clone();
    world.undo(&token).await.ok();
    assert_eq!(world.stage(&id).await, "undone");
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    assert!(world.host.stored().is_empty());
}

/// A repository that writes the notice together with the credential.
struct Outbox {
    host: Arc<MemoryHost>,
    tokens: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl CredentialRepository for Outbox {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        self.host.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        assert!(
            !format!("{credential:?}").contains(credential.undo_token().unwrap().reveal()),
            "it is hidden"
        );
        self.tokens.lock().unwrap().push(credential.undo_token().unwrap().reveal().to_owned());
        self.host.insert(credential, most).await
    }
}

#[tokio::test]
async fn a_repository_is_given_the_undo_token_that_the_event_tells() {
    for approval in [Approval::NotAsked, Approval::Asked] {
        let host = Arc::<MemoryHost>::default();
        let [tokens, told]: [Arc<Mutex<Vec<String>>>; 2] = Default::default();
        host.put_user(credential_code::model::User::new(crate::support::user(), "ada@example.com"));
        let outbox = Outbox { host: host.clone(), tokens: tokens.clone() };
        let heard = told.clone();
        let world = World::with(|setup| {
            setup.policy(|_| plenty().approval(approval)).site(|site| site.credentials(outbox)).events(
                move |event| {
                    let token = event.undo_token().map(|token| token.reveal().to_owned());
                    heard.lock().unwrap().extend(token);
                },
            )
        });
        match approval {
            Approval::NotAsked => drop(world.register(&world.opened().await.1).await.ok()),
            _ => drop(world.approve(&world.pending().await.0, &json!({})).await.ok()),
        }
        assert_eq!(host.stored().len(), 1);
        assert_eq!(*tokens.lock().unwrap(), *told.lock().unwrap());
        assert_eq!(tokens.lock().unwrap().len(), 1);
    }
}
