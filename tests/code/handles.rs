//! The user handle by which an authenticator knows the account, and the options that a browser
//! takes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::model::{CredentialKind, User};
use serde_json::{Value, json};

use crate::support::{PARTY, World, member_names, user};

/// A UUID's bytes, as a sign-in by webauthn-rs keeps them.
const HANDLE: [u8; 16] =
    [0x3f, 0x0c, 0x9a, 0x0e, 0x3c, 0x0c, 0x4f, 0x0b, 0x9d, 0x7e, 0x0a, 0x6a, 0x3f, 1, 2, 3];

async fn challenge_of(user: User) -> Value {
    let world = World::new();
    world.host.put_user(user);
    world.challenge(CredentialKind::Fido2).await
}

fn ada() -> User {
    User::new(user(), "ada@example.com")
}

#[tokio::test]
async fn the_options_of_a_passkey_are_those_that_a_browser_takes_as_they_are() {
    let challenge = challenge_of(ada().with_handle(HANDLE).unwrap()).await;
    let options = &challenge["publicKey"];
    assert_eq!(
        member_names(options),
        [
            "attestation",
            "authenticatorSelection",
            "challenge",
            "excludeCredentials",
            "extensions",
            "pubKeyCredParams",
            "rp",
            "user",
        ]
    );
    for same in
        ["attestation", "authenticatorSelection", "challenge", "excludeCredentials", "pubKeyCredParams", "rp"]
    {
        assert_eq!(options[same], challenge[same], "{same}");
    }
    assert_eq!(options["rp"]["id"], PARTY);
    assert_eq!(options["user"]["name"], "ada@example.com");
    assert_eq!(options["extensions"], json!({ "credProps": true }));
}

#[tokio::test]
async fn the_handle_is_the_hosts_where_it_names_one_and_else_the_id() {
    for (user, handle) in
        [(ada().with_handle(HANDLE).unwrap(), &HANDLE[..]), (ada(), user().as_str().as_bytes())]
    {
        assert_eq!(user.handle(), handle);
        let challenge = challenge_of(user).await;
        assert_eq!(challenge["publicKey"]["user"]["id"], URL_SAFE_NO_PAD.encode(handle));
        assert_eq!(challenge["user"]["id"], "us-ada", "as published");
    }
}

#[tokio::test]
async fn only_a_passkey_has_options() {
    let world = World::new();
    for kind in [CredentialKind::Key, CredentialKind::PasswordProtectedKey, CredentialKind::RecoveryKey] {
        assert!(world.challenge(kind).await.get("publicKey").is_none(), "{kind}");
    }
}

#[test]
fn a_handle_has_1_to_64_bytes() {
    assert!(ada().with_handle([]).is_err());
    assert!(ada().with_handle([0; 65]).is_err());
    assert!(ada().with_handle([0; 64]).is_ok());
}
