//! A credential that a signed-in user adds where they are, without a code.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::attestation::Attestation;
use credential_code::clock::Clock as _;
use credential_code::error::ErrorKind;
use credential_code::host::{AuthRequest, Authenticator as _, Caller};
use credential_code::manage::{BeginRequest, ManageFlow, RegisterRequest};
use credential_code::model::{CredentialKind, Scope, Stage, User, UserId, UserStatus};
use credential_code::store::{Budget, PendingRegistration};
use credential_code::testing::{self, KeyClient, MemoryHost};
use credential_code::{CodeFlow, CodePolicy, RelyingParty};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::flaky::Flaky;
use crate::managing::{LIST, send, signed};
use crate::site::{Answer, MINT, Site, mint_body};

pub(crate) const BEGIN: &str = "/auth/credentials/init";
pub(crate) const EXCHANGE: &str = "/auth/credentials/code/init";
pub(crate) const REGISTER: &str = "/auth/credentials/code/verify";

pub(crate) async fn begin(site: &Site, kind: CredentialKind) -> Value {
    let answer = site.post_as("us-1", BEGIN, json!({ "kind": kind.as_str() }).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body
}

/// Returns the challenge of a code.
pub(crate) async fn exchange(site: &Site, signer: &KeyClient) -> Value {
    let body = mint_body();
    let action = site.sign(signer, "POST", MINT, &body).await;
    let code = site.mint(&action, &body).await.body["code"].clone();
    let body = json!({ "code": code, "credentialKind": "Key" }).to_string();
    site.post_as("us-1", EXCHANGE, body).await.body
}

pub(crate) fn answer_of(challenge: &Value, attestation: &Attestation) -> String {
    let mut body = json!({
        "challengeIdentifier": challenge["challengeIdentifier"],
        "credentialKind": attestation.kind.as_str(),
        "credentialName": "here",
        "credentialInfo": {
            "credId": attestation.credential_id.as_str(),
            "clientData": URL_SAFE_NO_PAD.encode(&attestation.client_data),
            "attestationData": URL_SAFE_NO_PAD.encode(&attestation.attestation_data),
        },
    });
    if attestation.kind == CredentialKind::PasswordProtectedKey {
        body["encryptedPrivateKey"] = "sealed".into();
    }
    body.to_string()
}

/// Returns a new key's answer.
pub(crate) fn key_for(challenge: &Value) -> String {
    let kind = challenge["kind"].as_str().unwrap().parse().unwrap();
    let attestation = KeyClient::ed25519().attest(kind, challenge["challenge"].as_str().unwrap());
    answer_of(challenge, &attestation)
}

async fn create(site: &Site, signer: &KeyClient, body: &str) -> Answer {
    signed(site, signer, "POST", LIST, body).await
}

async fn list(site: &Site, what: &str) -> Vec<Value> {
    let answer = send(site, "GET", &format!("{LIST}{what}"), None, "").await;
    answer.body["items"].as_array().unwrap().clone()
}

fn is_closed(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN && answer.body["error"]["code"] == "invalid_challenge"
}

#[tokio::test]
async fn a_signed_in_user_adds_a_credential_of_each_kind_that_signs() {
    for kind in [CredentialKind::Key, CredentialKind::PasswordProtectedKey, CredentialKind::RecoveryKey] {
        let (site, signer) = Site::with_key();
        let created = create(&site, &signer, &key_for(&begin(&site, kind).await)).await;
        assert_eq!(created.status, StatusCode::OK, "{created:?}");
        assert_eq!(created.body.as_object().unwrap().len(), 9, "{created:?}");
        assert_eq!(created.body["kind"], kind.as_str());
        assert!(list(&site, "").await.contains(&created.body));
    }
}

#[cfg(feature = "fido2")]
#[tokio::test]
async fn a_signed_in_user_adds_a_passkey_and_is_told_which_are_there() {
    use credential_code::testing::{SoftAuthenticator, StatementFormat};

    let (site, signer) = Site::with_key();
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    let challenge = begin(&site, CredentialKind::Fido2).await;
    assert_eq!(challenge["excludeCredentials"], json!([]));
    let text = challenge["challenge"].as_str().unwrap();
    let attestation = passkey.attest("example.com", "https://app.example.com", text);
    let created = create(&site, &signer, &answer_of(&challenge, &attestation)).await;
    assert_eq!(created.status, StatusCode::OK, "{created:?}");
    let again = begin(&site, CredentialKind::Fido2).await;
    assert_eq!(again["excludeCredentials"][0]["id"], passkey.credential_id().as_str());
}

#[tokio::test]
async fn a_challenge_has_the_members_of_a_codes() {
    let (site, signer) = Site::with_key();
    let (own, of_code) = (begin(&site, CredentialKind::Key).await, exchange(&site, &signer).await);
    let members = |challenge: &Value| challenge.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&own), members(&of_code));
}

#[tokio::test]
async fn to_begin_needs_no_action_and_to_create_needs_one() {
    let (site, signer) = Site::with_key();
    let body = key_for(&begin(&site, CredentialKind::Key).await);
    assert_eq!(send(&site, "POST", LIST, None, &body).await.status, StatusCode::FORBIDDEN);
    for (path, body) in [(BEGIN, json!({ "kind": "Key" }).to_string()), (LIST, body.clone())] {
        assert_eq!(site.post_as("nobody", path, body).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(create(&site, &signer, &body).await.status, StatusCode::OK, "none of these spent it");
}

#[tokio::test]
async fn a_challenge_is_worth_nothing_elsewhere_and_is_not_spent_by_trying() {
    let (site, signer) = Site::with_key();
    let own = key_for(&begin(&site, CredentialKind::Key).await);
    let of_code = key_for(&exchange(&site, &signer).await);
    assert!(is_closed(&site.post_as("us-1", REGISTER, own.clone()).await));
    assert!(is_closed(&create(&site, &signer, &of_code).await));
    assert_eq!(create(&site, &signer, &own).await.status, StatusCode::OK);
    assert_eq!(site.post_as("us-1", REGISTER, of_code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_answers_the_challenge_of_another_user_or_spends_it() {
    let (site, signer) = Site::with_key();
    let other = KeyClient::p256();
    site.seed(other.credential(UserId::new("us-2").unwrap(), CredentialKind::Key));
    let begun = site.post_as("us-2", BEGIN, json!({ "kind": "Key" }).to_string()).await.body;
    let body = key_for(&begun);
    for _ in 0..10 {
        assert!(is_closed(&create(&site, &signer, &body).await));
    }
    let begun = site.post_as("us-2", crate::INIT, crate::site::begin_body("POST", LIST, &body)).await.body;
    let assertion = other.assert(CredentialKind::Key, begun["challenge"].as_str().unwrap());
    let action =
        site.post_as("us-2", crate::COMPLETE, crate::site::complete_body(&begun, &assertion)).await.body;
    let created = site.mint_at_as("us-2", LIST, action["userAction"].as_str().unwrap(), &body).await;
    assert_eq!(created.status, StatusCode::OK, "{created:?}");
}

#[tokio::test]
async fn a_challenge_is_spent_by_create_and_ends_in_time() {
    let (site, signer) = Site::with_key();
    let challenge = begin(&site, CredentialKind::Key).await;
    assert_eq!(create(&site, &signer, &key_for(&challenge)).await.status, StatusCode::OK);
    assert!(is_closed(&create(&site, &signer, &key_for(&challenge)).await));
    let late = key_for(&begin(&site, CredentialKind::Key).await);
    site.advance(300);
    assert!(is_closed(&create(&site, &signer, &late).await));
}

#[tokio::test]
async fn its_owner_sees_what_was_begun_and_may_end_it() {
    let (site, signer) = Site::with_key();
    let request = Request::post(BEGIN)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer us-1")
        .header(header::ORIGIN, "https://app.example.com");
    let challenge = site.send(request.body(json!({ "kind": "Key" }).to_string().into()).unwrap()).await;
    let body = key_for(&challenge.body);
    let begun = &list(&site, "/enrolments").await[0];
    assert_eq!(begun["stage"], "opened");
    assert_eq!(begun["origin"], "https://app.example.com");
    let path = format!("{LIST}/enrolments/{}", begun["id"].as_str().unwrap());
    let revoked = send(&site, "DELETE", &path, None, "").await;
    assert_eq!(revoked.body["stage"], "revoked");
    assert!(is_closed(&create(&site, &signer, &body).await));

    let created = create(&site, &signer, &key_for(&begin(&site, CredentialKind::Key).await)).await;
    let added = &list(&site, "/enrolments").await[0];
    assert_eq!(added["stage"], "added");
    assert_eq!(added["credential"]["credentialUuid"], created.body["credentialUuid"]);
}

#[tokio::test]
async fn what_a_user_declared_void_adds_nothing() {
    let (site, signer) = Site::with_key();
    let void = key_for(&begin(&site, CredentialKind::Key).await);
    site.advance(1);
    site.host.set_void_before(&site.user(), site.clock.now());
    assert!(is_closed(&create(&site, &signer, &void).await));
    site.host.set_status(&site.user(), UserStatus::Deactivated);
    let answer = site.post_as("us-1", BEGIN, json!({ "kind": "Key" }).to_string()).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert_eq!(site.host.stored().len(), 1);
}

#[tokio::test]
async fn a_host_that_lost_its_answer_is_asked_again_by_the_same_request() {
    let (site, signer) = Site::with_key();
    let body = key_for(&begin(&site, CredentialKind::Key).await);
    site.host.lose_insertions();
    assert_eq!(create(&site, &signer, &body).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    site.host.recover();
    assert_eq!(create(&site, &signer, &body).await.status, StatusCode::OK);
    assert_eq!(site.host.stored().len(), 2);
}

/// Returns a caller, a request to begin, and the flows.
fn flows(policy: CodePolicy) -> (Caller, BeginRequest, CodeFlow, ManageFlow) {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "us-1@example.com")]));
    let codes = CodeFlow::new(&testing::site(&host), policy).unwrap();
    let manage = ManageFlow::new(&codes).unwrap();
    (Caller::new(user), request(), codes, manage)
}

fn request() -> BeginRequest {
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    BeginRequest::new(CredentialKind::Key, Arc::new(party))
}

/// A session may be older than what it begins, and than what it answers.
#[tokio::test]
async fn a_session_from_before_begins_nothing_and_adds_nothing() {
    let site = Site::new();
    let (manage, now, fresh) = (site.manage(), site.clock.now(), Caller::new(site.user()));
    let old = fresh.clone().since(now - Duration::from_millis(1));
    site.host.set_void_before(&site.user(), now);
    let refused = manage.begin(&old, request()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);

    let begun = manage.begin(&fresh, request()).await.unwrap();
    let attestation = KeyClient::p256().attest(CredentialKind::Key, begun.challenge.as_str());
    let answer = RegisterRequest::new(begun.challenge_id, "here", attestation, None).unwrap();
    let refused = manage.create(&old, answer).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidChallenge);
    assert!(site.host.stored().is_empty());
}

#[tokio::test]
async fn a_scope_narrows_what_its_caller_begins_and_what_another_session_began() {
    let (caller, request, _, manage) = flows(CodePolicy::default());
    let mut scope = Scope::default();
    scope.kinds = Some(vec![CredentialKind::RecoveryKey]);
    let narrowed = caller.clone().limited_to(scope);
    let refused = manage.begin(&narrowed, request.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);

    let begun = manage.begin(&caller, request).await.unwrap();
    let attestation = KeyClient::p256().attest(CredentialKind::Key, begun.challenge.as_str());
    let answer = RegisterRequest::new(begun.challenge_id, "here", attestation, None).unwrap();
    for _ in 0..10 {
        let refused = manage.create(&narrowed, answer.clone()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
    }
    manage.create(&caller, answer).await.unwrap();
}

#[tokio::test]
async fn a_begun_addition_counts_as_outstanding_and_the_oldest_gives_way() {
    let (caller, request, codes, manage) = flows(CodePolicy::default().outstanding_per_user(1));
    let first = manage.begin(&caller, request.clone()).await.unwrap();
    manage.begin(&caller, request).await.unwrap();
    let stages: Vec<_> = codes.enrolments(&caller).await.unwrap().iter().map(|it| it.stage).collect();
    assert_eq!(stages, [Stage::Opened, Stage::Revoked]);
    let attestation = KeyClient::p256().attest(CredentialKind::Key, first.challenge.as_str());
    let answer = RegisterRequest::new(first.challenge_id, "here", attestation, None).unwrap();
    assert_eq!(manage.create(&caller, answer).await.unwrap_err().kind(), ErrorKind::InvalidChallenge);
}

/// The owner is not shown an enrolment that nobody can finish.
#[tokio::test]
async fn a_store_that_fails_leaves_nothing_outstanding_and_costs_nothing() {
    let store = Flaky::new();
    let site = Site::over(store.storage());
    for _ in 0..100 {
        store.fail_inserts::<PendingRegistration>(1);
        let answer = site.post_as("us-1", BEGIN, json!({ "kind": "Key" }).to_string()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    }
    let begun = list(&site, "/enrolments").await;
    assert!(begun.iter().all(|it| it["stage"] == "revoked"), "{begun:?}");
    begin(&site, CredentialKind::Key).await;
}

#[tokio::test]
async fn malformed_wishes_are_refused_and_spend_no_action() {
    let (site, signer) = Site::with_codes(CodePolicy::default().kinds([CredentialKind::Key]));
    for body in [
        "",
        "{}",
        "[]",
        r#"{"kind":null}"#,
        r#"{"kind":"Other"}"#,
        r#"{"kind":"Password"}"#,
        r#"{"kind":"Totp"}"#,
        r#"{"kind":"RecoveryKey"}"#,
        r#"{"credentialKind":"Key"}"#,
        r#"{"kind":"Key","more":1}"#,
    ] {
        assert_eq!(site.post_as("us-1", BEGIN, body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let mut body: Value = serde_json::from_str(&key_for(&begin(&site, CredentialKind::Key).await)).unwrap();
    let good = mint_body();
    let action = site.sign(&signer, "POST", MINT, &good).await;
    body["credentialName"] = "\u{202e}".into();
    let answer = send(&site, "POST", LIST, Some(&action), &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.mint(&action, &good).await.status, StatusCode::OK);

    // This action is signed for the very request.
    let mut challenge = begin(&site, CredentialKind::Key).await;
    challenge["kind"] = "RecoveryKey".into();
    let body = key_for(&challenge);
    let action = site.sign(&signer, "POST", LIST, &body).await;
    assert_eq!(send(&site, "POST", LIST, Some(&action), &body).await.status, StatusCode::BAD_REQUEST);
    let head =
        Request::post(LIST).header(header::AUTHORIZATION, "Bearer us-1").header("x-dfns-useraction", action);
    let (head, ()) = head.body(()).unwrap().into_parts();
    let request = AuthRequest::new(&head, LIST, body.as_bytes());
    site.user_actions().authenticate(&request).await.unwrap();
}

#[tokio::test]
async fn a_user_begins_sixty_times_a_minute_and_no_more() {
    let site = Site::new();
    for _ in 0..60 {
        begin(&site, CredentialKind::Key).await;
    }
    let body = json!({ "kind": "Key" }).to_string();
    let status = async |user| site.post_as(user, BEGIN, body.clone()).await.status;
    assert_eq!(status("us-1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status("us-2").await, StatusCode::OK);
    site.advance(1);
    assert_eq!(status("us-1").await, StatusCode::OK);

    let (strict, _) = Site::with_codes(CodePolicy::default().begins_per_user(Budget::per_minute(1)));
    begin(&strict, CredentialKind::Key).await;
    assert_eq!(strict.post_as("us-1", BEGIN, body).await.status, StatusCode::TOO_MANY_REQUESTS);
}
