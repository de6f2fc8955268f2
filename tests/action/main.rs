//! User actions: an existing credential signs a request, and that request alone mints a code, once.

mod adding;
mod assertions;
mod binding;
mod careless;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/flaky.rs"]
mod flaky;
mod malformed;
mod managing;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/openapi.rs"]
mod openapi;
mod reports;
mod room;
mod sign_in;
mod site;
mod step_up;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/table.rs"]
mod table;
#[path = "../support/told.rs"]
mod told;

use std::time::Duration;

use credential_code::error::ErrorKind;
use credential_code::host::{AuthError, AuthRequest, Authenticator as _, Caller};
use credential_code::model::CredentialKind;
use credential_code::testing::{self, KeyClient, MemoryHost};
use credential_code::{ActionFlow, ActionPolicy, RelyingParty};
use http::{HeaderName, Request, StatusCode, header};
use serde_json::json;
use site::{Answer, COMPLETE, INIT, MINT, Site, mint_body};

fn is_refused(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN
        && answer.body["message"] == "user action signature is missing or invalid"
        && answer.body["error"]["message"] == answer.body["message"]
}

fn is_forbidden(answer: Result<Caller, AuthError>) -> bool {
    matches!(answer, Err(AuthError::Refused(error)) if error.kind() == ErrorKind::UserActionRequired)
}

#[tokio::test]
async fn an_action_is_spent_by_its_request() {
    let (site, client) = Site::with_key();
    let body = mint_body();

    let action = site.sign(&client, "POST", MINT, &body).await;
    let minted = site.mint(&action, &body).await;
    let again = site.mint(&action, &body).await;

    assert_eq!(minted.status, StatusCode::OK, "{minted:?}");
    assert!(minted.body["code"].is_string());
    assert!(is_refused(&again), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_racing_requests_with_one_action_one_mints() {
    let (site, client) = Site::with_key();
    let body = mint_body();
    let action = site.sign(&client, "POST", MINT, &body).await;

    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (site, action, body) = (site.clone(), action.clone(), body.clone());
        racers.spawn(async move { site.mint(&action, &body).await });
    }
    let answers = racers.join_all().await;

    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
    assert_eq!(answers.iter().filter(|answer| is_refused(answer)).count(), 999);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_answers_to_a_challenge_one_is_an_action() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());

    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (site, challenge, assertion) = (site.clone(), challenge.clone(), assertion.clone());
        racers.spawn(async move { site.complete(&challenge, &assertion).await.status });
    }
    let statuses = racers.join_all().await;

    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn a_mint_needs_a_bearer_and_an_action() {
    let (site, client) = Site::with_key();
    let body = mint_body();
    let action = site.sign(&client, "POST", MINT, &body).await;

    let nobody = Request::post(MINT)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-dfns-useraction", &action)
        .body(body.clone().into());
    assert_eq!(site.send(nobody.unwrap()).await.status, StatusCode::UNAUTHORIZED);
    assert!(is_refused(&site.post_as("us-1", MINT, body.clone()).await));
    assert!(is_refused(&site.mint("", &body).await));
    assert!(is_refused(&site.mint("unknown", &body).await));
    let twice = Request::post(MINT)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer us-1")
        .header("x-dfns-useraction", &action)
        .header("x-dfns-useraction", &action)
        .body(body.clone().into());
    assert!(is_refused(&site.send(twice.unwrap()).await));

    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK, "none of these spent it");
}

#[tokio::test]
async fn an_action_may_come_in_another_header() {
    let header = HeaderName::from_static("x-example-action");
    let (site, client) = (Site::with(ActionPolicy::default().header(header)), KeyClient::p256());
    site.seed(client.credential(site.user(), CredentialKind::Key));
    let body = mint_body();
    let action = site.sign(&client, "POST", MINT, &body).await;
    let demanding = site.user_actions();
    let ask = async |header: &str| {
        let head = Request::post(MINT).header(header::AUTHORIZATION, "Bearer us-1").header(header, &action);
        let (head, ()) = head.body(()).unwrap().into_parts();
        demanding.authenticate(&AuthRequest::new(&head, MINT, body.as_bytes())).await
    };

    assert!(is_forbidden(ask("x-dfns-useraction").await));
    assert_eq!(ask("X-Example-Action").await.unwrap().user, site.user());
    assert!(is_forbidden(ask("x-example-action").await));
}

#[tokio::test]
async fn a_query_is_not_signed_so_it_is_refused_and_spends_nothing() {
    let (site, client) = Site::with_key();
    let demanding = site.user_actions();
    let action = site.sign(&client, "POST", "/transfers", "{}").await;
    let ask = async |uri: &str| {
        let request = Request::post(uri)
            .header(header::AUTHORIZATION, "Bearer us-1")
            .header("x-dfns-useraction", &action);
        let (head, ()) = request.body(()).unwrap().into_parts();
        demanding.authenticate(&AuthRequest::new(&head, "/transfers", b"{}")).await
    };

    assert!(is_forbidden(ask("/transfers?to=mallory").await));
    assert!(is_forbidden(ask("/transfers?").await));
    assert_eq!(ask("/transfers").await.unwrap().user, site.user());
}

#[tokio::test]
async fn an_action_lives_a_minute_and_its_challenge_five() {
    let (site, client) = Site::with_key();
    let body = mint_body();
    let action = site.sign(&client, "POST", MINT, &body).await;
    let late = site.sign(&client, "POST", MINT, &body).await;
    site.advance(59);
    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK);
    site.advance(1);
    assert!(is_refused(&site.mint(&late, &body).await));

    for (seconds, status) in [(299, StatusCode::OK), (300, StatusCode::FORBIDDEN)] {
        let challenge = site.begin("POST", MINT, "{}").await;
        let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
        site.advance(seconds);
        let answer = site.complete(&challenge, &assertion).await;
        assert_eq!(answer.status, status, "after {seconds} s: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_answers_or_spends_the_challenge_of_another() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());

    let foreign = site.post_as("us-2", COMPLETE, site::complete_body(&challenge, &assertion)).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(foreign.body["error"]["code"], "invalid_challenge");
    assert_eq!(site.complete(&challenge, &assertion).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_fails_spends_no_challenge() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());

    for _ in 0..5 {
        site.host.fail();
        assert_eq!(site.complete(&challenge, &assertion).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        site.host.recover();
    }
    assert_eq!(site.complete(&challenge, &assertion).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_fails_costs_no_challenge() {
    let (site, _) = Site::with_key();
    let body = site::begin_body("POST", MINT, "{}");
    site.host.fail();
    for _ in 0..100 {
        let answer = site.post_as("us-1", INIT, body.clone()).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    site.host.recover();
    site.begin("POST", MINT, "{}").await;
}

#[tokio::test]
async fn a_host_that_fails_six_times_spends_the_challenge() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());

    site.host.fail();
    for _ in 0..6 {
        assert_eq!(site.complete(&challenge, &assertion).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    site.host.recover();
    assert_eq!(site.complete(&challenge, &assertion).await.body["error"]["code"], "invalid_challenge");
}

#[tokio::test]
async fn a_challenge_names_what_the_caller_can_sign_with() {
    let site = Site::new();
    let [key, protected, recovery, off, foreign] = std::array::from_fn(|_| KeyClient::ed25519());
    site.seed(key.credential(site.user(), CredentialKind::Key));
    let mut locked = protected.credential(site.user(), CredentialKind::PasswordProtectedKey);
    locked.encrypted_private_key = Some("sealed".to_owned().try_into().unwrap());
    site.seed(locked);
    site.seed(recovery.credential(site.user(), CredentialKind::RecoveryKey));
    let mut deactivated = off.credential(site.user(), CredentialKind::Key);
    deactivated.status = credential_code::model::CredentialStatus::Deactivated;
    site.seed(deactivated);
    site.seed(foreign.credential("us-2".to_owned().try_into().unwrap(), CredentialKind::Key));

    let challenge = site.begin("POST", MINT, "{}").await;

    let entry = |client: &KeyClient| json!({ "type": "public-key", "id": client.credential_id().as_str() });
    let mut sealed = entry(&protected);
    sealed["encryptedPrivateKey"] = "sealed".into();
    assert_eq!(
        challenge["allowCredentials"],
        json!({ "key": [entry(&key), entry(&protected)], "passwordProtectedKey": [sealed], "webauthn": [] })
    );
    let kind = |kind: &str| json!({ "kind": kind, "factor": "either", "requiresSecondFactor": false });
    assert_eq!(challenge["supportedCredentialKinds"], json!([kind("Key"), kind("PasswordProtectedKey")]));
    assert_eq!(challenge["rp"], json!({ "id": "example.com", "name": "Example" }));
    assert_eq!(challenge["userVerification"], "required");
    assert_eq!(challenge["attestation"], "none");
    assert_eq!(challenge["externalAuthenticationUrl"], "");
    assert_eq!(challenge.as_object().unwrap().len(), 8);
}

#[tokio::test]
async fn of_more_keys_than_fit_the_newest_are_offered() {
    let site = Site::new();
    let start = std::time::SystemTime::UNIX_EPOCH;
    let mut ids = Vec::new();
    for number in 0..258 {
        let client = KeyClient::ed25519();
        let kinds = [CredentialKind::Key, CredentialKind::PasswordProtectedKey];
        let mut credential = client.credential(site.user(), kinds[number % 2]);
        credential.created_at = start + Duration::from_secs(number as u64);
        ids.push(credential.id.to_string());
        site.seed(credential);
    }

    let challenge = site.begin("POST", MINT, "{}").await;

    let offered = challenge["allowCredentials"]["key"].as_array().unwrap();
    let mut offered: Vec<_> = offered.iter().map(|key| key["id"].as_str().unwrap()).collect();
    let mut newest = ids[2..].to_vec();
    offered.sort_unstable();
    newest.sort_unstable();
    assert_eq!(offered, newest);
    let protected = challenge["allowCredentials"]["passwordProtectedKey"].as_array().unwrap();
    assert_eq!(protected.len(), 128);
}

/// Nobody guesses 256 bits, so nothing is counted. Otherwise a thief of the session could lock its
/// owner out.
#[tokio::test]
async fn any_number_of_wrong_actions_leaves_the_good_one_alone() {
    let (site, key) = Site::with_key();
    let action = site.sign(&key, "POST", MINT, &mint_body()).await;
    for _ in 0..2000 {
        assert!(is_refused(&site.mint("unknown", &mint_body()).await));
    }
    assert_eq!(site.mint(&action, &mint_body()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_fills_the_store_with_challenges() {
    let site = Site::new();
    for _ in 0..60 {
        site.begin("POST", MINT, "{}").await;
    }
    let begin = async |user| site.post_as(user, INIT, site::begin_body("POST", MINT, "{}")).await.status;
    assert_eq!(begin("us-1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(begin("us-2").await, StatusCode::OK);
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(begin("us-1").await, StatusCode::OK);
}

#[tokio::test]
async fn the_layer_answers_as_the_router_does() {
    let (site, client) = Site::with_key();
    let site = site.behind_layers();
    let body = mint_body();

    let action = site.sign(&client, "POST", MINT, &body).await;
    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK);
    let passed = site.post_as("us-1", "/auth/action/", "{}").await;
    assert_eq!(passed.body, json!("the application"));
}

#[tokio::test]
async fn one_layer_answers_for_all_flows_and_passes_the_rest() {
    let (site, client) = Site::with_key();
    let site = site.behind_one_layer();
    let body = mint_body();

    let action = site.sign(&client, "POST", MINT, &body).await;
    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK);
    for path in
        ["/auth", "/auth/", "/auth/action/", "/auth/credentials/", "/auth/credentials/code/", "/authx"]
    {
        let passed = site.post_as("us-1", path, "{}").await;
        assert_eq!(passed.body, json!("the application"), "{path}");
    }
}

#[tokio::test]
async fn a_moved_router_demands_an_action_for_the_path_that_the_client_sees() {
    for strips in [true, false] {
        let (site, client) = Site::with_key();
        let site = site.mounted_at("/api/v1", strips);
        let body = mint_body();
        let sign = async |path: &str| {
            let begun =
                site.post_as("us-1", "/api/v1/action/init", site::begin_body("POST", path, &body)).await;
            let signed = client.assert(CredentialKind::Key, begun.body["challenge"].as_str().unwrap());
            let signed = site::complete_body(&begun.body, &signed);
            let action = site.post_as("us-1", "/api/v1/action", signed).await;
            String::from(action.body["userAction"].as_str().unwrap())
        };
        let minted_at = "/api/v1/credentials/code";
        assert!(is_refused(&site.mint_at(minted_at, &sign(MINT).await, &body).await), "{strips}");
        let minted = site.mint_at(minted_at, &sign(minted_at).await, &body).await;
        assert_eq!(minted.status, StatusCode::OK, "{minted:?}");
    }
}

#[tokio::test]
async fn a_site_that_signs_nothing_has_no_endpoints_for_it() {
    for path in [INIT, COMPLETE] {
        let request = Request::post(path).body(axum::body::Body::empty()).unwrap();
        let response = openapi::ask(Site::unsigned(), request, "").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_endpoints_may_be_mounted_at_the_root() {
    for site in [Site::new().at_the_root(), Site::new().at_the_root_of_a_layer()] {
        let begun = site.post_as("nobody", "/init", site::begin_body("POST", MINT, "{}")).await;
        let completed = site.post_as("us-1", "/", "{}").await;
        assert_eq!([begun.status, completed.status], [StatusCode::UNAUTHORIZED, StatusCode::BAD_REQUEST]);
    }
}

#[tokio::test]
async fn the_endpoints_need_a_bearer() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
    for user in ["", "nobody"] {
        let begun = site.post_as(user, INIT, site::begin_body("POST", MINT, "{}")).await;
        let completed = site.post_as(user, COMPLETE, site::complete_body(&challenge, &assertion)).await;
        assert_eq!([begun.status, completed.status], [StatusCode::UNAUTHORIZED; 2]);
    }
    assert_eq!(site.complete(&challenge, &assertion).await.status, StatusCode::OK);
}

#[test]
fn a_flow_that_lacks_something_is_not_built() {
    let refusal = |policy: ActionPolicy| {
        ActionFlow::new(&testing::site(&Default::default()), policy).unwrap_err().to_string()
    };
    let policy = ActionPolicy::default;
    assert!(refusal(policy().action_lifetime(Duration::from_secs(601))).contains("action_lifetime"));
    let longest = policy().action_lifetime(Duration::from_secs(600));
    ActionFlow::new(&testing::site(&Default::default()), longest).unwrap();
    assert!(refusal(policy().challenge_lifetime(Duration::ZERO)).contains("challenge_lifetime"));
    let uncounted = credential_code::Site::builder()
        .host(MemoryHost::default())
        .relying_party(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap())
        .events(|_| {})
        .build()
        .unwrap();
    let said = ActionFlow::new(&uncounted, policy()).unwrap_err().to_string();
    assert!(said.contains("`sign_counters`"), "{said}");
}

#[test]
fn a_proof_is_not_shown() {
    let proof = credential_code::model::ActionProof::new("secret");
    assert_eq!(format!("{proof:?}"), "ActionProof(…)");
    assert_eq!(proof.reveal(), "secret");
}
