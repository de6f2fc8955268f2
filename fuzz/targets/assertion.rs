//! A passkey's assertion and a key's, edited. What still holds was signed as it is.

use std::sync::LazyLock;

use credential_code::RelyingParty;
use credential_code::assertion::{Assertion, Expected, verify};
use credential_code::model::{Challenge, Credential, CredentialKind, UserId};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use credential_code_fuzz::{choose, edit, split};

const CHALLENGE: &str = "lloOW30dxv-2qnwjZQEaq3uuJo75IGE5a0KeUKxLjEI";
const ORIGIN: &str = "https://app.example.com";

static SEEDS: LazyLock<Vec<(Credential, Assertion)>> = LazyLock::new(|| {
    let user = UserId::new("us-ada").expect("the id is valid");
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    let key = KeyClient::p256();
    vec![
        (passkey.credential(user.clone()), passkey.assert("example.com", ORIGIN, CHALLENGE)),
        (key.credential(user, CredentialKind::Key), key.assert(CredentialKind::Key, CHALLENGE)),
    ]
});
static PARTY: LazyLock<RelyingParty> =
    LazyLock::new(|| RelyingParty::new("example.com", "Example", [ORIGIN]).expect("the party is valid"));

pub fn run(input: &[u8]) {
    let Some(((credential, seed), rest)) = choose(&SEEDS, input) else { return };
    let (client_data, rest) = split(rest);
    let (signature, authenticator_data) = split(rest);
    let mut edited = seed.clone();
    edit(&mut edited.client_data, client_data);
    edit(&mut edited.signature, signature);
    if let Some(fido2) = &mut edited.fido2 {
        edit(&mut fido2.authenticator_data, authenticator_data);
    }
    let challenge = Challenge::new(CHALLENGE).expect("the challenge is valid");
    if verify(&PARTY, &Expected::new(&challenge), credential, &edited).is_ok() {
        assert_eq!(edited.client_data, seed.client_data, "the client data was signed");
        let data = |it: &Assertion| it.fido2.as_ref().map(|fido2| fido2.authenticator_data.clone());
        assert_eq!(data(&edited), data(seed), "the authenticator data was signed");
    }
}
