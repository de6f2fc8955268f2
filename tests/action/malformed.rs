//! Bad input is refused with 4xx and a JSON error, and spends nothing.

use credential_code::model::CredentialKind;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::site::{COMPLETE, INIT, MINT, Site, begin_body, complete_body};

fn assert_is_json_error(case: &str, answer: &crate::Answer) {
    assert!(answer.status.is_client_error(), "{case}: {answer:?}");
    assert_eq!(answer.body["error"]["status"], answer.status.as_u16(), "{case}");
    assert!(answer.body["error"]["code"].is_string(), "{case}");
    assert!(answer.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{case}");
}

/// Returns a sound body with one member replaced. `null` as the replacement removes it.
fn spoiled(body: &str, pointer: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    members.insert(name.to_owned(), value);
    body.to_string()
}

fn without(body: &str, pointer: &str) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    body.to_string()
}

fn misshapen(body: &str) -> Vec<String> {
    vec![
        String::new(),
        "null".into(),
        "[]".into(),
        "\"\"".into(),
        "{".into(),
        "{}".into(),
        format!("[{body}]"),
        format!("{body}{body}"),
        format!("{body} x"),
        body.replace('"', "'"),
        spoiled(body, "/extra", json!(1)),
        format!("{{\"challengeIdentifier\":\"x\",\"userActionPayload\":\"\",{}", &body[1..]),
    ]
}

/// A payload may be as large as the whole limit of a body. So we read one only for a user of the
/// host.
#[tokio::test]
async fn what_nobody_sends_is_not_read() {
    let (site, _) = Site::with_key();
    let deep = "[".repeat(65) + &"]".repeat(65);
    for body in ["{".to_owned(), begin_body("POST", MINT, &deep)] {
        assert_eq!(site.post_as("", INIT, body.clone()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.post_as("us-1", INIT, body).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn bad_requests_for_a_challenge_are_refused() {
    let (site, _) = Site::with_key();
    let good = begin_body("POST", MINT, "{}");
    let mut bodies = misshapen(&good);
    for member in ["/userActionPayload", "/userActionHttpMethod", "/userActionHttpPath"] {
        bodies.push(without(&good, member));
        bodies
            .extend([json!(null), json!(1), json!({}), json!([])].map(|value| spoiled(&good, member, value)));
    }
    bodies.extend([
        spoiled(&good, "/userActionHttpMethod", json!({ "POST": null })),
        spoiled(&good, "/userActionServerKind", json!({ "Api": null })),
        spoiled(&good, "/userActionServerKind", json!(null)),
        spoiled(&good, "/userActionServerKind", json!("Other")),
        spoiled(&good, "/userActionHttpMethod", json!("post")),
        spoiled(&good, "/userActionHttpMethod", json!("TRACE")),
        spoiled(&good, "/userActionHttpMethod", json!("")),
        spoiled(&good, "/userActionHttpPath", json!("")),
        spoiled(&good, "/userActionHttpPath", json!("auth/credentials/code")),
        spoiled(&good, "/userActionHttpPath", json!("https://example.com/auth")),
        spoiled(&good, "/userActionHttpPath", json!("/auth?x=1")),
        spoiled(&good, "/userActionHttpPath", json!("/auth code")),
        spoiled(&good, "/userActionHttpPath", json!("/".repeat(2049))),
        spoiled(&good, "/userActionPayload", json!(r#"{"a":1,"a":2}"#)),
        spoiled(&good, "/userActionPayload", json!("[".repeat(65) + &"]".repeat(65))),
        spoiled(&good, "/userActionPayload", json!(r#""\ud800""#)),
    ]);
    for body in bodies {
        let answer = site.post_as("us-1", INIT, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {answer:?}");
        assert_is_json_error(&body, &answer);
    }
    assert_eq!(site.post_as("us-1", INIT, good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bad_answers_to_a_challenge_are_refused_and_spend_nothing() {
    let (site, client) = Site::with_key();
    let challenge = site.begin("POST", MINT, "{}").await;
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
    let good = complete_body(&challenge, &assertion);
    let proof = "/firstFactor/credentialAssertion";
    let mut bodies = misshapen(&good);
    for member in ["credId", "clientData", "signature"].map(|member| format!("{proof}/{member}")) {
        bodies.push(without(&good, &member));
        let values = [json!(null), json!(1), json!(""), json!({}), json!([member])];
        bodies.extend(values.map(|value| spoiled(&good, &member, value)));
    }
    for member in ["clientData", "signature"].map(|member| format!("{proof}/{member}")) {
        bodies.extend(
            ["A", "AA=", "AB", "+/8=", "AA AA", "é"].map(|text| spoiled(&good, &member, json!(text))),
        );
    }
    for member in ["/challengeIdentifier", "/firstFactor", "/firstFactor/kind", proof] {
        bodies.push(without(&good, member));
        bodies
            .extend([json!(null), json!(1), json!(""), json!([])].map(|value| spoiled(&good, member, value)));
    }
    for kind in ["key", "RecoveryKey", "Password", "Totp", "Fido2", "Other"] {
        bodies.push(spoiled(&good, "/firstFactor/kind", json!(kind)));
    }
    bodies.extend([
        spoiled(&good, "/secondFactor", json!({})),
        spoiled(&good, "/firstFactor/password", json!("secret")),
        spoiled(&good, &format!("{proof}/authenticatorData"), json!("AA")),
        spoiled(&good, &format!("{proof}/userHandle"), json!("AA")),
        spoiled(&good, &format!("{proof}/algorithm"), json!(null)),
        spoiled(&good, &format!("{proof}/credId"), json!("a\u{0}b")),
        spoiled(&good, &format!("{proof}/credId"), json!("a".repeat(1365))),
    ]);
    for body in bodies {
        let answer = site.post_as("us-1", COMPLETE, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {answer:?}");
        assert_is_json_error(&body, &answer);
    }
    let with_algorithm = spoiled(&good, &format!("{proof}/algorithm"), json!("SHA256"));
    assert_eq!(site.post_as("us-1", COMPLETE, with_algorithm).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_that_are_not_understood_are_refused() {
    let (site, _) = Site::with_key();
    let good = begin_body("POST", MINT, "{}");
    for path in [INIT, COMPLETE] {
        for (method, media_type, body, expected) in [
            (Method::GET, "application/json", good.clone(), StatusCode::METHOD_NOT_ALLOWED),
            (Method::PUT, "application/json", good.clone(), StatusCode::METHOD_NOT_ALLOWED),
            (Method::POST, "text/plain", good.clone(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (Method::POST, "application/json", " ".repeat(64 * 1024 + 1), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let request = Request::builder()
                .method(&method)
                .uri(path)
                .header(header::AUTHORIZATION, "Bearer us-1")
                .header(header::CONTENT_TYPE, media_type);
            let answer = site.send(request.body(body.into()).unwrap()).await;
            assert_eq!(answer.status, expected, "{method} {path} {media_type}");
            assert_is_json_error(path, &answer);
        }
    }
    let nowhere = site.post_as("us-1", "/auth/action/other", good.clone()).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert_is_json_error("/other", &nowhere);
    let foreign = Request::post(INIT)
        .header(header::AUTHORIZATION, "Bearer us-1")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ORIGIN, "https://evil.example");
    let foreign = site.send(foreign.body(good.into()).unwrap()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_is_json_error("a foreign origin", &foreign);
}
