//! How many credentials a user may have, and which one has to stay.

use std::sync::{Arc, Mutex};

use credential_code::clock::Clock as _;
use credential_code::code::UndoRequest;
use credential_code::error::ErrorKind;
use credential_code::event::Event;
use credential_code::host::{Caller, Keep};
use credential_code::manage::{BeginRequest, ChangeRequest, ManageFlow, RegisterRequest};
use credential_code::model::{Approval, Credential, CredentialKind, User, UserId};
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{CodeFlow, CodePolicy, RelyingParty};
use http::StatusCode;
use serde_json::{Value, json};

use crate::adding::{BEGIN, EXCHANGE, REGISTER, begin, exchange, key_for};
use crate::managing::{LIST, send, signed};
use crate::site::{Answer, MINT, Site, mint_body};

fn is_conflict(answer: &Answer, code: &str) -> bool {
    answer.status == StatusCode::CONFLICT && answer.body["error"]["code"] == code
}

fn is_full(answer: &Answer) -> bool {
    is_conflict(answer, "too_many_credentials")
}

/// Adds a credential that takes the room.
fn fill(site: &Site) -> Credential {
    let credential = KeyClient::p256().credential(site.user(), CredentialKind::RecoveryKey);
    site.seed(credential.clone());
    credential
}

async fn remove(site: &Site, signer: &KeyClient, credential: &Credential) -> Answer {
    signed(site, signer, "DELETE", &format!("{LIST}/{}", credential.uuid), "").await
}

async fn code(site: &Site, signer: &KeyClient) -> Value {
    let body = mint_body();
    let action = site.sign(signer, "POST", MINT, &body).await;
    site.mint(&action, &body).await.body["code"].clone()
}

fn entered(code: &Value) -> String {
    json!({ "code": code, "credentialKind": "Key" }).to_string()
}

#[tokio::test]
async fn one_credential_too_many_is_refused_before_it_is_made() {
    let (site, signer) = Site::with_codes(CodePolicy::default().credentials_per_user(3));
    let (inactive, other) = (fill(&site), fill(&site));
    let body = json!({ "credentialUuid": inactive.uuid.as_str() }).to_string();
    signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &body).await;
    let code = code(&site, &signer).await;

    assert!(is_full(&site.post_as("us-1", BEGIN, json!({ "kind": "Key" }).to_string()).await));
    assert!(is_full(&site.post_as("us-1", EXCHANGE, entered(&code)).await));
    let neighbour = site.post_as("us-2", BEGIN, json!({ "kind": "Key" }).to_string()).await;
    assert_eq!(neighbour.status, StatusCode::OK, "each user has room of their own");

    assert_eq!(remove(&site, &signer, &other).await.status, StatusCode::OK);
    let opened = site.post_as("us-1", EXCHANGE, entered(&code)).await;
    assert_eq!(opened.status, StatusCode::OK, "the code was put back");
}

#[tokio::test]
async fn a_code_of_a_full_account_may_be_entered_six_times() {
    let (site, signer) = Site::with_codes(CodePolicy::default().credentials_per_user(1));
    let code = code(&site, &signer).await;
    let mut tries = 0;
    while is_full(&site.post_as("us-1", EXCHANGE, entered(&code)).await) {
        tries += 1;
    }
    assert_eq!(tries, 6, "a record is put back five times");
}

#[tokio::test]
async fn of_two_that_are_made_for_the_last_room_one_is_stored() {
    let (site, signer) = Site::with_codes(CodePolicy::default().credentials_per_user(2));
    let by_code = exchange(&site, &signer).await;
    let own = begin(&site, CredentialKind::Key).await;
    let (first, second) = (key_for(&own), key_for(&by_code));
    let stored = signed(&site, &signer, "POST", LIST, &first).await;
    assert_eq!(stored.status, StatusCode::OK, "{stored:?}");
    assert!(is_full(&site.post_as("us-1", REGISTER, second.clone()).await));
    assert_eq!(site.host.stored().len(), 2);

    let uuid = stored.body["credentialUuid"].as_str().unwrap();
    let removed = signed(&site, &signer, "DELETE", &format!("{LIST}/{uuid}"), "").await;
    assert_eq!(removed.status, StatusCode::OK);
    let again = site.post_as("us-1", REGISTER, second).await;
    assert_eq!(again.status, StatusCode::OK, "the challenge was put back: {again:?}");
}

#[tokio::test]
async fn what_waits_for_room_may_be_approved_once_there_is_some() {
    let policy = CodePolicy::default().credentials_per_user(2).approval(Approval::Asked);
    let (site, signer) = Site::with_codes(policy);
    let opened = exchange(&site, &signer).await;
    let waiting = site.post_as("us-1", REGISTER, key_for(&opened)).await;
    assert_eq!(waiting.status, StatusCode::OK, "{waiting:?}");
    let obstacle = fill(&site);

    let id = waiting.body["enrolmentId"].as_str().unwrap();
    let path = format!("/auth/credentials/enrolments/{id}/approve");
    for _ in 0..10 {
        let refused = signed(&site, &signer, "POST", &path, "{}").await;
        assert!(is_full(&refused), "{refused:?}");
    }
    let status = send(&site, "GET", &format!("/auth/credentials/enrolments/{id}"), None, "").await;
    assert_eq!(status.body["stage"], "pending");
    remove(&site, &signer, &obstacle).await;
    let approved = signed(&site, &signer, "POST", &path, "{}").await;
    assert_eq!(approved.status, StatusCode::OK, "{approved:?}");
}

/// An earlier try failed, and nobody knew whether it had stored the credential.
#[tokio::test]
async fn what_was_offered_before_may_be_approved_once_there_is_room_too() {
    let policy = CodePolicy::default().credentials_per_user(2).approval(Approval::Asked);
    let (site, signer) = Site::with_codes(policy);
    let opened = exchange(&site, &signer).await;
    let waiting = site.post_as("us-1", REGISTER, key_for(&opened)).await;
    let id = waiting.body["enrolmentId"].as_str().unwrap();
    let path = format!("/auth/credentials/enrolments/{id}/approve");
    site.host.fail_insertions();
    let failed = signed(&site, &signer, "POST", &path, "{}").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    site.host.recover();
    let obstacle = fill(&site);
    let refused = signed(&site, &signer, "POST", &path, "{}").await;
    assert!(is_full(&refused), "{refused:?}");
    remove(&site, &signer, &obstacle).await;
    let approved = signed(&site, &signer, "POST", &path, "{}").await;
    assert_eq!(approved.status, StatusCode::OK, "{approved:?}");
}

#[tokio::test]
async fn nobody_is_asked_for_what_there_is_no_room_for() {
    let policy = CodePolicy::default().credentials_per_user(2).approval(Approval::Asked);
    let (site, signer) = Site::with_codes(policy);
    let opened = exchange(&site, &signer).await;
    let obstacle = fill(&site);
    let key = key_for(&opened);
    assert!(is_full(&site.post_as("us-1", REGISTER, key.clone()).await));
    remove(&site, &signer, &obstacle).await;
    assert_eq!(site.post_as("us-1", REGISTER, key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_last_that_signs_stays_where_one_is_kept() {
    let (site, signer) = Site::with_codes(CodePolicy::default().keep(Keep::OneThatSigns));
    let last = site.host.stored().remove(0);
    let uuid = json!({ "credentialUuid": last.uuid.as_str() }).to_string();
    let deactivate = async || signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &uuid).await;
    fill(&site);
    assert!(is_conflict(&deactivate().await, "last_credential"));
    assert!(is_conflict(&remove(&site, &signer, &last).await, "last_credential"));
    let mut another = KeyClient::p256().credential(site.user(), CredentialKind::Key);
    another.created_at = site.clock.now();
    site.seed(another.clone());
    assert_eq!(deactivate().await.status, StatusCode::OK);
    assert_eq!(site.host.stored().iter().filter(|stored| stored.is_active()).count(), 2);
}

#[tokio::test]
async fn where_none_is_kept_the_last_may_go() {
    let (site, signer) = Site::with_key();
    let last = site.host.stored().remove(0);
    assert_eq!(remove(&site, &signer, &last).await.status, StatusCode::OK);
    assert!(site.host.stored().is_empty());
}

/// A stranger may have added it and then removed the others.
#[tokio::test]
async fn an_undo_takes_the_last_one_too() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let kept = tokens.clone();
    let listener = move |event: &Event<'_>| {
        if let Event::Registered { undo: Some(token), .. } = event {
            kept.lock().unwrap().push((*token).clone());
        }
    };
    let site = site_builder(&host).events(listener).build().unwrap();
    let flow = CodeFlow::new(&site, CodePolicy::default().keep(Keep::OneThatSigns)).unwrap();
    let (manage, caller) = (ManageFlow::new(&flow).unwrap(), Caller::new(user));
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    let request = BeginRequest::new(CredentialKind::Key, Arc::new(party));
    let challenge = manage.begin(&caller, request).await.unwrap();
    let proof = KeyClient::p256().attest(CredentialKind::Key, challenge.challenge.as_str());
    let answer = RegisterRequest::new(challenge.challenge_id, "a stranger's", proof, None).unwrap();
    let credential = manage.create(&caller, answer).await.unwrap();

    let kept = manage.remove(&caller, ChangeRequest::new(credential.uuid)).await.unwrap_err();
    assert_eq!(kept.kind(), ErrorKind::LastCredential);
    let token = tokens.lock().unwrap().pop().unwrap();
    flow.undo(UndoRequest::new(token)).await.unwrap();
    assert!(host.stored().is_empty());
}
