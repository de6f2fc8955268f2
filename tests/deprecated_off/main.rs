//! Without the feature, the builder and both steps refuse the deprecated kinds. The refusals spend
//! nothing.
#![cfg(not(feature = "deprecated-kinds"))]

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use credential_code::model::CredentialKind;
use credential_code::testing::site;
use credential_code::{CodeFlow, CodePolicy};
use serde_json::json;

use crate::support::{KINDS, World, attest, register_body, secret_body, text};

const DEPRECATED: [CredentialKind; 2] = [CredentialKind::Password, CredentialKind::Totp];

#[test]
fn a_host_can_not_list_them() {
    for kind in DEPRECATED {
        let policy = CodePolicy::default().kinds([CredentialKind::Key, kind]);
        let built = CodeFlow::new(&site(&Arc::default()), policy);
        let said = built.unwrap_err().to_string();
        assert!(said.contains("`kinds`") && said.contains("`deprecated-kinds`"), "{said}");
    }
}

#[tokio::test]
async fn exchange_names_what_is_allowed_and_does_not_spend_the_code() {
    let world = World::new();
    let code = world.mint().await;
    for kind in DEPRECATED {
        let answer = world.exchange(kind, &code).await;
        answer.assert_refused(400, "invalid_request");
        let message = text(&answer.json(), "message");
        assert!(KINDS.iter().all(|allowed| message.contains(allowed.as_str())), "{message}");
    }
    world.exchange(CredentialKind::Key, &code).await.ok();
}

#[tokio::test]
async fn register_refuses_them_and_does_not_spend_the_challenge() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Key).await;
    let mut other = challenge.clone();
    for (kind, info) in [
        (CredentialKind::Password, json!({ "password": "correct horse" })),
        (CredentialKind::Totp, json!({ "otpCode": "123456" })),
    ] {
        other["kind"] = kind.as_str().into();
        world.register(&secret_body(&other, &info)).await.assert_refused(400, "invalid_request");
    }
    world.register(&register_body(&challenge, &attest(CredentialKind::Key, &challenge))).await.ok();
}
