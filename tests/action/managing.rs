//! A user's own credentials: list, activate, deactivate, rename, remove.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use credential_code::clock::Clock as _;
use credential_code::error::ErrorKind;
use credential_code::event::{Change, Event};
use credential_code::host::Caller;
use credential_code::manage::{ChangeRequest, ManageFlow, RenameRequest};
use credential_code::model::{Credential, CredentialKind, User, UserId, UserStatus};
use credential_code::testing::{KeyClient, MemoryHost, site_builder};
use credential_code::{ActionPolicy, CodeFlow, CodePolicy};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::adding::begin;
use crate::site::{Answer, MINT, PLACE, Site, mint_body};

pub(crate) const LIST: &str = "/auth/credentials";

/// Sends a request as a client does, with an action if there is one.
pub(crate) async fn send(site: &Site, method: &str, path: &str, action: Option<&str>, body: &str) -> Answer {
    let mut request =
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, "Bearer us-1");
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(action) = action {
        request = request.header("x-dfns-useraction", action);
    }
    site.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Sends the same request, signed by a key.
pub(crate) async fn signed(site: &Site, client: &KeyClient, method: &str, path: &str, body: &str) -> Answer {
    let action = site.sign(client, method, path, body).await;
    send(site, method, path, Some(&action), body).await
}

/// Creates a site whose first user has a key that signs and another one.
fn site() -> (Site, KeyClient, Credential) {
    let (site, signer) = Site::with_key();
    let mut other = KeyClient::p256().credential(site.user(), CredentialKind::Key);
    other.name = "old laptop".into();
    other.created_at = site.clock.now();
    site.seed(other.clone());
    (site, signer, other)
}

fn of(credential: &Credential) -> String {
    json!({ "credentialUuid": credential.uuid.as_str() }).to_string()
}

fn stored(site: &Site, credential: &Credential) -> Option<Credential> {
    site.host.stored().into_iter().find(|stored| stored.uuid == credential.uuid)
}

#[tokio::test]
async fn a_user_lists_their_own_credentials_the_newest_first_and_inactive_ones_too() {
    let (site, signer, other) = site();
    site.seed(KeyClient::p256().credential(UserId::new("us-2").unwrap(), CredentialKind::Key));
    signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &of(&other)).await;
    let answer = send(&site, "GET", LIST, None, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let items = answer.body["items"].as_array().unwrap();
    assert_eq!(answer.body.as_object().unwrap().len(), 1, "{answer:?}");
    let names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["old laptop", ""]);
    assert_eq!((&items[0]["isActive"], &items[1]["isActive"]), (&json!(false), &json!(true)));
    assert!(items.iter().all(|item| item.as_object().unwrap().len() == 9), "{items:?}");
    // Clients name a media type on a `GET` too, and no query changes anything.
    let request = Request::get(LIST)
        .header(header::AUTHORIZATION, "Bearer us-1")
        .header(header::CONTENT_TYPE, "application/json");
    assert_eq!(site.send(request.body(Body::empty()).unwrap()).await.body, answer.body);
}

#[tokio::test]
async fn a_change_needs_a_user_action_and_a_list_needs_none() {
    let (site, _, other) = site();
    let rename = json!({ "credentialUuid": other.uuid.as_str(), "name": "x" }).to_string();
    for (method, path, body) in [
        ("PUT", "/auth/credentials/activate".to_owned(), of(&other)),
        ("PUT", "/auth/credentials/deactivate".to_owned(), of(&other)),
        ("PUT", "/auth/credentials/rename".to_owned(), rename),
        ("DELETE", format!("{LIST}/{}", other.uuid), String::new()),
    ] {
        assert_eq!(send(&site, method, &path, None, &body).await.status, StatusCode::FORBIDDEN, "{path}");
        let request =
            Request::builder().method(method).uri(&path).header(header::CONTENT_TYPE, "application/json");
        let nobody = site.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(stored(&site, &other), Some(other));
}

#[tokio::test]
async fn a_credential_is_deactivated_activated_and_renamed_and_once_more_is_no_error() {
    let (site, signer, other) = site();
    let success = json!({ "message": "success" });
    for (what, is_active) in
        [("deactivate", false), ("deactivate", false), ("activate", true), ("activate", true)]
    {
        let answer = signed(&site, &signer, "PUT", &format!("{LIST}/{what}"), &of(&other)).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::OK, &success), "{what}");
        assert_eq!(stored(&site, &other).unwrap().is_active(), is_active, "{what}");
    }
    let body = json!({ "credentialUuid": other.uuid.as_str(), "name": "Büro 🔑" }).to_string();
    for _ in 0..2 {
        let answer = signed(&site, &signer, "PUT", "/auth/credentials/rename", &body).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::OK, &success));
    }
    assert_eq!(stored(&site, &other).unwrap().name, "Büro 🔑");
}

#[tokio::test]
async fn a_removed_credential_is_gone_and_the_clients_ways_to_send_no_body_work() {
    for (body, signed_body) in [("", ""), ("", "{}"), ("{}", "{}"), ("{}", "")] {
        let (site, signer, other) = site();
        let path = format!("{LIST}/{}", other.uuid);
        let action = site.sign(&signer, "DELETE", &path, signed_body).await;
        let answer = send(&site, "DELETE", &path, Some(&action), body).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({})), "{body:?} {signed_body:?}");
        assert_eq!(stored(&site, &other), None);
        let again = signed(&site, &signer, "DELETE", &path, "").await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
    }
}

/// The client signs the path as it is sent.
#[tokio::test]
async fn a_uuid_in_a_path_may_be_percent_encoded() {
    let (site, signer, other) = site();
    let path = format!("{LIST}/{}", other.uuid.as_str().replace('-', "%2D"));
    let answer = signed(&site, &signer, "DELETE", &path, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(stored(&site, &other), None);
}

#[tokio::test]
async fn an_unknown_and_a_foreign_uuid_are_one_404() {
    let (site, signer, _) = site();
    let foreign = KeyClient::p256().credential(UserId::new("us-2").unwrap(), CredentialKind::Key);
    site.seed(foreign.clone());
    let unknown = "cr-aaaaa-bbbbb-cccccccccccccc";
    let mut answers = Vec::new();
    for uuid in [unknown, foreign.uuid.as_str(), "x", "CR-AAAAA-BBBBB-CCCCCCCCCCCCCC"] {
        let change = json!({ "credentialUuid": uuid }).to_string();
        let rename = json!({ "credentialUuid": uuid, "name": "x" }).to_string();
        answers.push(signed(&site, &signer, "PUT", "/auth/credentials/activate", &change).await);
        answers.push(signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &change).await);
        answers.push(signed(&site, &signer, "PUT", "/auth/credentials/rename", &rename).await);
        answers.push(signed(&site, &signer, "DELETE", &format!("{LIST}/{uuid}"), "").await);
    }
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (StatusCode::NOT_FOUND, &answers[0].body));
    }
    assert_eq!(stored(&site, &foreign), Some(foreign));
}

/// The account may have been closed or taken back since its user signed in.
#[tokio::test]
async fn a_closed_account_and_a_session_from_before_change_nothing() {
    for is_closed in [true, false] {
        let (site, _, other) = site();
        let (manage, now) = (site.manage(), site.clock.now());
        let caller = Caller::new(site.user()).since(now - Duration::from_millis(1));
        match is_closed {
            true => site.host.set_status(&site.user(), UserStatus::Deactivated),
            false => site.host.set_void_before(&site.user(), now),
        }
        let request = || ChangeRequest::new(other.uuid.clone());
        let rename = RenameRequest::new(other.uuid.clone(), "mine").unwrap();
        for outcome in [
            manage.rename(&caller, rename).await,
            manage.activate(&caller, request()).await,
            manage.deactivate(&caller, request()).await,
            manage.remove(&caller, request()).await,
        ] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Forbidden);
        }
        assert_eq!(stored(&site, &other), Some(other));
    }
}

/// Each verb comes twice. The second time changes nothing, or finds nothing.
#[tokio::test]
async fn each_change_is_told_once_with_its_kind() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let credential = KeyClient::p256().credential(user.clone(), CredentialKind::Key);
    host.seed(credential.clone());
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let listener = move |event: &Event<'_>| {
        if let Event::CredentialChanged { user, source, .. } = event {
            let (credential, change) = event.changed_credential().unwrap();
            let source = source.unwrap_or_default().to_owned();
            heard.lock().unwrap().push(((*user).clone(), credential.clone(), change, source));
        }
    };
    let site = site_builder(&host).events(listener).build().unwrap();
    let manage = ManageFlow::new(&CodeFlow::new(&site, CodePolicy::default()).unwrap()).unwrap();
    let caller = Caller::new(user.clone());
    let mut request = ChangeRequest::new(credential.uuid.clone());
    request.source = Some("192.0.2.1".into());
    let mut rename = RenameRequest::new(credential.uuid.clone(), "mine").unwrap();
    rename.source = request.source.clone();

    for _ in 0..2 {
        manage.deactivate(&caller, request.clone()).await.unwrap();
    }
    for _ in 0..2 {
        manage.activate(&caller, request.clone()).await.unwrap();
    }
    for _ in 0..2 {
        manage.rename(&caller, rename.clone()).await.unwrap();
    }
    manage.remove(&caller, request.clone()).await.unwrap();
    assert_eq!(manage.remove(&caller, request).await.unwrap_err().kind(), ErrorKind::NotFound);

    let changes = [Change::Deactivated, Change::Activated, Change::Renamed, Change::Removed];
    let told_of = |change| (user.clone(), credential.uuid.clone(), change, "192.0.2.1".to_owned());
    assert_eq!(*told.lock().unwrap(), changes.map(told_of));
}

/// A request that is refused before anybody is asked spends nothing.
#[tokio::test]
async fn malformed_changes_are_refused_and_spend_no_action() {
    let (site, signer, other) = site();
    let uuid = other.uuid.as_str();
    let change = [
        "".to_owned(),
        "[]".into(),
        "{}".into(),
        "null".into(),
        json!({ "credential_uuid": uuid }).to_string(),
        json!({ "credentialUuid": null }).to_string(),
        json!({ "credentialUuid": 1 }).to_string(),
        json!({ "credentialUuid": uuid, "more": 1 }).to_string(),
    ];
    let named = |name: Value| json!({ "credentialUuid": uuid, "name": name }).to_string();
    let rename = [
        of(&other),
        named(json!("")),
        named(json!(null)),
        named(json!("\u{202e}x")),
        named(json!("\u{200b}")),
        named(json!("a\nb")),
        named(json!("n".repeat(1025))),
    ];
    let good = mint_body();
    let action = site.sign(&signer, "POST", MINT, &good).await;
    for (path, bodies) in [("activate", &change[..]), ("deactivate", &change), ("rename", &rename)] {
        for body in bodies {
            let request = Request::put(format!("{LIST}/{path}"))
                .header(header::AUTHORIZATION, "Bearer us-1")
                .header(header::CONTENT_TYPE, "application/json")
                .header("x-dfns-useraction", &action);
            let answer = site.send(request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
        }
    }
    let path = format!("{LIST}/{uuid}");
    assert_eq!(
        send(&site, "DELETE", &path, Some(&action), "{\"x\":1}").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(send(&site, "GET", LIST, None, "{}").await.status, StatusCode::BAD_REQUEST);
    for (method, path) in [
        ("PATCH", LIST),
        ("PUT", LIST),
        ("GET", "/auth/credentials/init"),
        ("GET", "/auth/credentials/activate"),
        ("GET", &path),
    ] {
        let answer = send(&site, method, path, None, "{}").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
    assert_eq!(stored(&site, &other), Some(other));
    assert_eq!(site.mint(&action, &good).await.status, StatusCode::OK);
}

/// A credential signs nothing after it was deactivated or removed, even between the steps of an
/// action.
#[tokio::test]
async fn a_credential_that_is_gone_ends_the_actions_that_it_signed() {
    for removes in [false, true] {
        let (site, signer, other) = site();
        let signs = KeyClient::p256();
        let doomed = signs.credential(site.user(), CredentialKind::Key);
        site.seed(doomed.clone());
        let body = mint_body();
        let action = site.sign(&signs, "POST", MINT, &body).await;
        let begun = site.begin("POST", MINT, &body).await;
        let path = format!("{LIST}/{}", doomed.uuid);
        let answer = match removes {
            true => signed(&site, &signer, "DELETE", &path, "").await,
            false => signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &of(&doomed)).await,
        };
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(site.mint(&action, &body).await.status, StatusCode::FORBIDDEN);
        let assertion = signs.assert(CredentialKind::Key, begun["challenge"].as_str().unwrap());
        assert!(site.complete(&begun, &assertion).await.status.is_client_error());
        let offered = site.begin("POST", MINT, &body).await;
        let offered = offered["allowCredentials"]["key"].to_string();
        assert!(!offered.contains(doomed.id.as_str()) && offered.contains(other.id.as_str()), "{offered}");
    }
}

#[tokio::test]
async fn the_layer_of_all_flows_answers_these_too_and_passes_the_rest() {
    let (site, _, other) = site();
    let site = site.behind_one_layer();
    assert_eq!(send(&site, "GET", LIST, None, "").await.body["items"].as_array().unwrap().len(), 2);
    let answer = send(&site, "DELETE", &format!("{LIST}/{}", other.uuid), None, "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let passed = send(&site, "GET", "/auth/credentials/a/b", None, "").await;
    assert_eq!(passed.body, "the application");
}

/// The id of a key may be used again. Then it names another key.
#[tokio::test]
async fn an_action_of_a_removed_key_is_not_one_of_its_namesake() {
    let (site, signer, _) = site();
    let signs = KeyClient::p256();
    let mut doomed = signs.credential(site.user(), CredentialKind::Key);
    site.seed(doomed.clone());
    let body = mint_body();
    let action = site.sign(&signs, "POST", MINT, &body).await;
    let path = format!("{LIST}/{}", doomed.uuid);
    assert_eq!(signed(&site, &signer, "DELETE", &path, "").await.status, StatusCode::OK);
    doomed.uuid = KeyClient::p256().credential(site.user(), CredentialKind::Key).uuid;
    site.seed(doomed);
    assert_eq!(site.mint(&action, &body).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_event_of_managing_names_the_source_of_its_request() {
    let (told, source) = (Arc::new(Mutex::new(Vec::new())), "192.0.2.1");
    let heard = told.clone();
    let listener = move |event: &Event<'_>| heard.lock().unwrap().push(format!("{event:?}"));
    let (site, signer) = Site::heard_by(ActionPolicy::default(), source, listener);
    let other = KeyClient::p256().credential(site.user(), CredentialKind::Key);
    site.seed(other.clone());
    signed(&site, &signer, "PUT", "/auth/credentials/deactivate", &of(&other)).await;
    signed(&site, &signer, "DELETE", &format!("{LIST}/{}", other.uuid), "").await;
    let told = told.lock().unwrap();
    for name in ["ActionRedeemed", "CredentialChanged"] {
        assert_eq!(told.iter().filter(|event| event.starts_with(name)).count(), 2, "{name}");
    }
    for event in told.iter().filter(|event| !event.starts_with("Answered")) {
        assert!(event.contains(&format!("source: Some({source:?})")), "{event}");
    }
}

/// The owner sees where an addition began.
#[tokio::test]
async fn an_addition_without_a_code_shows_its_source_and_place() {
    let (site, _) = Site::heard_by(ActionPolicy::default(), "192.0.2.1", |_| {});
    begin(&site, CredentialKind::Key).await;
    let shown = send(&site, "GET", "/auth/credentials/enrolments", None, "").await.body;
    assert_eq!(shown["items"][0]["opened"]["source"], "192.0.2.1");
    assert_eq!(shown["items"][0]["opened"]["place"], PLACE);
}

/// The endpoints of codes lie below those of managing.
#[tokio::test]
async fn a_layer_of_managing_leaves_the_paths_of_codes_to_the_service_behind_it() {
    let (site, signer) = Site::with_key();
    let site = site.behind_a_layer_of_managing();
    let body = mint_body();
    let action = site.sign(&signer, "POST", MINT, &body).await;
    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK);
    let enrolments = send(&site, "GET", "/auth/credentials/enrolments", None, "").await;
    assert_eq!(enrolments.status, StatusCode::OK);
}
