//! The published document: its content, and that the suites notice where it is wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use credential_code::event::{Event, Step};
use credential_code::model::User;
use credential_code::testing::MemoryHost;
use credential_code::{ActionFlow, ActionPolicy, AuthFlows, AuthRouter, CodeFlow, CodePolicy, OPENAPI, Site};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::support::openapi::Heard;
use crate::support::{self, EXCHANGE, MINT, World, party, request, text};

const PREFIX: &str = "CredentialCode";
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Every step that has an endpoint. An action is redeemed by the request that it was signed for.
const STEPS: [Step; 19] = [
    Step::Mint,
    Step::Exchange,
    Step::Register,
    Step::ListEnrolments,
    Step::FollowEnrolment,
    Step::Revoke,
    Step::Approve,
    Step::Refuse,
    Step::Undo,
    Step::FollowOutcome,
    Step::BeginAction,
    Step::CompleteAction,
    Step::ListCredentials,
    Step::BeginCredential,
    Step::CreateCredential,
    Step::Activate,
    Step::Deactivate,
    Step::Rename,
    Step::Remove,
];

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// Calls for each object in the document.
fn visit(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(members);
            members.values().for_each(|value| visit(value, see));
        }
        Value::Array(items) => items.iter().for_each(|value| visit(value, see)),
        _ => {}
    }
}

/// Yields the operations of a path, with their methods.
fn operations(item: &Value) -> impl Iterator<Item = (&str, &Value)> {
    METHODS.into_iter().filter_map(|method| Some((method, item.get(method)?)))
}

/// Creates all flows of a site. Returns the steps that its listener has heard of, too.
fn all_flows() -> (Router, Arc<Mutex<Vec<Step>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let host = Arc::new(MemoryHost::new([User::new(support::user(), "ada@example.com")]));
    let site = Site::builder().host(host.clone()).sign_counters(host.clone()).management(host);
    let site = site.relying_party(party()).events(move |event| {
        if let Event::Refused { step, .. } = event {
            heard.lock().unwrap().push(*step);
        }
    });
    let site = site.build().unwrap();
    let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
    let codes = CodeFlow::new(&site, CodePolicy::default()).unwrap().signed_by(&actions).unwrap();
    (Router::new().nest_service("/auth", AuthRouter::new(AuthFlows::new(codes))), told)
}

/// Returns a request that nobody signed, to a path of that template.
fn stranger(method: &str, template: &str) -> Request<Body> {
    let path = template.replace("{id}", "en-aaaaa-bbbbb-cccccccccccccc");
    let path = path.replace("{credentialUuid}", "cr-aaaaa-bbbbb-cccccccccccccc");
    let request = Request::builder().method(method.to_ascii_uppercase().as_str()).uri(path);
    let body = if matches!(method, "post" | "put") { "{}" } else { "" };
    request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn each_step_has_the_operation_that_is_named_for_it() {
    let (app, told) = all_flows();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations(item) {
            let answer = support::ask(app.clone(), stranger(method, path), "").await;
            assert!(answer.status.is_client_error(), "{method} {path}: {answer:?}");
            assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}: {answer:?}");
            let step = *told.lock().unwrap().last().unwrap();
            assert_eq!(operation["operationId"], format!("credentialCode{step:?}"), "{method} {path}");
        }
    }
    let told: BTreeSet<_> = told.lock().unwrap().iter().map(|step| step.as_str()).collect();
    assert_eq!(told, STEPS.map(Step::as_str).into());
}

#[tokio::test]
async fn a_method_that_is_not_in_the_document_is_not_allowed() {
    let (app, _) = all_flows();
    for (path, item) in document()["paths"].as_object().unwrap() {
        let named: BTreeSet<_> = operations(item).map(|(method, _)| method.to_ascii_uppercase()).collect();
        for method in METHODS.into_iter().filter(|method| item.get(method).is_none()) {
            let answer = support::ask(app.clone(), stranger(method, path), "").await;
            answer.assert_refused(405, "method_not_allowed");
            let allowed = answer.headers[header::ALLOW].to_str().unwrap();
            assert_eq!(allowed.split(", ").map(String::from).collect::<BTreeSet<_>>(), named, "{path}");
        }
    }
}

#[test]
fn every_name_has_the_prefix() {
    let document = document();
    let components = document["components"].as_object().unwrap();
    for (what, named) in components {
        for name in named.as_object().unwrap().keys() {
            assert!(name.starts_with(PREFIX), "{what}: {name}");
        }
    }
    for tag in document["tags"].as_array().unwrap() {
        assert!(tag["name"].as_str().unwrap().starts_with(PREFIX), "{tag}");
    }
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for item in document["paths"].as_object().unwrap().values() {
        for (_, operation) in operations(item) {
            assert!(
                operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)),
                "{operation}"
            );
            // Otherwise a host's own security requirement would apply to it.
            let security = operation["security"].as_array().unwrap();
            assert!(security.iter().all(|one| one.get("CredentialCodeBearer").is_some()), "{operation}");
        }
    }
    // A value there would apply to a host's own operations, too.
    assert!(document.get("security").is_none() && document.get("servers").is_none());
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut referred = BTreeSet::new();
    visit(&document, &mut |members| {
        if let Some(target) = members.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            referred.insert(target.to_owned());
        }
    });
    // It is answered on every path, so no operation names it.
    referred.insert("#/components/responses/CredentialCodeMethodNotAllowed".to_owned());
    for what in ["schemas", "responses"] {
        for name in document["components"][what].as_object().unwrap().keys() {
            assert!(referred.contains(&format!("#/components/{what}/{name}")), "{name} is of no use");
        }
    }
}

#[test]
fn every_object_says_which_members_it_has_and_no_others() {
    let document = document();
    let mut open = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        visit(schema, &mut |members| {
            let is_object = members.get("type").is_some_and(|of| of == "object");
            if is_object && members.get("additionalProperties") != Some(&json!(false)) {
                open.push(name.clone());
            }
        });
    }
    // The output of WebAuthn's extension `credProps`. Later levels may add members to it.
    assert_eq!(open, ["CredentialCodePasskeyInfo"]);
}

#[test]
fn the_document_is_of_this_version() {
    assert_eq!(document()["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// Returns a request to mint, and its answer.
async fn minted() -> (World, Heard, Response<Bytes>) {
    let world = World::new();
    let body = json!({ "expiration": world.unix(60) }).to_string();
    let sent = request(MINT).body(Body::from(body.clone())).unwrap();
    let heard = Heard::new(&sent, &body);
    let answer = world.send(sent).await;
    let mut response = Response::new(answer.body);
    *response.headers_mut() = answer.headers;
    (world, heard, response)
}

fn with_body(response: &Response<Bytes>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    let mut body = serde_json::from_slice(response.body()).unwrap();
    change(&mut body);
    response.clone().map(|_| body.to_string().into())
}

#[tokio::test]
async fn a_doctored_answer_is_noticed() {
    let (_, heard, good) = minted().await;
    assert_eq!(heard.judge(&good), Ok(()));
    let with_status = |status: u16| {
        let mut response = good.clone();
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    };
    let without = |name| {
        let mut response = good.clone();
        response.headers_mut().remove(name);
        response
    };
    let mut of_another_type = good.clone();
    of_another_type.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/json"));
    let mut storable = good.clone();
    storable.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
    for (what, doctored) in [
        ("a status that is not there", with_status(201)),
        ("a status with another body", with_status(403)),
        ("another method's status", with_status(405)),
        ("no media type", without(header::CONTENT_TYPE)),
        ("another media type", of_another_type),
        ("no word on storing", without(header::CACHE_CONTROL)),
        ("another word on storing", storable),
        ("no JSON", good.clone().map(|_| "mint".into())),
        ("a member more", with_body(&good, |body| body["more"] = json!(1))),
        ("a member less", with_body(&good, |body| drop(body.as_object_mut().unwrap().remove("code")))),
        ("null", with_body(&good, |body| body["enrolmentId"] = Value::Null)),
        ("a code of another form", with_body(&good, |body| body["code"] = json!("A0U-KY6-9PT"))),
        ("an id of another form", with_body(&good, |body| body["enrolmentId"] = json!("en-1"))),
        (
            "a time without milliseconds",
            with_body(&good, |body| body["expiration"] = json!("2100-01-01T00:00:00Z")),
        ),
    ] {
        assert!(heard.judge(&doctored).is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_doctored_refusal_is_noticed() {
    let world = World::new();
    let sent = request(EXCHANGE).body(Body::from("{}")).unwrap();
    let heard = Heard::new(&sent, "{}");
    let answer = world.send(sent).await;
    answer.assert_refused(400, "invalid_request");
    let mut good = Response::new(answer.body);
    (*good.status_mut(), *good.headers_mut()) = (answer.status, answer.headers);
    assert_eq!(heard.judge(&good), Ok(()));
    for (what, doctored) in [
        ("another code", with_body(&good, |body| body["error"]["code"] = json!("invalid_code"))),
        ("another status", with_body(&good, |body| body["error"]["status"] = json!(403))),
        ("a stage", with_body(&good, |body| body["error"]["stage"] = json!("waiting"))),
        ("no message", with_body(&good, |body| drop(body.as_object_mut().unwrap().remove("message")))),
        ("an empty message", with_body(&good, |body| body["message"] = json!(""))),
    ] {
        assert!(heard.judge(&doctored).is_err(), "{what}");
    }
}

/// If a service took more than the document says, it would have clients that nobody can write.
#[tokio::test]
async fn a_request_that_the_document_forbids_is_noticed_when_it_is_answered() {
    let (world, _, good) = minted().await;
    let sent = |path: &str, body: &str| Heard::new(&request(path).body(()).unwrap(), body);
    for body in ["", "{}", "{\"expiration\":0}", "{\"expiration\":\"soon\"}", "{\"expiration\":1,\"more\":1}"]
    {
        assert!(sent(MINT, body).judge(&good).is_err(), "{body}");
    }
    assert!(sent(&format!("{MINT}?x=1"), "{\"expiration\":1}").judge(&good).is_err());
    let id = text(&serde_json::from_slice(good.body()).unwrap(), "enrolmentId");
    let path = format!("/auth/credentials/enrolments/{id}");
    let look =
        |path: &str| Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", support::USER));
    let shown = world.send(look(&path).body(Body::empty()).unwrap()).await;
    let mut response = Response::new(shown.body);
    *response.headers_mut() = shown.headers;
    for query in ["after=waiting&wait=26", "after=elsewhere&wait=1", "more=1"] {
        let asked = look(&format!("{path}?{query}")).body(()).unwrap();
        assert!(Heard::new(&asked, "").judge(&response).is_err(), "{query}");
    }
    let elsewhere = look("/auth/credentials/enrolments/en-1").body(()).unwrap();
    assert!(Heard::new(&elsewhere, "").judge(&response).is_err());
    let put = Request::builder().method(Method::PUT).uri(&path).body(()).unwrap();
    assert!(Heard::new(&put, "").judge(&response).is_err());
}
