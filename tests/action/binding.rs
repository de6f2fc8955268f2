//! What an action is bound to: user, method, path, and the JSON value of the body.

use credential_code::action::ActionRequest;
use http::StatusCode;

use crate::is_refused;
use crate::site::{MINT, Site, mint_body};

fn request(body: &str) -> ActionRequest {
    ActionRequest::new("POST", MINT, body.as_bytes()).unwrap()
}

#[test]
fn a_body_may_be_written_anew() {
    let spellings = [
        (r#"{"expiration":1}"#, r#"{"expiration": 1}"#),
        (r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{"b":{"d":3,"c":2},"a":1}"#),
        (r#"{"a":1}"#, "\r\n{\t\"a\" : 1.0 }\n"),
        (r#"{"a":1e2}"#, r#"{"a":100}"#),
        (r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#),
        (r#"{"a":"/"}"#, r#"{"a":"\/"}"#),
        ("", "{}"),
        ("", "{ }"),
        ("null", " null "),
    ];
    for (signed, made) in spellings {
        assert_eq!(request(signed), request(made), "{signed} {made}");
    }
}

#[test]
fn another_value_is_another_request() {
    let values = [
        (r#"{"expiration":1}"#, r#"{"expiration":2}"#),
        (r#"{"expiration":1}"#, r#"{"expiration":"1"}"#),
        (r#"{"expiration":1}"#, r#"{"expiration":1,"more":null}"#),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
        (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#),
        (r#"{"a":36893488147419103233}"#, r#"{"a":36893488147419103232}"#),
        (r#"{"a":0.1}"#, r#"{"a":0.10000000000000001}"#),
        (r#"{"a":"b"}"#, r#"{"a":"B"}"#),
        (r#"{"a":"é"}"#, r#"{"a":"e\u0301"}"#),
        ("{}", "[]"),
        ("{}", "null"),
        ("", "not JSON"),
        ("a=1", "a=1 "),
        ("a=1", "\"a=1\""),
    ];
    for (signed, made) in values {
        assert_ne!(request(signed), request(made), "{signed} {made}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let deep = "[".repeat(65) + &"]".repeat(65);
    for body in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#, r#"{"a":"\ud800"}"#, &deep] {
        assert!(ActionRequest::new("POST", MINT, body.as_bytes()).is_err(), "{body}");
    }
    for (method, path) in [
        ("", MINT),
        ("post", MINT),
        ("POST ", MINT),
        ("POST", ""),
        ("POST", "auth"),
        ("POST", "/a?b"),
        ("POST", "/ä"),
    ] {
        assert!(ActionRequest::new(method, path, b"{}").is_err(), "{method:?} {path:?}");
    }
}

#[tokio::test]
async fn a_client_that_writes_its_body_anew_mints() {
    let (site, client) = Site::with_key();
    let signed = mint_body();
    let made = signed.replace(':', " : ").replace('}', "\n}");

    let action = site.sign(&client, "POST", MINT, &signed).await;
    let minted = site.mint(&action, &made).await;
    assert_ne!(signed, made);
    assert_eq!(minted.status, StatusCode::OK, "{minted:?}");
}

#[tokio::test]
async fn an_action_for_another_request_is_refused() {
    let (site, client) = Site::with_key();
    let body = mint_body();
    let other_body = body.replace("expiration\":1", "expiration\":2");
    assert_ne!(body, other_body);
    for (method, path, payload) in [
        ("PUT", MINT, &body),
        ("POST", "/auth/credentials/code/", &body),
        ("POST", "/auth/credentials/code/init", &body),
        ("POST", "/AUTH/credentials/code", &body),
        ("POST", MINT, &other_body),
        ("POST", MINT, &String::new()),
        ("POST", MINT, &format!("\"{}\"", body.replace('"', "\\\""))),
    ] {
        let action = site.sign(&client, method, path, payload).await;
        assert!(is_refused(&site.mint(&action, &body).await), "{method} {path} {payload}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_the_signed_one_spends_nothing() {
    let (site, client) = Site::with_key();
    let body = mint_body();
    let action = site.sign(&client, "POST", MINT, &body).await;

    let other = body.replace('}', " }").replace("expiration\":1", "expiration\":2");
    assert_ne!(site.mint(&action, &other).await.status, StatusCode::OK);
    assert_eq!(site.mint(&action, "{").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.mint(&action, r#"{"expiration":1}"#).await.status, StatusCode::BAD_REQUEST);
    assert!(is_refused(&site.mint_as("us-2", &action, &body).await));

    assert_eq!(site.mint(&action, &body).await.status, StatusCode::OK);
}
