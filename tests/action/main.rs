//! User actions: an existing credential signs a request, and that request alone mints a code, once.

mod site;

use credential_code::model::CredentialKind;
use credential_code::testing::KeyClient;
use http::StatusCode;
use serde_json::json;
use site::{MINT, Site, mint_body};

#[tokio::test]
async fn an_action_is_spent_by_its_request() {
    let site = Site::new();
    let client = KeyClient::p256();
    site.seed(client.credential(site.user(), CredentialKind::Key));
    let body = mint_body();

    let action = site.sign(&client, "POST", MINT, &body).await;
    let minted = site.mint(&action, &body).await;
    let again = site.mint(&action, &body).await;

    assert_eq!(minted.status, StatusCode::OK, "{minted:?}");
    assert!(minted.body["code"].is_string());
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(again.body["message"], json!("user action signature is missing or invalid"));
}
