use credential_code::attestation::Attestation;

use super::certificates::{Certificate, Extension, named, root};
use super::der::{enumerated, integer, octets, sequence, set, tagged};
use super::keys::Key;
use super::registration::{Breach, Member, Passkey, assert_laws, check};

#[derive(Clone)]
pub(crate) struct Android {
    passkey: Passkey,
    certificate: Certificate,
    algorithm: i64,
    signer: Key,
    level: u8,
    challenge: fn(&Passkey) -> Vec<u8>,
    software: Vec<Vec<u8>>,
    pub(crate) hardware: Vec<Vec<u8>>,
    description: fn(Vec<u8>) -> Vec<u8>,
    extra: Vec<(&'static str, Member)>,
}

fn purpose(purposes: &[u8]) -> Vec<u8> {
    let purposes: Vec<_> = purposes.iter().map(|purpose| integer(*purpose)).collect();
    tagged(1, &set(&purposes.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn origin(origin: u8) -> Vec<u8> {
    tagged(702, &integer(origin))
}

impl Android {
    pub(crate) fn new() -> Self {
        let passkey = Passkey::new(Key::p256(1));
        let mut certificate = Certificate::new(named("Android Keystore Key"), passkey.key.clone());
        certificate.extensions.clear();
        Self {
            signer: passkey.key.clone(),
            algorithm: -7,
            passkey,
            certificate,
            level: 1,
            challenge: |passkey| passkey.client_data_hash().to_vec(),
            // The time when it was made.
            software: vec![tagged(701, &integer(9))],
            hardware: vec![purpose(&[2]), tagged(2, &integer(3)), tagged(503, &[5, 0]), origin(0)],
            description: |description| description,
            extra: Vec::new(),
        }
    }

    pub(crate) fn attest(&self) -> Attestation {
        let list = |items: &[Vec<u8>]| sequence(&items.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let description = sequence(&[
            &integer(3),
            &enumerated(self.level),
            &integer(4),
            &enumerated(self.level),
            &octets(&(self.challenge)(&self.passkey)),
            &octets(&[]),
            &list(&self.software),
            &list(&self.hardware),
        ]);
        let mut certificate = self.certificate.clone();
        certificate
            .extensions
            .push(Extension::new("1.3.6.1.4.1.11129.2.1.17", (self.description)(description)));
        let signature = self.signer.sign(self.algorithm, &self.passkey.signed_message());
        let mut statement = vec![
            ("alg", Member::Number(self.algorithm)),
            ("sig", Member::Bytes(signature)),
            ("x5c", Member::List(vec![certificate.der(), root()])),
        ];
        statement.extend(self.extra.clone());
        self.passkey.attest("android-key", &statement)
    }
}

#[test]
fn an_android_certificate_describes_a_key_that_was_generated_to_sign_for_this() {
    const ORIGIN: &str = "the key's origin is to be generated";
    const PURPOSE: &str = "the key's purpose is to sign";
    const ALL: &str = "the key is not for all applications";
    const MALFORMED: &str = "the key's description is malformed";
    const CHALLENGE: &str = "the challenge in the certificate is the hash of the client data";
    let breaches: &[Breach<Android>] = &[
        (CHALLENGE, |it| it.challenge = |_| vec![0; 32]),
        (CHALLENGE, |it| it.challenge = |_| Vec::new()),
        (ALL, |it| it.hardware.push(tagged(600, &[5, 0]))),
        (ALL, |it| it.software.push(tagged(600, &[5, 0]))),
        (ORIGIN, |it| it.hardware[3] = origin(2)),
        (ORIGIN, |it| it.software.push(origin(1))),
        (ORIGIN, |it| {
            it.hardware.pop();
        }),
        (PURPOSE, |it| it.hardware[0] = purpose(&[0])),
        (PURPOSE, |it| it.hardware[0] = purpose(&[])),
        (PURPOSE, |it| it.hardware[0] = purpose(&[2, 3])),
        (PURPOSE, |it| it.software.push(purpose(&[3]))),
        (PURPOSE, |it| {
            it.hardware.remove(0);
        }),
        (ORIGIN, |it| it.hardware.clear()),
        (MALFORMED, |it| it.hardware.push(origin(0))),
        (MALFORMED, |it| it.hardware.push(purpose(&[2]))),
        (MALFORMED, |it| it.hardware.push(integer(1))),
        (MALFORMED, |it| it.description = |description| [description, vec![0]].concat()),
        (MALFORMED, |it| it.description = |description| description[..description.len() - 1].to_vec()),
        (MALFORMED, |it| it.description = |_| Vec::new()),
        ("the certificate is for the credential's key", |it| it.certificate.key = Key::p256(9)),
        ("the signature does not hold", |it| it.signer = Key::p256(9)),
        ("alg is not the algorithm of the key", |it| it.algorithm = -257),
        ("a certificate's signature does not hold", |it| it.certificate.signer = Key::p256(9)),
        ("android-key has alg, sig, x5c, and nothing else", |it| {
            it.extra.push(("ver", Member::Text("2.0")));
        }),
    ];
    assert_laws(&Android::new(), Android::attest, breaches);
}

#[test]
fn what_software_and_what_hardware_says_of_a_key_is_taken_together() {
    let mut software = Android::new();
    software.level = 0;
    std::mem::swap(&mut software.software, &mut software.hardware);
    assert!(check(&software.attest()).is_ok());

    let mut both = Android::new();
    both.software.push(both.hardware.remove(0));
    assert!(check(&both.attest()).is_ok());

    let mut strong_box = Android::new();
    strong_box.level = 2;
    assert!(check(&strong_box.attest()).is_ok());
}
