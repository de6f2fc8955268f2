use credential_code::attestation::{Attestation, VerifyError};

use super::certificates::{
    AAGUID_EXTENSION, BASIC_CONSTRAINTS, Certificate, ECDSA_SHA384, Extension, KEY_USAGE, named,
    packed_subject, root, root_key,
};
use super::der::{bits, name, octets, printable, sequence, utf8};
use super::keys::Key;
use super::registration::{AAGUID, Breach, Member, Passkey, assert_laws, check, flaw};

/// A statement with certificates.
#[derive(Clone)]
pub(crate) struct Packed {
    pub(crate) passkey: Passkey,
    pub(crate) certificate: Certificate,
    pub(crate) issuers: Vec<Vec<u8>>,
    pub(crate) algorithm: i64,
    pub(crate) signed: Option<Vec<u8>>,
    pub(crate) extra: Vec<(&'static str, Member)>,
}

impl Packed {
    pub(crate) fn new() -> Self {
        let mut certificate = Certificate::new(name(&packed_subject()), Key::p256(2));
        certificate.extensions.push(Extension::aaguid(AAGUID));
        Self {
            passkey: Passkey::new(Key::p256(1)),
            certificate,
            issuers: Vec::new(),
            algorithm: -7,
            signed: None,
            extra: Vec::new(),
        }
    }

    /// Creates a statement with all certificates up to the root.
    pub(crate) fn with_chain() -> Self {
        let mut packed = Self::new();
        let middle = Key::p384(3);
        packed.certificate = packed.certificate.by("Middle", middle.clone());
        packed.certificate.algorithm = "1.2.840.10045.4.3.2";
        packed.issuers = vec![Certificate::authority("Middle", middle).der(), root()];
        packed
    }

    pub(crate) fn attest(&self) -> Attestation {
        let signed = self.signed.clone().unwrap_or_else(|| self.passkey.signed_message());
        let mut x5c = vec![self.certificate.der()];
        x5c.extend(self.issuers.clone());
        let mut statement = vec![
            ("alg", Member::Number(self.algorithm)),
            ("sig", Member::Bytes(self.certificate.key.sign(self.algorithm, &signed))),
            ("x5c", Member::List(x5c)),
        ];
        statement.extend(self.extra.clone());
        self.passkey.attest("packed", &statement)
    }
}

fn subject_with(packed: &mut Packed, at: usize, value: Vec<u8>) {
    let mut subject = packed_subject();
    subject[at].1 = value;
    packed.certificate.subject = name(&subject);
}

#[test]
fn a_certificate_meets_every_requirement() {
    const SUBJECT: &str = "the subject has one country, organization, unit and name";
    const UTF8: &str = "the subject's organization, unit and name are UTF-8";
    const NO_CA: &str = "the certificate's basic constraints say that it is no CA's";
    let breaches: &[Breach<Packed>] = &[
        ("the certificate is of version 3", |it| {
            it.certificate.version = 1;
        }),
        (SUBJECT, |it| it.certificate.subject = name(&[])),
        (SUBJECT, |it| it.certificate.subject = name(&packed_subject()[1..])),
        (SUBJECT, |it| it.certificate.subject = name(&packed_subject()[..3])),
        (SUBJECT, |it| it.certificate.subject = name(&[packed_subject(), packed_subject()].concat())),
        ("the subject's country is a code of two letters", |it| subject_with(it, 0, utf8("SE"))),
        ("the subject's country is a code of two letters", |it| subject_with(it, 0, printable("SWE"))),
        ("the subject's organization is not empty", |it| subject_with(it, 1, utf8(""))),
        (UTF8, |it| subject_with(it, 1, printable("Example"))),
        ("the subject's unit is Authenticator Attestation", |it| {
            subject_with(it, 2, utf8("authenticator attestation"));
        }),
        (UTF8, |it| subject_with(it, 2, printable("Authenticator Attestation"))),
        ("the subject's name is not empty", |it| subject_with(it, 3, utf8(""))),
        (NO_CA, |it| it.certificate.extensions[0] = Extension::authority(None)),
        (NO_CA, |it| {
            it.certificate.extensions.remove(0);
        }),
        (NO_CA, |it| it.certificate.extensions.clear()),
        ("basic constraints are malformed", |it| {
            it.certificate.extensions[0] = Extension::new(BASIC_CONSTRAINTS, octets(&[]));
        }),
        ("the certificate is for another AAGUID", |it| {
            it.certificate.extensions[1] = Extension::aaguid(*b"another-aaguid!!");
        }),
        ("the certificate is for another AAGUID", |it| {
            // Wrapped once, but it has to be wrapped twice.
            it.certificate.extensions[1] = Extension::new(AAGUID_EXTENSION, AAGUID.to_vec());
        }),
        ("the certificate is for another AAGUID", |it| it.passkey.aaguid = *b"another-aaguid!!"),
        ("a certificate has an unknown critical extension", |it| {
            it.certificate.extensions[1].is_critical = true;
        }),
        ("a certificate has an unknown critical extension", |it| {
            it.certificate.extensions.push(Extension::new("1.2.3.4", vec![5, 0]).critical());
        }),
        ("a certificate has an extension twice", |it| {
            it.certificate.extensions.push(Extension::aaguid(AAGUID));
        }),
        ("a certificate has too many extensions", |it| {
            it.certificate.extensions = vec![Extension::end_entity(); 33];
        }),
    ];
    assert_laws(&Packed::new(), Packed::attest, breaches);

    let mut silent = Packed::new();
    silent.certificate.extensions.pop();
    assert!(check(&silent.attest()).is_ok(), "an AAGUID in the certificate is optional");
}

#[test]
fn a_statement_is_signed_by_the_key_of_its_certificate_with_its_algorithm() {
    const MEMBERS: &str = "packed has alg, sig, perhaps x5c, and nothing else";
    const ALG: &str = "alg is not the algorithm of the key";
    let breaches: &[Breach<Packed>] = &[
        ("the signature does not hold", |it| it.signed = Some(Vec::new())),
        ("the signature does not hold", |it| {
            let mut message = it.passkey.signed_message();
            message[37] ^= 1;
            it.signed = Some(message);
        }),
        (ALG, |it| it.algorithm = -257),
        (ALG, |it| it.algorithm = -35),
        (ALG, |it| it.algorithm = -8),
        (ALG, |it| it.algorithm = -65535),
        (ALG, |it| it.certificate.key = Key::p384(2)),
        (ALG, |it| it.certificate.key = Key::ed25519(2)),
        (MEMBERS, |it| it.extra.push(("ver", Member::Text("2.0")))),
        (MEMBERS, |it| it.extra.push(("certInfo", Member::Bytes(Vec::new())))),
        (MEMBERS, |it| it.extra.push(("pubArea", Member::Bytes(Vec::new())))),
    ];
    assert_laws(&Packed::new(), Packed::attest, breaches);
}

#[test]
fn a_statement_comes_with_its_key_of_any_algorithm() {
    let keys = [Key::p256(2), Key::p384(2), Key::p521(2), Key::ed25519(2), Key::rsa()];
    for key in keys {
        let mut packed = Packed::new();
        packed.algorithm = key.algorithm();
        packed.certificate.key = key;
        assert!(check(&packed.attest()).is_ok(), "{}", packed.algorithm);
    }
    for algorithm in [-258, -259] {
        let mut packed = Packed::new();
        packed.certificate.key = Key::rsa();
        packed.algorithm = algorithm;
        assert!(check(&packed.attest()).is_ok(), "{algorithm}");
    }
    let mut packed = Packed::new();
    packed.certificate.key = Key::rsa();
    packed.algorithm = super::keys::RS1;
    assert_eq!(flaw(check(&packed.attest())), "alg is not the algorithm of the key");
}

#[test]
fn each_certificate_is_signed_by_the_next() {
    let breaches: &[Breach<Packed>] = &[
        ("a certificate is by another issuer", |it| it.certificate.issuer = named("Root")),
        ("a certificate is by another issuer", |it| it.issuers.swap(0, 1)),
        ("a certificate's signature does not hold", |it| it.certificate.signer = Key::p384(9)),
        ("a certificate's signature does not hold", |it| {
            let forged = Certificate::authority("Middle", Key::p384(3)).by("Root", Key::p256(9));
            it.issuers[0] = forged.der();
        }),
        ("an issuer's basic constraints say that it is a CA's", |it| {
            let mut middle = Certificate::authority("Middle", Key::p384(3));
            middle.extensions = vec![Extension::end_entity()];
            it.issuers[0] = middle.der();
        }),
        ("an issuer's basic constraints say that it is a CA's", |it| {
            let mut middle = Certificate::authority("Middle", Key::p384(3));
            middle.extensions.clear();
            it.issuers[0] = middle.der();
        }),
        ("an issuer's key usage is to sign certificates", |it| {
            let mut middle = Certificate::authority("Middle", Key::p384(3));
            // digitalSignature
            middle.extensions.push(Extension::new(KEY_USAGE, vec![3, 2, 7, 0x80]).critical());
            it.issuers[0] = middle.der();
        }),
        ("the chain is longer than an issuer allows", |it| {
            let mut root = Certificate::authority("Root", root_key());
            root.extensions = vec![Extension::authority(Some(0))];
            it.issuers[1] = root.der();
        }),
        ("a certificate's algorithm is refused", |it| {
            it.certificate.algorithm = "1.2.840.10045.4.1";
        }),
        ("a certificate's algorithm is refused", |it| it.certificate.algorithm = "1.3.101.112"),
        ("a certificate names two algorithms", |it| {
            it.certificate.signed_algorithm = Some(ECDSA_SHA384);
        }),
        ("a certificate is malformed", |it| it.issuers[1].push(0)),
        ("a certificate is malformed", |it| it.issuers.push(bits(b"no certificate"))),
        ("a certificate's key is refused", |it| {
            let mut certificate = root();
            // A point that is off its curve.
            let spki = Key::spki(&root_key());
            let at = certificate.windows(spki.len()).position(|window| window == spki).unwrap();
            certificate[at + spki.len() - 1] ^= 1;
            it.issuers[1] = certificate;
        }),
    ];
    assert_laws(&Packed::with_chain(), Packed::attest, breaches);
}

#[test]
fn no_certificate_is_signed_with_sha1() {
    let mut packed = Packed::new();
    packed.certificate = packed.certificate.by("Old", Key::rsa());
    packed.issuers = vec![Certificate::authority("Old", Key::rsa()).der()];
    packed.certificate.algorithm = super::certificates::RSA_SHA1;
    assert_eq!(flaw(check(&packed.attest())), "a certificate's algorithm is refused");
    packed.certificate.algorithm = super::certificates::RSA_SHA256;
    assert!(check(&packed.attest()).is_ok());
}

#[test]
fn a_list_of_certificates_is_not_empty() {
    let packed = Packed::new();
    let statement =
        [("alg", Member::Number(-7)), ("sig", Member::Bytes(vec![1])), ("x5c", Member::List(Vec::new()))];
    assert_eq!(flaw(check(&packed.passkey.attest("packed", &statement))), "x5c has a certificate");
    for junk in [Vec::new(), sequence(&[]), vec![0x30, 0x80, 0, 0]] {
        let statement =
            [("alg", Member::Number(-7)), ("sig", Member::Bytes(vec![1])), ("x5c", Member::List(vec![junk]))];
        assert_eq!(flaw(check(&packed.passkey.attest("packed", &statement))), "a certificate is malformed");
    }
}

#[derive(Clone)]
struct SelfPacked {
    passkey: Passkey,
    algorithm: i64,
    signer: Key,
}

impl SelfPacked {
    fn new(key: Key) -> Self {
        Self { algorithm: key.algorithm(), signer: key.clone(), passkey: Passkey::new(key) }
    }

    fn attest(&self) -> Attestation {
        let signature = self.signer.sign(self.algorithm, &self.passkey.signed_message());
        let statement = [("alg", Member::Number(self.algorithm)), ("sig", Member::Bytes(signature))];
        self.passkey.attest("packed", &statement)
    }
}

#[test]
fn a_passkey_of_any_algorithm_attests_itself() {
    for key in [Key::p256(1), Key::p384(1), Key::p521(1), Key::ed25519(1), Key::rsa()] {
        let good = SelfPacked::new(key.clone());
        let verified = check(&good.attest()).unwrap();
        assert_eq!(*verified.public_key(), key.public_key());
        let breaches: &[Breach<SelfPacked>] = &[("alg is that of the credential", |it| it.algorithm -= 1)];
        assert_laws(&good, SelfPacked::attest, breaches);
    }
    let breaches: &[Breach<SelfPacked>] = &[("the signature does not hold", |it| it.signer = Key::p256(9))];
    assert_laws(&SelfPacked::new(Key::p256(1)), SelfPacked::attest, breaches);
}

#[test]
fn a_small_ed25519_key_attests_nothing() {
    // The identity: for it anybody's signature would hold.
    let mut attestation = SelfPacked::new(Key::ed25519(1)).attest();
    let key = Key::ed25519(1).bytes();
    let at = attestation.attestation_data.windows(32).position(|window| window == key).unwrap();
    attestation.attestation_data[at..at + 32].copy_from_slice(&[[1].as_slice(), &[0; 31]].concat());
    assert!(matches!(check(&attestation), Err(VerifyError::PublicKey(_))));
}
