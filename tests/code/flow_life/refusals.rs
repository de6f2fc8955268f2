//! What a refused registration costs: either the challenge, or one of its five returns.

use std::time::Duration;

use credential_code::attestation::Attestation;
use credential_code::model::{CredentialId, CredentialKind, UserId};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use serde_json::{Value, json};

use super::{good, key};
use crate::support::{KINDS, ORIGIN, PARTY, World, base64url, register_body, text};

/// Returns a passkey whose authenticator did not verify its user.
fn unverified(challenge: &Value) -> Value {
    let mut authenticator = SoftAuthenticator::new(StatementFormat::PackedSelf);
    authenticator.flags &= !SoftAuthenticator::USER_VERIFIED;
    register_body(challenge, &authenticator.attest(PARTY, ORIGIN, &text(challenge, "challenge")))
}

#[tokio::test]
async fn a_challenge_is_spent_by_every_refusal_that_is_final() {
    let key_client = |data: fn(&str) -> Value| {
        move |challenge: &str| KeyClient::p256().attest_client_data(key(), data(challenge).to_string())
    };
    let passkey = |data: fn(&str) -> Value| {
        move |challenge: &str| {
            SoftAuthenticator::new(StatementFormat::PackedSelf)
                .attest_client_data(PARTY, data(challenge).to_string())
        }
    };
    type Attest = Box<dyn Fn(&str) -> Attestation>;
    let bad: Vec<(&str, Attest)> = vec![
        (
            "bad signature",
            Box::new(|challenge| {
                let mut proof = KeyClient::ed25519().attest(key(), challenge);
                proof.attestation_data = KeyClient::ed25519().attest(key(), challenge).attestation_data;
                let data = json!({ "challenge": challenge, "type": "key.create", "x": 1 });
                proof.client_data = data.to_string().into_bytes();
                proof
            }),
        ),
        ("other challenge", Box::new(|_| KeyClient::p256().attest(key(), "AAAA"))),
        (
            "challenge encoded again",
            Box::new(|challenge| KeyClient::p256().attest(key(), &base64url(challenge.as_bytes()))),
        ),
        ("other ceremony", Box::new(key_client(|c| json!({ "type": "key.get", "challenge": c })))),
        ("passkey ceremony", Box::new(key_client(|c| json!({ "type": "webauthn.create", "challenge": c })))),
        (
            "other origin",
            Box::new(key_client(
                |c| json!({ "type": "key.create", "challenge": c, "origin": "https://evil.example.com" }),
            )),
        ),
        (
            "cross origin",
            Box::new(key_client(|c| json!({ "type": "key.create", "challenge": c, "crossOrigin": true }))),
        ),
        (
            "no attestation",
            Box::new(|challenge| {
                let mut proof = KeyClient::p256().attest(key(), challenge);
                proof.attestation_data = b"{}".to_vec();
                proof
            }),
        ),
        (
            "no client data",
            Box::new(|challenge| {
                let mut proof = KeyClient::p256().attest(key(), challenge);
                proof.client_data = b"[]".to_vec();
                proof
            }),
        ),
        (
            "passkey: other challenge",
            Box::new(passkey(
                |_| json!({ "type": "webauthn.create", "challenge": "AAAA", "origin": ORIGIN }),
            )),
        ),
        (
            "passkey: other origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": "https://example.com:8443" }),
            )),
        ),
        ("passkey: no origin", Box::new(passkey(|c| json!({ "type": "webauthn.create", "challenge": c })))),
        (
            "passkey: key ceremony",
            Box::new(passkey(|c| json!({ "type": "key.create", "challenge": c, "origin": ORIGIN }))),
        ),
        (
            "passkey: cross origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": ORIGIN, "crossOrigin": true }),
            )),
        ),
        (
            "passkey: top origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": ORIGIN, "topOrigin": ORIGIN }),
            )),
        ),
        (
            "passkey: other party",
            Box::new(|challenge| {
                SoftAuthenticator::new(StatementFormat::PackedSelf).attest("example.org", ORIGIN, challenge)
            }),
        ),
        (
            "passkey: nobody present",
            Box::new(|challenge| {
                let mut authenticator = SoftAuthenticator::new(StatementFormat::None);
                authenticator.flags &= !SoftAuthenticator::USER_PRESENT;
                authenticator.attest(PARTY, ORIGIN, challenge)
            }),
        ),
        (
            "passkey: id of another",
            Box::new(|challenge| {
                let passkey = || SoftAuthenticator::new(StatementFormat::None);
                let mut proof = passkey().attest(PARTY, ORIGIN, challenge);
                proof.credential_id = passkey().credential_id();
                proof
            }),
        ),
        (
            "passkey: statement of another",
            Box::new(|challenge| {
                let mut proof =
                    SoftAuthenticator::new(StatementFormat::PackedSelf).attest(PARTY, ORIGIN, challenge);
                proof.client_data.push(b' ');
                proof
            }),
        ),
    ];
    for (name, attest_badly) in bad {
        let world = World::new();
        let kind = attest_badly("AAAA").kind;
        let challenge = world.challenge(kind).await;
        let body = register_body(&challenge, &attest_badly(&text(&challenge, "challenge")));
        let refused = world.register(&body).await;
        refused.assert_refused(400, "invalid_attestation");
        let message = text(&refused.json(), "message");
        assert_eq!(message, "The credential could not be verified. Begin again.", "{name}");
        let again = world.register(&good(kind, &challenge)).await;
        assert_eq!(again.status, 403, "{name}: the challenge is good again");
        assert!(world.host.stored().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_proof_of_another_kind_than_the_challenges_spends_it() {
    for asked in KINDS {
        for sent in KINDS.into_iter().filter(|sent| *sent != asked) {
            let world = World::new();
            let challenge = world.challenge(asked).await;
            let confused = world.register(&good(sent, &challenge)).await;
            confused.assert_refused(400, "invalid_attestation");
            let again = world.register(&good(asked, &challenge)).await;
            again.assert_refused(403, "invalid_challenge");
            assert!(world.host.stored().is_empty(), "{asked} as {sent}");
        }
    }
}

#[tokio::test]
async fn a_challenge_is_put_back_when_user_verification_is_missing_and_at_most_five_times() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Fido2).await;
    for _ in 0..5 {
        let refused = world.register(&unverified(&challenge)).await;
        refused.assert_refused(400, "invalid_attestation");
        assert!(text(&refused.json(), "message").contains("did not verify the person"));
    }
    world.register(&good(CredentialKind::Fido2, &challenge)).await.ok();

    let challenge = world.challenge(CredentialKind::Fido2).await;
    for _ in 0..6 {
        world.register(&unverified(&challenge)).await.assert_refused(400, "invalid_attestation");
    }
    let late = world.register(&good(CredentialKind::Fido2, &challenge)).await;
    late.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn a_challenge_that_was_put_back_keeps_its_old_expiry() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Fido2).await;
    world.advance(Duration::from_secs(299));
    world.register(&unverified(&challenge)).await.assert_refused(400, "invalid_attestation");
    world.advance(Duration::from_secs(1));
    let late = world.register(&good(CredentialKind::Fido2, &challenge)).await;
    late.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn a_challenge_is_put_back_when_the_credential_is_registered_already() {
    let world = World::new();
    let first = world.registration(key()).await;
    world.register(&first).await.ok();
    let challenge = world.challenge(key()).await;
    let mut body = good(key(), &challenge);
    body["credentialInfo"]["credId"] = first["credentialInfo"]["credId"].clone();

    world.register(&body).await.assert_refused(409, "duplicate_credential");

    world.register(&good(key(), &challenge)).await.ok();
    assert_eq!(world.host.stored().len(), 2);
}

#[tokio::test]
async fn a_passkey_of_another_user_is_a_duplicate_too_and_a_key_is_not() {
    for (kind, is_taken) in [(CredentialKind::Fido2, true), (key(), false)] {
        let world = World::new();
        let body = world.registration(kind).await;
        world.register(&body).await.ok();
        let mut taken = world.host.stored().remove(0);
        taken.user = UserId::new("us-eve").unwrap();
        world.host.clear();
        let body = world.registration(kind).await;
        taken.id = CredentialId::new(body["credentialInfo"]["credId"].as_str().unwrap()).unwrap();
        world.host.seed(taken);
        let answer = world.register(&body).await;
        match is_taken {
            true => answer.assert_refused(409, "duplicate_credential"),
            false => drop(answer.ok()),
        }
    }
}
