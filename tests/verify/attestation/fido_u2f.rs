use credential_code::attestation::Attestation;

use super::certificates::{Certificate, named, root};
use super::keys::Key;
use super::registration::{Breach, Member, Passkey, assert_laws};

#[derive(Clone)]
pub(crate) struct U2f {
    pub(crate) passkey: Passkey,
    pub(crate) certificate: Certificate,
    issuers: Vec<Vec<u8>>,
    signed: fn(&Passkey) -> Vec<u8>,
    extra: Vec<(&'static str, Member)>,
}

/// Returns a registration response message.
fn message(passkey: &Passkey) -> Vec<u8> {
    let data = passkey.authenticator_data();
    [&[0], &data[..32], &passkey.client_data_hash(), &passkey.id(), &passkey.key.bytes()].concat()
}

impl U2f {
    pub(crate) fn new() -> Self {
        let mut certificate = Certificate::new(named("A key from 2014"), Key::p256(2));
        certificate.extensions.clear();
        let mut passkey = Passkey::new(Key::p256(1));
        passkey.aaguid = [0; 16];
        passkey.flags = 0x41;
        Self { passkey, certificate, issuers: Vec::new(), signed: message, extra: Vec::new() }
    }

    pub(crate) fn attest(&self) -> Attestation {
        let signature = self.certificate.key.sign(-7, &(self.signed)(&self.passkey));
        let mut x5c = vec![self.certificate.der()];
        x5c.extend(self.issuers.clone());
        let mut statement = vec![("sig", Member::Bytes(signature)), ("x5c", Member::List(x5c))];
        statement.extend(self.extra.clone());
        self.passkey.attest("fido-u2f", &statement)
    }
}

#[test]
fn a_u2f_statement_has_one_p256_certificate_and_signs_the_message_of_old() {
    const MEMBERS: &str = "fido-u2f has sig, x5c, and nothing else";
    let breaches: &[Breach<U2f>] = &[
        ("fido-u2f has exactly one certificate", |it| it.issuers.push(root())),
        ("the certificate's key is on P-256", |it| it.certificate.key = Key::p384(2)),
        ("the certificate's key is on P-256", |it| it.certificate.key = Key::ed25519(2)),
        ("the credential's algorithm is ES256", |it| {
            it.passkey.key = Key::p384(1);
        }),
        ("the credential's algorithm is ES256", |it| it.passkey.key = Key::ed25519(1)),
        ("the credential's algorithm is ES256", |it| it.passkey.key = Key::rsa()),
        ("the signature does not hold", |it| it.signed = Passkey::signed_message),
        ("the signature does not hold", |it| it.signed = |passkey| message(passkey)[1..].to_vec()),
        ("the signature does not hold", |it| {
            it.signed = |passkey| {
                let mut message = message(passkey);
                message[40] ^= 1;
                message
            };
        }),
        (MEMBERS, |it| it.extra.push(("alg", Member::Number(-7)))),
    ];
    assert_laws(&U2f::new(), U2f::attest, breaches);
}
