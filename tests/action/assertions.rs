//! Which credentials may sign an action, and how.

use credential_code::RelyingParty;
use credential_code::assertion::{Assertion, AssertionError, Expected, verify};
use credential_code::model::{Challenge, CredentialKind, CredentialStatus, Requirement};
use credential_code::testing::KeyClient;
use http::StatusCode;
use serde_json::json;

use crate::site::{MINT, Site};

const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap()
}

fn outcome(credential: &credential_code::model::Credential, assertion: &Assertion) -> String {
    let challenge = Challenge::new(CHALLENGE).unwrap();
    match verify(&party(), &Expected::new(&challenge), credential, assertion) {
        Ok(_) => "Ok".into(),
        Err(error) => format!("{error:?}").split('(').next().unwrap().into(),
    }
}

#[test]
fn keys_sign_what_published_clients_sign() {
    for client in [KeyClient::p256(), KeyClient::ed25519()] {
        let credential = client.credential("us-1".to_owned().try_into().unwrap(), CredentialKind::Key);
        let check = |client_data: String| {
            outcome(&credential, &client.assert_client_data(CredentialKind::Key, client_data))
        };
        for client_data in [
            json!({ "type": "key.get", "challenge": CHALLENGE }),
            json!({ "challenge": CHALLENGE, "crossOrigin": false, "type": "key.get" }),
            json!({ "type": "key.get", "challenge": CHALLENGE, "origin": "https://app.dfns.io", "crossOrigin": false }),
        ] {
            assert_eq!(check(client_data.to_string()), "Ok", "{client_data}");
        }
        for (client_data, refusal) in [
            (json!({ "type": "key.create", "challenge": CHALLENGE }), "Type"),
            (json!({ "type": "webauthn.get", "challenge": CHALLENGE }), "Type"),
            (json!({ "type": "key.get", "challenge": format!("{CHALLENGE}A") }), "Challenge"),
            (json!({ "type": "key.get", "challenge": CHALLENGE, "crossOrigin": true }), "CrossOrigin"),
            (json!({ "type": "key.get" }), "ClientData"),
        ] {
            assert_eq!(check(client_data.to_string()), refusal, "{client_data}");
        }
        let doubled = format!(r#"{{"type":"key.get","challenge":"{CHALLENGE}","challenge":"{CHALLENGE}"}}"#);
        assert_eq!(check(doubled), "ClientData");
    }
}

#[test]
fn a_credential_signs_as_what_it_is() {
    let client = KeyClient::p256();
    let of_kind = |kind| client.credential("us-1".to_owned().try_into().unwrap(), kind);
    use CredentialKind::{Fido2, Key, PasswordProtectedKey, RecoveryKey};
    for (stored, said, expected) in [
        (Key, Key, "Ok"),
        (PasswordProtectedKey, PasswordProtectedKey, "Ok"),
        (PasswordProtectedKey, Key, "Ok"),
        (Key, PasswordProtectedKey, "Kind"),
        (RecoveryKey, RecoveryKey, "Kind"),
        (RecoveryKey, Key, "Kind"),
        (Key, RecoveryKey, "Kind"),
        (Key, Fido2, "Kind"),
        (Fido2, Key, "Kind"),
        (Fido2, Fido2, "Kind"),
    ] {
        let assertion = client.assert(said, CHALLENGE);
        assert_eq!(outcome(&of_kind(stored), &assertion), expected, "{said} for {stored}");
    }

    let mut deactivated = of_kind(Key);
    deactivated.status = CredentialStatus::Deactivated;
    assert_eq!(outcome(&deactivated, &client.assert(Key, CHALLENGE)), "Inactive");
    let other = KeyClient::p256();
    assert_eq!(outcome(&of_kind(Key), &other.assert(Key, CHALLENGE)), "Credential");
    let mut forged = other.assert(Key, CHALLENGE);
    forged.credential_id = client.credential_id().clone();
    assert_eq!(outcome(&of_kind(Key), &forged), "Signature");
}

#[tokio::test]
async fn only_ones_own_active_keys_sign() {
    for (owner, kind, status, expected) in [
        ("us-1", CredentialKind::Key, CredentialStatus::Active, StatusCode::OK),
        ("us-1", CredentialKind::PasswordProtectedKey, CredentialStatus::Active, StatusCode::OK),
        ("us-1", CredentialKind::RecoveryKey, CredentialStatus::Active, StatusCode::BAD_REQUEST),
        ("us-1", CredentialKind::Key, CredentialStatus::Deactivated, StatusCode::BAD_REQUEST),
        ("us-2", CredentialKind::Key, CredentialStatus::Active, StatusCode::BAD_REQUEST),
    ] {
        let (site, client) = (Site::new(), KeyClient::p256());
        let mut credential = client.credential(owner.to_owned().try_into().unwrap(), kind);
        credential.status = status;
        site.seed(credential);
        let challenge = site.begin("POST", MINT, "{}").await;
        let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
        let answer = site.complete(&challenge, &assertion).await;
        assert_eq!(answer.status, expected, "{kind} of {owner}: {answer:?}");
        let again = site.complete(&challenge, &assertion).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN, "a challenge is answered once");
    }
}

#[cfg(feature = "fido2")]
mod passkeys {
    use std::time::{Duration, SystemTime};

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use credential_code::assertion::Fido2Assertion;
    use credential_code::crypto::{Digest, PublicKey};
    use credential_code::model::User;
    use credential_code::store::UserAction;
    use credential_code::testing::{SoftAuthenticator, StatementFormat};
    use serde_json::Value;
    use sha2::Digest as _;

    use super::*;
    use crate::flaky::Flaky;

    const ORIGIN: &str = "https://app.example.com";

    fn passkey() -> SoftAuthenticator {
        SoftAuthenticator::new(StatementFormat::None)
    }

    fn check(passkey: &SoftAuthenticator, assertion: &Assertion) -> String {
        outcome(&passkey.credential("us-1".to_owned().try_into().unwrap()), assertion)
    }

    #[test]
    fn a_passkey_signs_in_two_spellings() {
        let passkey = passkey();
        assert_eq!(check(&passkey, &passkey.assert("example.com", ORIGIN, CHALLENGE)), "Ok");
        assert_eq!(check(&passkey, &passkey.assert_text("example.com", ORIGIN, CHALLENGE)), "Ok");
        let thrice = passkey.assert_text("example.com", ORIGIN, &URL_SAFE_NO_PAD.encode(CHALLENGE));
        assert_eq!(check(&passkey, &thrice), "Challenge");
    }

    #[test]
    fn each_step_refuses_what_it_is_there_for() {
        let passkey = passkey();
        let of_client_data =
            |client_data: Value| passkey.assert_client_data("example.com", client_data.to_string());
        let client_data =
            |kind: &str, origin: &str| json!({ "type": kind, "challenge": CHALLENGE, "origin": origin });
        let mut framed = client_data("webauthn.get", ORIGIN);
        framed["crossOrigin"] = true.into();
        for (assertion, refusal) in [
            (of_client_data(client_data("webauthn.create", ORIGIN)), "Type"),
            (of_client_data(client_data("webauthn.get", "https://app.example.com.evil")), "Origin"),
            (of_client_data(client_data("webauthn.get", "https://app.example.com/")), "Origin"),
            (of_client_data(json!({ "type": "webauthn.get", "challenge": CHALLENGE })), "Origin"),
            (of_client_data(framed), "CrossOrigin"),
            (passkey.assert("other.example", ORIGIN, CHALLENGE), "RelyingParty"),
        ] {
            assert_eq!(check(&passkey, &assertion), refusal);
        }

        let flagged = |flags: u8| {
            let mut other = passkey.clone();
            other.flags = flags;
            check(&passkey, &other.assert("example.com", ORIGIN, CHALLENGE))
        };
        assert_eq!(flagged(0x05), "Ok");
        assert_eq!(flagged(0x04), "UserNotPresent");
        assert_eq!(flagged(0x01), "UserNotVerified");
        assert_eq!(flagged(0x15), "AuthenticatorData");
        assert_eq!(flagged(0x0d), "Changed");
        assert_eq!(flagged(0x1d), "Changed");

        let good = passkey.assert("example.com", ORIGIN, CHALLENGE);
        let data = good.fido2.as_ref().unwrap().authenticator_data.clone();
        let with_data = |data: Vec<u8>| {
            check(&passkey, &passkey.assert_authenticator_data(data, good.client_data.clone()))
        };
        assert_eq!(with_data(data[..36].to_vec()), "AuthenticatorData");
        assert_eq!(with_data([&data[..], &[0]].concat()), "AuthenticatorData");
        let mut extended = [&data[..], &[0xa1, 0x61, 0x61, 0xf5]].concat();
        assert_eq!(with_data(extended.clone()), "AuthenticatorData");
        extended[32] |= 0x80;
        assert_eq!(with_data(extended), "Ok");
        // A model, the length of an id, the id, and a map for its key: what a registration has.
        let mut registering = [&data[..], &[0; 16], &[0, 1], b"x", &[0xa0]].concat();
        registering[32] |= 0x40;
        assert_eq!(with_data(registering), "AuthenticatorData");

        let mut bent = good.clone();
        bent.signature[8] ^= 1;
        assert_eq!(check(&passkey, &bent), "Signature");
        let mut stripped = good;
        stripped.fido2 = None;
        assert_eq!(check(&passkey, &stripped), "Kind");
    }

    /// One host may keep the credentials of several relying parties.
    #[test]
    fn a_passkey_signs_for_the_relying_party_for_which_the_host_keeps_it() {
        let passkey = passkey();
        let mut elsewhere = passkey.credential("us-1".to_owned().try_into().unwrap());
        elsewhere.relying_party_id = "app.example.com".into();
        let assertion = passkey.assert("example.com", ORIGIN, CHALLENGE);
        assert_eq!(outcome(&elsewhere, &assertion), "RelyingParty");
    }

    #[test]
    fn a_user_handle_is_the_users() {
        let passkey = passkey();
        for (handle, expected) in
            [(&b"us-1"[..], "Ok"), (b"", "Ok"), (&[0xba, 0xcf, 0xb5], "Ok"), (b"us-2", "UserHandle")]
        {
            let mut assertion = passkey.assert("example.com", ORIGIN, CHALLENGE);
            let data = assertion.fido2.unwrap().authenticator_data;
            assertion.fido2 = Some(Fido2Assertion::new(data, Some(handle.into())));
            assert_eq!(check(&passkey, &assertion), expected, "{handle:?}");
        }
    }

    /// The passkeys are those that the host's own sign-in made.
    #[tokio::test]
    async fn a_passkey_with_the_handle_that_the_host_names_signs_user_actions() {
        let (site, passkey) = (Site::new(), passkey());
        site.seed(passkey.credential(site.user()));
        let handle = [7; 16];
        let user = || User::new(site.user(), "ada@example.com");
        for (user, handle, expected) in [
            (user().with_handle(handle).unwrap(), &handle[..], StatusCode::OK),
            (user().with_handle(handle).unwrap(), &[8; 16], StatusCode::BAD_REQUEST),
            (user(), &handle, StatusCode::BAD_REQUEST),
            (user().with_handle(handle).unwrap(), b"us-1", StatusCode::OK),
        ] {
            site.host.put_user(user);
            let challenge = site.begin("POST", MINT, "{}").await;
            let text = challenge["challenge"].as_str().unwrap();
            let mut assertion = passkey.assert("example.com", ORIGIN, text);
            let data = assertion.fido2.unwrap().authenticator_data;
            assertion.fido2 = Some(Fido2Assertion::new(data, Some(handle.into())));
            assert_eq!(site.complete(&challenge, &assertion).await.status, expected, "{handle:?}");
        }
    }

    #[test]
    fn a_counter_grows_or_is_never_used() {
        for (stored, new, expected) in [
            (0, 0, "Ok"),
            (0, 1, "Ok"),
            (5, 6, "Ok"),
            (5, 5, "Counter"),
            (5, 4, "Counter"),
            (5, 0, "Counter"),
        ] {
            let mut passkey = passkey();
            passkey.sign_count = stored;
            let credential = passkey.credential("us-1".to_owned().try_into().unwrap());
            passkey.sign_count = new;
            let assertion = passkey.assert("example.com", ORIGIN, CHALLENGE);
            assert_eq!(outcome(&credential, &assertion), expected, "{stored} to {new}");
        }
    }

    /// Passkeys on the larger curves use a larger hash, as their COSE algorithms say.
    #[test]
    fn a_larger_curve_signs_with_its_digest() {
        use p384::ecdsa::signature::Signer as _;

        let (passkey, key) = (passkey(), p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap());
        let prefix =
            b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";
        let point = key.verifying_key().to_sec1_point(false);
        let mut credential = passkey.credential("us-1".to_owned().try_into().unwrap());
        credential.public_key = Some(PublicKey::from_spki_der(&[prefix, point.as_bytes()].concat()).unwrap());
        credential.digest = Digest::Sha384;
        let mut assertion = passkey.assert("example.com", ORIGIN, CHALLENGE);
        let hash = sha2::Sha256::digest(&assertion.client_data);
        let message = [&assertion.fido2.as_ref().unwrap().authenticator_data[..], &hash[..]].concat();
        let signature: p384::ecdsa::Signature = key.sign(&message);
        assertion.signature = signature.to_der().as_bytes().to_vec();

        assert_eq!(outcome(&credential, &assertion), "Ok");
        credential.digest = Digest::Sha256;
        assert_eq!(outcome(&credential, &assertion), "Signature");
    }

    #[test]
    fn verification_may_be_done_without() {
        let mut passkey = passkey();
        let credential = passkey.credential("us-1".to_owned().try_into().unwrap());
        passkey.flags = SoftAuthenticator::USER_PRESENT;
        let (challenge, assertion) =
            (Challenge::new(CHALLENGE).unwrap(), passkey.assert("example.com", ORIGIN, CHALLENGE));
        let expected = Expected::new(&challenge);
        let refused = verify(&party(), &expected, &credential, &assertion).unwrap_err();
        assert!(matches!(refused, AssertionError::UserNotVerified) && refused.is_mendable());
        let expected = expected.with_user_verification(Requirement::Preferred);
        assert!(verify(&party(), &expected, &credential, &assertion).is_ok());
    }

    #[tokio::test]
    async fn a_person_who_was_not_verified_tries_again() {
        let (site, mut passkey) = (Site::new(), passkey());
        site.seed(passkey.credential(site.user()));
        let challenge = site.begin("POST", MINT, "{}").await;
        assert_eq!(challenge["allowCredentials"]["webauthn"][0]["id"], passkey.credential_id().as_str());
        let text = challenge["challenge"].as_str().unwrap();

        passkey.flags = SoftAuthenticator::USER_PRESENT;
        let refused = site.complete(&challenge, &passkey.assert_text("example.com", ORIGIN, text)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["error"]["code"], "invalid_assertion");
        passkey.flags |= SoftAuthenticator::USER_VERIFIED;
        let signed = site.complete(&challenge, &passkey.assert_text("example.com", ORIGIN, text)).await;
        assert_eq!(signed.status, StatusCode::OK, "{signed:?}");
    }

    #[tokio::test]
    async fn a_counter_is_stored_and_a_clone_refused() {
        let (site, mut passkey) = (Site::new(), passkey());
        site.seed(passkey.credential(site.user()));
        for (count, expected) in [
            (7, StatusCode::OK),
            (7, StatusCode::BAD_REQUEST),
            (6, StatusCode::BAD_REQUEST),
            (8, StatusCode::OK),
        ] {
            passkey.sign_count = count;
            let challenge = site.begin("POST", MINT, "{}").await;
            let assertion = passkey.assert("example.com", ORIGIN, challenge["challenge"].as_str().unwrap());
            assert_eq!(site.complete(&challenge, &assertion).await.status, expected, "{count}");
        }
        assert_eq!(site.host.stored()[0].fido2.as_ref().unwrap().sign_count, 8);
    }

    #[tokio::test]
    async fn of_more_passkeys_than_fit_the_newest_are_offered() {
        let site = Site::new();
        let mut newest = Vec::new();
        for number in 0..66 {
            let mut credential = passkey().credential(site.user());
            credential.created_at = SystemTime::UNIX_EPOCH + Duration::from_secs(number);
            if number >= 2 {
                newest.push(credential.id.to_string());
            }
            site.seed(credential);
        }
        let challenge = site.begin("POST", MINT, "{}").await;
        let offered = challenge["allowCredentials"]["webauthn"].as_array().unwrap();
        let mut offered: Vec<_> = offered.iter().map(|passkey| passkey["id"].as_str().unwrap()).collect();
        offered.sort_unstable();
        newest.sort_unstable();
        assert_eq!(offered, newest);
    }

    #[tokio::test]
    async fn a_failing_store_makes_no_clone_of_a_passkey_that_counts() {
        let store = Flaky::new();
        let site = Site::over(store.storage());
        let mut passkey = passkey();
        site.seed(passkey.credential(site.user()));
        passkey.sign_count = 8;
        let challenge = site.begin("POST", MINT, "{}").await;
        let assertion = passkey.assert("example.com", ORIGIN, challenge["challenge"].as_str().unwrap());
        store.fail_inserts::<UserAction>(1);
        let failed = site.complete(&challenge, &assertion).await;
        assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
        let signed = site.complete(&challenge, &assertion).await;
        assert_eq!(signed.status, StatusCode::OK, "{signed:?}");
    }
}
