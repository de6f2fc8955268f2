//! A passkey's registration, edited, by both engines. Where both accept, they read the same passkey.
//! Where only the default engine accepts a statement that signs, all that it signs is unchanged. The
//! other engine has limits, such as TPMs and Ed25519. It also accepts what the default one refuses:
//! names in a certificate's subject, for example, that are no UTF-8 strings (WebAuthn Level 3,
//! section 8.2.1).

use std::sync::LazyLock;

use credential_code::attestation::{AttestationEngine, NativeEngine};
use credential_code_fuzz::signed_parts::SignedParts;
use credential_code_fuzz::{Registration, choose, edit, split};

static SEEDS: LazyLock<Vec<Registration>> = LazyLock::new(Registration::passkeys);

pub fn run(input: &[u8]) {
    let Some((seed, rest)) = choose(&SEEDS, input) else { return };
    let (client_data, object) = split(rest);
    let mut edited = seed.attestation.clone();
    edit(&mut edited.client_data, client_data);
    edit(&mut edited.attestation_data, object);
    let native = seed.check_passkey(&edited, &NativeEngine::new().into());
    let other = seed.check_passkey(&edited, &AttestationEngine::WebauthnRs);
    if let (Ok(native), Ok(other)) = (&native, &other) {
        assert_eq!(native.credential_id(), other.credential_id());
        assert_eq!(native.public_key().to_spki_der(), other.public_key().to_spki_der());
    }
    if let (Ok(native), Err(_)) = (&native, &other)
        && native.fido2().is_some_and(|properties| properties.format != "none")
    {
        assert!(SignedParts::read(&edited) == SignedParts::read(&seed.attestation));
    }
}
