//! The endpoints, and input that they refuse.

use axum::Router;
use axum::body::Body;
use credential_code::model::Approval;
use credential_code::{AuthFlows, AuthRouter, Storage};
use http::{Request, header};
use serde_json::json;

use super::{ENROLMENTS, another_user, as_user, two_users};
use crate::support::{Answer, World, ask, plenty, text};

/// Returns ids that are no enrolment of the user: of no known form, unknown, and somebody else's.
fn strange_ids(foreign: &str) -> Vec<String> {
    let mut ids: Vec<_> =
        ["x", "en-", "en", "..", "%00", "en-aaaaa-bbbbb-cccccccccccccc"].map(String::from).into();
    ids.push(foreign.to_uppercase());
    ids.push(foreign.replace("en-", "cr-"));
    ids.push(format!("{foreign}%20"));
    ids.push("a".repeat(5000));
    ids.push(foreign.to_owned());
    ids
}

#[tokio::test]
async fn foreign_and_unknown_ids_are_one_answer() {
    let host = two_users();
    let users = host.clone();
    let world = World::with(|setup| {
        setup
            .site(|site| site.authenticator(host.clone()).users(users).credentials(host))
            .policy(|_| plenty().approval(Approval::Asked))
    });
    let minted = {
        let body = json!({ "expiration": world.unix(60) }).to_string();
        let request = Request::post(crate::support::MINT)
            .header(header::AUTHORIZATION, format!("Bearer {}", another_user()))
            .header(header::CONTENT_TYPE, "application/json");
        world.send(request.body(body.into()).unwrap()).await.ok()
    };
    let foreign = text(&minted, "enrolmentId");
    let unknown = world.get(&format!("{ENROLMENTS}/en-aaaaa-bbbbb-cccccccccccccc")).await;
    unknown.assert_refused(404, "not_found");
    for id in strange_ids(&foreign) {
        let path = format!("{ENROLMENTS}/{id}");
        assert_eq!(world.get(&path).await, unknown, "{id}");
        assert_eq!(world.get(&format!("{path}?after=waiting&wait=1")).await, unknown, "{id}");
        assert_eq!(world.delete(&path).await, unknown, "{id}");
        assert_eq!(world.post_json(&format!("{path}/approve"), &json!({})).await, unknown, "{id}");
        assert_eq!(world.post_json(&format!("{path}/refuse"), &json!({})).await, unknown, "{id}");
    }
    assert_eq!(world.get(ENROLMENTS).await.ok(), json!({ "items": [] }));
    let own = world.send(as_user("GET", &format!("{ENROLMENTS}/{foreign}"), another_user().as_str())).await;
    assert_eq!(own.ok()["stage"], "waiting");
}

#[tokio::test]
async fn nobody_sees_or_decides_without_a_sign_in() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    for (method, path, body) in [
        ("GET", ENROLMENTS.to_owned(), ""),
        ("GET", format!("{ENROLMENTS}/{id}"), ""),
        ("GET", format!("{ENROLMENTS}/x"), ""),
        ("DELETE", format!("{ENROLMENTS}/{id}"), ""),
        ("POST", format!("{ENROLMENTS}/{id}/approve"), "{}"),
        ("POST", format!("{ENROLMENTS}/{id}/refuse"), "{}"),
    ] {
        let request =
            Request::builder().method(method).uri(&path).header(header::CONTENT_TYPE, "application/json");
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        answer.assert_refused(401, "unauthenticated");
    }
    assert_eq!(world.stage(&id).await, "pending");
}

#[tokio::test]
async fn another_method_is_refused_and_the_right_ones_are_named() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    for (path, allowed) in [
        (ENROLMENTS.to_owned(), "GET"),
        (format!("{ENROLMENTS}/undo"), "POST"),
        (format!("{ENROLMENTS}/outcome"), "POST"),
        (format!("{ENROLMENTS}/{id}"), "GET, DELETE"),
        (format!("{ENROLMENTS}/{id}/approve"), "POST"),
        (format!("{ENROLMENTS}/{id}/refuse"), "POST"),
        (crate::support::MINT.to_owned(), "POST"),
    ] {
        for method in all.into_iter().filter(|method| !allowed.split(", ").any(|it| it == *method)) {
            let answer = world.send(as_user(method, &path, crate::support::USER)).await;
            answer.assert_refused(405, "method_not_allowed");
            assert_eq!(answer.headers[header::ALLOW], allowed, "{method} {path}");
        }
    }
    for path in
        ["enrolments/", "enrolments/x/", "enrolments/x/approve/", "enrolments/x/other", "enrolments//approve"]
    {
        world.get(&format!("/auth/credentials/{path}")).await.assert_refused(404, "not_found");
    }
    assert_eq!(world.stage(&id).await, "pending");
}

#[tokio::test]
async fn a_body_where_none_belongs_is_refused() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    let path = format!("{ENROLMENTS}/{id}");
    for method in ["GET", "DELETE"] {
        for body in ["{}", " ", "{\"wait\":1}", "\u{0}"] {
            let request = Request::builder().method(method).uri(&path);
            let request = request.header(header::AUTHORIZATION, format!("Bearer {}", crate::support::USER));
            let answer = world.send(request.body(Body::from(body)).unwrap()).await;
            answer.assert_refused(400, "invalid_request");
        }
    }
    for what in ["approve", "refuse"] {
        for body in
            ["", "null", "[]", "{\"x\":1}", "{} {}", "{\"checkCode\":\"123456\",\"checkCode\":\"123456\"}"]
        {
            let answer = world.post(&format!("{path}/{what}"), body).await;
            answer.assert_refused(400, "invalid_request");
        }
    }
    // A media type without a body is tolerated: clients send one everywhere.
    let request = Request::get(&path).header(header::CONTENT_TYPE, "application/json");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {}", crate::support::USER));
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.ok()["stage"], "pending");
}

#[tokio::test]
async fn wait_is_1_to_25_and_comes_with_a_stage() {
    let world = World::asking(Approval::Asked);
    let (id, answer) = world.pending().await;
    for query in [
        "wait=1",
        "after=waiting",
        "after=waiting&wait=0",
        "after=waiting&wait=26",
        "after=waiting&wait=-1",
        "after=waiting&wait=+1",
        "after=waiting&wait=1.0",
        "after=waiting&wait=1e1",
        "after=waiting&wait=",
        "after=&wait=1",
        "after=Waiting&wait=1",
        "after=elsewhere&wait=1",
        "after=waiting&wait=1&wait=1",
        "after=waiting&after=waiting&wait=1",
        "after=waiting&wait=1&x=1",
        "x",
        "wait",
        "=",
        "after=waiting&wait=99999999999999999999999",
        "after=waiting;wait=1",
        "after=%77aiting&wait=1",
    ] {
        let answer = world.get(&format!("{ENROLMENTS}/{id}?{query}")).await;
        answer.assert_refused(400, "invalid_request");
    }
    for query in ["after=waiting&wait=1", "wait=25&after=opened", ""] {
        assert_eq!(world.get(&format!("{ENROLMENTS}/{id}?{query}")).await.ok()["stage"], "pending");
    }
    let token = &answer["approval"]["token"];
    for (after, wait) in [
        (json!(null), json!(1)),
        (json!("waiting"), json!(null)),
        (json!("waiting"), json!(0)),
        (json!("waiting"), json!(26)),
        (json!("waiting"), json!("1")),
        (json!("waiting"), json!(1.5)),
        (json!("waiting"), json!(-1)),
        (json!("x"), json!(1)),
        (json!(1), json!(1)),
        (json!(""), json!(1)),
    ] {
        let body = json!({ "token": token, "after": after, "wait": wait });
        world.outcome(&body).await.assert_refused(400, "invalid_request");
    }
    world.outcome(&json!({ "token": token, "after": "opened" })).await.assert_refused(400, "invalid_request");
    world.outcome(&json!({ "token": token, "wait": 1 })).await.assert_refused(400, "invalid_request");
    let outcome = world.outcome(&json!({ "token": token, "after": "opened", "wait": 1 })).await.ok();
    assert_eq!(outcome, json!({ "stage": "pending", "expiration": answer["approval"]["expiration"] }));
}

#[tokio::test]
async fn a_token_that_is_cut_changed_foreign_or_for_something_else_is_one_403() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = told.clone();
    let world = World::with(|setup| {
        setup.events(move |event| {
            heard.lock().unwrap().extend(event.undo_token().map(|token| token.reveal().to_owned()));
        })
    });
    let (_, body) = world.opened().await;
    world.register(&body).await.ok();
    let undo = told.lock().unwrap()[0].clone();
    // This site has its own keys, whatever the others share.
    let asking = World::with(|setup| {
        setup.storage(Storage::in_memory()).policy(|_| plenty().approval(Approval::Asked))
    });
    let outcome = text(&asking.pending().await.1["approval"], "token");
    let mut strange = vec![String::new(), "x".into(), "====".into(), "a".repeat(60_000), "\u{1f511}".into()];
    for token in [&undo, &outcome] {
        strange.extend((0..token.len()).step_by(7).map(|length| token[..length].to_owned()));
        strange.extend([format!("{token}A"), format!("{token}="), format!(" {token}"), token.to_lowercase()]);
        for index in (0..token.len()).step_by(5) {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            strange.push(String::from_utf8(changed).unwrap());
        }
    }
    let refused = world.undo("").await;
    refused.assert_refused(403, "invalid_token");
    let same = |answer: &Answer| assert_eq!(answer.body, refused.body);
    for token in &strange {
        same(&world.undo(token).await);
        same(&asking.outcome(&json!({ "token": token })).await);
    }
    // Each token is good for its own question alone, and at its own site alone.
    same(&asking.undo(&outcome).await);
    same(&world.outcome(&json!({ "token": undo })).await);
    same(&asking.undo(&undo).await);
    same(&world.outcome(&json!({ "token": outcome })).await);
    for body in
        [json!({}), json!({ "token": null }), json!({ "token": 1 }), json!({ "token": "x", "more": 1 })]
    {
        world.post_json(&format!("{ENROLMENTS}/undo"), &body).await.assert_refused(400, "invalid_request");
        world.outcome(&body).await.assert_refused(400, "invalid_request");
    }
    assert_eq!(world.host.stored().len(), 1);
}

#[tokio::test]
async fn all_flows_of_a_site_under_one_path_have_these_endpoints_too() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    let app = Router::new().nest_service("/auth", AuthRouter::new(AuthFlows::new(world.flow.clone())));
    let request = as_user("GET", &format!("{ENROLMENTS}/{id}"), crate::support::USER);
    let answer = ask(app.clone(), request, "").await;
    assert_eq!(answer.ok()["stage"], "pending");
    let request = as_user("DELETE", &format!("{ENROLMENTS}/{id}"), crate::support::USER);
    let answer = ask(app, request, "").await;
    assert_eq!(answer.ok()["stage"], "revoked");
}

/// A host that can't remove credentials gives no undo tokens, and has no such endpoint.
#[tokio::test]
async fn without_management_nothing_is_undone() {
    let host = two_users();
    let site = credential_code::Site::builder().host(host).relying_party(crate::support::party());
    let site = site.events(|event| assert!(event.undo_token().is_none())).build().unwrap();
    let flow = credential_code::CodeFlow::new(&site, plenty()).unwrap();
    let app = Router::new().nest_service("/auth/credentials", credential_code::CodeRouter::new(flow));
    let request = crate::support::request(&format!("{ENROLMENTS}/undo"));
    let body = json!({ "token": "x" }).to_string();
    let request = request.body(Body::from(body.clone())).unwrap();
    ask(app, request, &body).await.assert_refused(404, "not_found");
}
