//! What the application does with the addition, and without it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::browser::{APP1, APP2, World, base64url};

#[tokio::test]
async fn a_passkey_of_the_sign_up_opens_the_sign_in_at_both_origins() {
    let world = World::new().await;
    let passkey = world.browser(APP1).sign_up("ada@example.com").await;

    for origin in [APP1, APP2] {
        let mut browser = world.browser(origin);
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.sign_in(&passkey).await.ok(), json!({ "name": "ada@example.com" }));
        assert_eq!(browser.get("/me").await.ok()["name"], "ada@example.com");
        browser.post("/sign-out", &json!({})).await.ok();
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_passkey_that_nobody_has_opens_nothing() {
    let world = World::new().await;
    let passkey = world.browser(APP1).sign_up("ada@example.com").await;
    let mut stranger = super::browser::Passkey::new(&Value::from(passkey.handle.clone()));

    assert_eq!(world.browser(APP1).sign_in(&stranger).await.status, StatusCode::FORBIDDEN);
    stranger.handle = base64url(&[7; 16]);
    assert_eq!(world.browser(APP1).sign_in(&stranger).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_name_is_taken_once_and_a_challenge_is_answered_once() {
    let world = World::new().await;
    let mut browser = world.browser(APP1);
    let passkey = browser.sign_up("ada@example.com").await;
    let options = browser.post("/sign-in/start", &json!({})).await.ok();
    let signed = passkey.signed(APP1, &options["publicKey"]["challenge"]);
    browser.post("/sign-in/finish", &signed).await.ok();
    assert_eq!(browser.post("/sign-in/finish", &signed).await.status, StatusCode::BAD_REQUEST);

    let begun = world.browser(APP1).post("/sign-up/start", &json!({ "name": "ada@example.com" })).await.ok();
    assert_ne!(begun["publicKey"]["user"]["id"], passkey.handle);
}

#[tokio::test]
async fn a_signature_counter_is_kept_and_does_not_go_back() {
    let world = World::new().await;
    let mut passkey = world.browser(APP1).sign_up("ada@example.com").await;
    passkey.authenticator.sign_count = 7;
    world.browser(APP1).sign_in(&passkey).await.ok();
    let row: String = sqlx::query_scalar("SELECT passkey FROM passkeys").fetch_one(&world.db).await.unwrap();
    let row: Value = serde_json::from_str(&row).unwrap();
    assert_eq!(row["cred"]["counter"], 7);
    passkey.authenticator.sign_count = 6;
    assert_eq!(world.browser(APP1).sign_in(&passkey).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_front_page_leads_to_what_is_there_and_to_nothing_else() {
    let world = World::new().await;
    let mut browser = world.browser(APP1);
    let page = browser.get("/").await.body;
    assert_eq!(page.contains("/passkeys"), cfg!(feature = "code"));
    for path in page.split(['"', ' ']).filter(|word| word.starts_with('/') && word.len() > 1) {
        let path = path.trim_end_matches('>');
        let found = browser.get(path).await;
        assert_eq!(found.status, StatusCode::OK, "{path}");
        assert!(found.headers.contains_key("content-type"), "{path}");
    }
}
