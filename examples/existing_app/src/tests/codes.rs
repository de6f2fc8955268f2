//! What a user does with codes and passkeys.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::{APP1, APP2, Answer, Browser, Passkey, World, base64url};

const API: &str = "/auth/credentials";

impl Browser {
    /// Returns a user action for a request, signed by a passkey.
    pub(super) async fn signed(
        &mut self,
        passkey: &Passkey,
        method: &str,
        path: &str,
        body: &Value,
    ) -> String {
        let payload = if body.is_null() { String::new() } else { body.to_string() };
        let asked = json!({
            "userActionPayload": payload, "userActionHttpMethod": method, "userActionHttpPath": path,
        });
        let challenge = self.post("/auth/action/init", &asked).await.ok();
        let signed = passkey.signed(self.origin, &challenge["challenge"]);
        let response = &signed["response"];
        let assertion = json!({
            "credId": signed["id"], "clientData": response["clientDataJSON"], "signature": response["signature"],
            "authenticatorData": response["authenticatorData"], "userHandle": response["userHandle"],
        });
        let factor = json!({ "kind": "Fido2", "credentialAssertion": assertion });
        let answered =
            json!({ "challengeIdentifier": challenge["challengeIdentifier"], "firstFactor": factor });
        self.post("/auth/action", &answered).await.ok()["userAction"].as_str().unwrap().to_owned()
    }

    /// Sends a request that a passkey of the user has signed.
    pub(super) async fn act(
        &mut self,
        passkey: &Passkey,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        let action = self.signed(passkey, method.as_str(), path, body).await;
        self.ask(method, path, body, Some(&action)).await
    }

    pub(super) async fn mint(&mut self, passkey: &Passkey) -> Value {
        let minted = self.act(passkey, Method::POST, &format!("{API}/code"), &in_a_minute()).await;
        minted.ok()["code"].clone()
    }

    /// Spends a code for a passkey that is not registered yet.
    pub(super) async fn exchange(&mut self, code: &Value) -> (Passkey, Value) {
        let asked = json!({ "credentialKind": "Fido2", "code": code });
        let challenge = self.post(&format!("{API}/code/init"), &asked).await.ok();
        (Passkey::new(&challenge["publicKey"]["user"]["id"]), challenge)
    }

    pub(super) async fn register(&mut self, passkey: &Passkey, challenge: &Value) -> Answer {
        let attestation = passkey.authenticator.attest(
            super::browser::RP_ID,
            self.origin,
            challenge["publicKey"]["challenge"].as_str().unwrap(),
        );
        let info = json!({
            "credId": passkey.authenticator.credential_id().as_str(),
            "clientData": base64url(&attestation.client_data),
            "attestationData": base64url(&attestation.attestation_data),
        });
        let proof = json!({
            "challengeIdentifier": challenge["challengeIdentifier"], "credentialKind": "Fido2",
            "credentialName": "phone", "credentialInfo": info,
        });
        self.post(&format!("{API}/code/verify"), &proof).await
    }

    pub(super) async fn listed(&mut self) -> Vec<Value> {
        self.get(API).await.ok()["items"].as_array().unwrap().clone()
    }
}

pub(super) fn in_a_minute() -> Value {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(55);
    json!({ "expiration": at.as_secs() })
}

/// Returns Ada with an old passkey, and a new one that a code added at app 2.
pub(super) async fn with_two(world: &World) -> (Browser, Passkey, Passkey) {
    let (mut ada, old) = world.ada().await;
    let code = ada.mint(&old).await;
    let mut app2 = world.browser(APP2);
    let (new, challenge) = app2.exchange(&code).await;
    app2.register(&new, &challenge).await.ok();
    (ada, old, new)
}

#[tokio::test]
async fn a_passkey_that_a_code_added_opens_the_sign_in_at_both_origins() {
    let world = World::new().await;
    let (mut ada, old, new) = with_two(&world).await;

    assert_eq!(new.handle, old.handle, "an authenticator knows one account");
    for origin in [APP1, APP2] {
        for passkey in [&new, &old] {
            let mut browser = world.browser(origin);
            assert_eq!(browser.sign_in(passkey).await.ok(), json!({ "name": "ada@example.com" }));
        }
    }
    let names: Vec<_> = ada.listed().await.iter().map(|item| item["name"].clone()).collect();
    assert_eq!(names, ["phone", "Passkey"]);
}

#[tokio::test]
async fn old_and_new_passkeys_sign_user_actions() {
    let world = World::new().await;
    let (mut ada, old, new) = with_two(&world).await;

    for passkey in [&old, &new] {
        ada.mint(passkey).await;
    }
    let unsigned = ada.post(&format!("{API}/code"), &in_a_minute()).await;
    assert_eq!(unsigned.refusal(), "user_action_required");
}

#[tokio::test]
async fn an_action_advances_the_counter_that_the_sign_in_compares() {
    let world = World::new().await;
    let (mut ada, mut old) = world.ada().await;
    old.authenticator.sign_count = 5;
    ada.mint(&old).await;
    old.authenticator.sign_count = 4;
    assert_eq!(world.browser(APP1).sign_in(&old).await.status, StatusCode::FORBIDDEN);
    old.authenticator.sign_count = 6;
    world.browser(APP1).sign_in(&old).await.ok();
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_and_then_opens_nothing() {
    let world = World::new().await;
    let (mut ada, old, new) = with_two(&world).await;
    let uuid = ada.listed().await[0]["credentialUuid"].clone();

    let renamed = json!({ "credentialUuid": uuid, "name": "telephone" });
    ada.act(&old, Method::PUT, &format!("{API}/rename"), &renamed).await.ok();
    assert_eq!(ada.listed().await[0]["name"], "telephone");

    let path = format!("{API}/{}", uuid.as_str().unwrap());
    ada.act(&old, Method::DELETE, &path, &Value::Null).await.ok();
    assert_eq!(ada.listed().await.len(), 1);
    assert_eq!(world.browser(APP2).sign_in(&new).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_deactivated_passkey_opens_nothing_until_it_is_activated() {
    let world = World::new().await;
    let (mut ada, old, new) = with_two(&world).await;
    let changed = json!({ "credentialUuid": ada.listed().await[0]["credentialUuid"] });

    ada.act(&old, Method::PUT, &format!("{API}/deactivate"), &changed).await.ok();
    assert_eq!(world.browser(APP1).sign_in(&new).await.status, StatusCode::FORBIDDEN);
    ada.act(&old, Method::PUT, &format!("{API}/activate"), &changed).await.ok();
    world.browser(APP1).sign_in(&new).await.ok();
}

#[tokio::test]
async fn the_last_passkey_stays() {
    let world = World::new().await;
    let (mut ada, old) = world.ada().await;
    let uuid = ada.listed().await[0]["credentialUuid"].as_str().unwrap().to_owned();

    let removed = ada.act(&old, Method::DELETE, &format!("{API}/{uuid}"), &Value::Null).await;
    assert_eq!(removed.refusal(), "last_credential");
    let changed = json!({ "credentialUuid": uuid });
    let deactivated = ada.act(&old, Method::PUT, &format!("{API}/deactivate"), &changed).await;
    assert_eq!(deactivated.refusal(), "last_credential");
    world.browser(APP1).sign_in(&old).await.ok();
}

#[tokio::test]
async fn a_new_passkey_is_not_made_where_one_is() {
    let world = World::new().await;
    let (mut ada, old) = world.ada().await;
    let code = ada.mint(&old).await;

    let (_, challenge) = world.browser(APP2).exchange(&code).await;

    let excluded = &challenge["publicKey"]["excludeCredentials"];
    assert_eq!(excluded[0]["id"], old.authenticator.credential_id().as_str());
}
