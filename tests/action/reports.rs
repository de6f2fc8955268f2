//! The report that a client sends about a passkey, and what a policy demands of it. Which names are
//! refused.

use credential_code::CodePolicy;
use credential_code::model::{Backup, CredentialKind, Fido2Policy, User, UserId};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use http::StatusCode;
use serde_json::{Value, json};

use crate::adding::{BEGIN, answer_of, begin};
use crate::managing::{LIST, signed};
use crate::site::{Answer, INIT, MINT, Site, begin_body, mint_body};

/// Returns a new passkey's answer, with the report of its client.
fn passkey_for(challenge: &Value, report: &Value) -> Value {
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    let challenged = challenge["challenge"].as_str().unwrap();
    let attestation = passkey.attest("example.com", "https://app.example.com", challenged);
    let mut body: Value = serde_json::from_str(&answer_of(challenge, &attestation)).unwrap();
    for (name, value) in report.as_object().unwrap() {
        body["credentialInfo"][name] = value.clone();
    }
    body
}

async fn create(site: &Site, signer: &KeyClient, body: &Value) -> Answer {
    signed(site, signer, "POST", LIST, &body.to_string()).await
}

#[tokio::test]
async fn how_a_passkey_is_reached_is_kept_and_offered_back() {
    let (site, signer) = Site::with_key();
    let challenge = begin(&site, CredentialKind::Fido2).await;
    let report = json!({
        "transports": ["usb", "internal", "smart-card", "usb", "brand-new"],
        "credProps": { "rk": true, "authenticatorDisplayName": "Key" },
    });
    let created = create(&site, &signer, &passkey_for(&challenge, &report)).await;
    assert_eq!(created.status, StatusCode::OK, "{created:?}");

    let sorted = json!(["brand-new", "internal", "smart-card", "usb"]);
    let stored = site.host.stored().pop().unwrap().fido2.unwrap().report;
    assert_eq!(json!(stored.transports), sorted);
    assert_eq!(stored.discoverable, Some(true));
    let again = begin(&site, CredentialKind::Fido2).await;
    assert_eq!(again["excludeCredentials"][0]["transports"], sorted);
    let action = site.post_as("us-1", INIT, begin_body("POST", MINT, "{}")).await;
    assert_eq!(action.body["allowCredentials"]["webauthn"][0]["transports"], sorted);
    assert!(action.body["allowCredentials"]["key"][0].get("transports").is_none(), "{action:?}");
}

#[tokio::test]
async fn a_passkey_of_which_nothing_is_said_is_offered_without_transports() {
    let (site, signer) = Site::with_key();
    for report in [json!({}), json!({ "transports": [], "credProps": {} })] {
        let challenge = begin(&site, CredentialKind::Fido2).await;
        let created = create(&site, &signer, &passkey_for(&challenge, &report)).await;
        assert_eq!(created.status, StatusCode::OK, "{created:?}");
        let again = begin(&site, CredentialKind::Fido2).await;
        assert!(again["excludeCredentials"][0].get("transports").is_none(), "{again}");
    }
}

#[tokio::test]
async fn a_malformed_report_is_refused_and_spends_nothing() {
    let (site, signer) = Site::with_key();
    let challenge = begin(&site, CredentialKind::Fido2).await;
    let many: Vec<_> = (0..17).map(|number| format!("way-{number}")).collect();
    for report in [
        json!({ "transports": many }),
        json!({ "transports": [""] }),
        json!({ "transports": ["x".repeat(33)] }),
        json!({ "transports": ["a b"] }),
        json!({ "transports": [1] }),
        json!({ "transports": "usb" }),
        json!({ "transports": null }),
        json!({ "credProps": null }),
        json!({ "credProps": [true] }),
        json!({ "credProps": { "rk": null } }),
        json!({ "credProps": { "rk": "true" } }),
    ] {
        let answer = create(&site, &signer, &passkey_for(&challenge, &report)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{report}");
    }
    let created = create(&site, &signer, &passkey_for(&challenge, &json!({}))).await;
    assert_eq!(created.status, StatusCode::OK, "{created:?}");
}

#[tokio::test]
async fn only_a_passkey_has_a_report() {
    let (site, signer) = Site::with_key();
    for report in [json!({ "transports": [] }), json!({ "credProps": {} })] {
        let challenge = begin(&site, CredentialKind::Key).await;
        let mut body: Value = serde_json::from_str(&crate::adding::key_for(&challenge)).unwrap();
        body["credentialInfo"].as_object_mut().unwrap().extend(report.as_object().unwrap().clone());
        let answer = create(&site, &signer, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    }
}

#[tokio::test]
async fn where_passkeys_stay_on_their_device_one_that_may_leave_it_is_refused_and_may_be_mended() {
    let mut policy = Fido2Policy::default();
    policy.backup = Backup::Refused;
    let (site, signer) = Site::with_codes(CodePolicy::default().fido2_policy(policy));
    let challenge = begin(&site, CredentialKind::Fido2).await;
    let attempt = async |eligible: u8| {
        let mut passkey = SoftAuthenticator::new(StatementFormat::PackedSelf);
        passkey.flags |= eligible;
        let challenged = challenge["challenge"].as_str().unwrap();
        let attestation = passkey.attest("example.com", "https://app.example.com", challenged);
        signed(&site, &signer, "POST", LIST, &answer_of(&challenge, &attestation)).await
    };
    for flags in [0x08, 0x18] {
        let refused = attempt(flags).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["error"]["code"], "invalid_attestation");
        assert!(refused.body["message"].as_str().unwrap().contains("may leave its device"), "{refused:?}");
    }
    assert_eq!(attempt(0).await.status, StatusCode::OK);
}

/// The dialog of an authenticator and the owner's list show names unchanged.
#[tokio::test]
async fn a_name_that_would_be_shown_wrongly_is_refused() {
    let bad = ["", " \u{a0}", "a\u{202e}b", "a\u{2067}b", "a\u{200f}b", "a\nb", "a\u{0}b", "\u{200b}\u{ad}"];
    let good = ["Büro 🔑", "👩‍🚀", "ملاحظة", "a b", "\u{2764}\u{fe0f}"];
    for (names, status) in [(&bad[..], StatusCode::BAD_REQUEST), (&good[..], StatusCode::OK)] {
        for name in names {
            let (site, signer) = Site::with_key();
            let mut body: Value = {
                let challenge = begin(&site, CredentialKind::Key).await;
                serde_json::from_str(&crate::adding::key_for(&challenge)).unwrap()
            };
            body["credentialName"] = (*name).into();
            assert_eq!(create(&site, &signer, &body).await.status, status, "a credential's: {name:?}");

            let user = User::new(UserId::new("us-1").unwrap(), *name);
            site.host.put_user(user);
            let begun = site.post_as("us-1", BEGIN, json!({ "kind": "Key" }).to_string()).await;
            assert_eq!(begun.status, status, "a user's: {name:?}");
            let (body, action) = (mint_body(), site.sign(&signer, "POST", MINT, &mint_body()).await);
            assert_eq!(site.mint(&action, &body).await.status, status, "a user's: {name:?}");

            let mut user = User::new(UserId::new("us-1").unwrap(), "ada@example.com");
            user.display_name = (*name).into();
            site.host.put_user(user);
            let begun = site.post_as("us-1", BEGIN, json!({ "kind": "Key" }).to_string()).await;
            let status = if name.is_empty() { StatusCode::OK } else { status };
            assert_eq!(begun.status, status, "a display name: {name:?}");
        }
    }
}
