use credential_code::attestation::Attestation;
use sha2::{Digest as _, Sha256};

use super::certificates::{Certificate, Extension, named, root};
use super::der::{octets, sequence, tagged};
use super::keys::Key;
use super::registration::{Breach, Member, Passkey, assert_laws, check};

const NONCE: &str = "1.2.840.113635.100.8.2";

#[derive(Clone)]
pub(crate) struct Apple {
    passkey: Passkey,
    certificate: Certificate,
    nonce: fn(&Passkey) -> Vec<u8>,
    extra: Vec<(&'static str, Member)>,
}

fn hash(passkey: &Passkey) -> Vec<u8> {
    Sha256::digest(passkey.signed_message()).to_vec()
}

fn nonce(passkey: &Passkey) -> Vec<u8> {
    sequence(&[&tagged(1, &octets(&hash(passkey)))])
}

impl Apple {
    pub(crate) fn new() -> Self {
        let passkey = Passkey::new(Key::p256(1));
        let certificate = Certificate::new(named("0123456789"), passkey.key.clone());
        Self { passkey, certificate, nonce, extra: Vec::new() }
    }

    pub(crate) fn attest(&self) -> Attestation {
        let mut certificate = self.certificate.clone();
        certificate.extensions.push(Extension::new(NONCE, (self.nonce)(&self.passkey)));
        let mut statement = vec![("x5c", Member::List(vec![certificate.der(), root()]))];
        statement.extend(self.extra.clone());
        self.passkey.attest("apple", &statement)
    }
}

#[test]
fn an_apple_certificate_is_for_the_key_and_has_its_nonce() {
    const MEMBERS: &str = "apple has x5c, perhaps alg, and nothing else";
    const NONCE: &str = "the nonce is that of the registration";
    let breaches: &[Breach<Apple>] = &[
        (NONCE, |it| it.nonce = |_| sequence(&[&tagged(1, &octets(&[0; 32]))])),
        (NONCE, |it| it.nonce = hash),
        (NONCE, |it| it.nonce = |passkey| sequence(&[&tagged(2, &octets(&hash(passkey)))])),
        (NONCE, |it| it.nonce = |passkey| [nonce(passkey), vec![0]].concat()),
        (NONCE, |it| it.nonce = |passkey| sequence(&[&tagged(1, &octets(&passkey.client_data_hash()))])),
        (NONCE, |it| it.nonce = |_| Vec::new()),
        ("the certificate is for the credential's key", |it| it.certificate.key = Key::p256(9)),
        ("a certificate's signature does not hold", |it| it.certificate.signer = Key::p256(9)),
        (MEMBERS, |it| it.extra.push(("sig", Member::Bytes(vec![1])))),
    ];
    assert_laws(&Apple::new(), Apple::attest, breaches);

    let mut old = Apple::new();
    old.extra.push(("alg", Member::Number(-7)));
    assert!(check(&old.attest()).is_ok(), "the first devices sent an algorithm");
}
