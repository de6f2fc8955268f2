use credential_code::attestation::{Attestation, NativeEngine};

use super::certificates::{AAGUID_EXTENSION, Certificate, Extension, named, root};
use super::der::{name, octets, oid, sequence, tagged, utf8};
use super::keys::{Key, RS1, hash};
use super::registration::{AAGUID, Breach, Member, Passkey, assert_laws, check, check_with, flaw};

const ALTERNATIVE_NAME: &str = "2.5.29.17";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

#[derive(Clone)]
pub(crate) struct Tpm {
    pub(crate) passkey: Passkey,
    pub(crate) certificate: Certificate,
    algorithm: i64,
    signer: Option<Key>,
    version: &'static str,
    /// The key in the public area, if it is not the credential's.
    key: Option<Key>,
    name_algorithm: u16,
    public_area: fn(Vec<u8>) -> Vec<u8>,
    cert_info: fn(Vec<u8>) -> Vec<u8>,
    /// The data that the TPM is asked to sign.
    signed: fn(&Passkey) -> Vec<u8>,
    name: fn(Vec<u8>) -> Vec<u8>,
    extra: Vec<(&'static str, Member)>,
}

fn alternative_name(attributes: &[(&str, Vec<u8>)]) -> Extension {
    Extension::new(ALTERNATIVE_NAME, sequence(&[&tagged(4, &name(attributes))])).critical()
}

fn tpm_attributes() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("2.23.133.2.1", utf8("id:FFFFF1D0")),
        ("2.23.133.2.2", utf8("Example")),
        ("2.23.133.2.3", utf8("id:13")),
    ]
}

pub(crate) fn usage(id: &str) -> Extension {
    Extension::new(EXTENDED_KEY_USAGE, sequence(&[&oid(id)]))
}

/// Returns bytes with their length in front.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [(bytes.len() as u16).to_be_bytes().as_slice(), bytes].concat()
}

fn public_area(key: &Key, name_algorithm: u16) -> Vec<u8> {
    let kind: u16 = if matches!(key, Key::Rsa(_)) { 0x0001 } else { 0x0023 };
    let mut area = [kind.to_be_bytes(), name_algorithm.to_be_bytes()].concat();
    area.extend_from_slice(&0x0006_0472_u32.to_be_bytes());
    area.extend_from_slice(&sized(b"policy"));
    area.extend_from_slice(&[0, 0x10]);
    match key {
        Key::Rsa(_) => {
            area.extend_from_slice(&[0, 0x14, 0, 0x0b, 0x08, 0, 0, 0, 0, 0]);
            area.extend_from_slice(&sized(&key.bytes()));
        }
        _ => {
            let curve = match key {
                Key::P256(_) => 3,
                Key::P384(_) => 4,
                _ => 5,
            };
            area.extend_from_slice(&[0, 0x18, 0, 0x0b, 0, curve, 0, 0x10]);
            let (x, y) = key.coordinates();
            area.extend_from_slice(&sized(&x));
            area.extend_from_slice(&sized(&y));
        }
    }
    area
}

impl Tpm {
    pub(crate) fn new() -> Self {
        let mut certificate = Certificate::new(name(&[]), Key::p256(2));
        certificate.extensions.extend([
            alternative_name(&tpm_attributes()),
            usage("2.23.133.8.3"),
            Extension::aaguid(AAGUID),
        ]);
        Self {
            passkey: Passkey::new(Key::p256(1)),
            certificate,
            algorithm: -7,
            signer: None,
            version: "2.0",
            key: None,
            name_algorithm: 0x000b,
            public_area: |area| area,
            cert_info: |info| info,
            signed: Passkey::signed_message,
            name: |name| name,
            extra: Vec::new(),
        }
    }

    fn with_attestation_key(key: Key, algorithm: i64) -> Self {
        let mut tpm = Self::new();
        tpm.certificate.key = key;
        tpm.algorithm = algorithm;
        tpm
    }

    pub(crate) fn attest(&self) -> Attestation {
        let key = self.key.as_ref().unwrap_or(&self.passkey.key);
        let area = (self.public_area)(public_area(key, self.name_algorithm));
        let of_name = match self.name_algorithm {
            4 => RS1,
            0x0c => -35,
            0x0d => -36,
            _ => -7,
        };
        let name = [self.name_algorithm.to_be_bytes().as_slice(), &hash(of_name, &area)].concat();
        let info = [
            b"\xffTCG\x80\x17".to_vec(),
            sized(b"the signer"),
            sized(&hash(self.algorithm, &(self.signed)(&self.passkey))),
            vec![0; 17 + 8],
            sized(&(self.name)(name)),
            sized(b"qualified"),
        ];
        let info = (self.cert_info)(info.concat());
        let signer = self.signer.as_ref().unwrap_or(&self.certificate.key);
        let mut statement = vec![
            ("ver", Member::Text(self.version)),
            ("alg", Member::Number(self.algorithm)),
            ("x5c", Member::List(vec![self.certificate.der(), root()])),
            ("sig", Member::Bytes(signer.sign(self.algorithm, &info))),
            ("certInfo", Member::Bytes(info)),
            ("pubArea", Member::Bytes(area)),
        ];
        statement.extend(self.extra.clone());
        self.passkey.attest("tpm", &statement)
    }
}

fn with_bytes(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

#[test]
fn a_tpm_certifies_the_name_of_the_key_for_this_registration() {
    const MEMBERS: &str = "tpm has alg, sig, x5c, ver 2.0, certInfo, pubArea, and nothing else";
    const EXTRA: &str = "certInfo has the hash of the registration";
    const NAME: &str = "certInfo names the key of pubArea";
    const LEFT: &str = "a TPM's structure has something left over";
    const SHORT: &str = "a TPM's structure is truncated";
    let breaches: &[Breach<Tpm>] = &[
        (MEMBERS, |it| it.version = "1.2"),
        (MEMBERS, |it| it.version = ""),
        ("certInfo was made by a TPM", |it| it.cert_info = |info| with_bytes(info, 0, b"\xffTCH")),
        ("certInfo certifies a key", |it| it.cert_info = |info| with_bytes(info, 4, &[0x80, 0x18])),
        (EXTRA, |it| it.signed = |passkey| passkey.client_data_hash().to_vec()),
        (EXTRA, |it| it.signed = |_| Vec::new()),
        (NAME, |it| it.name = |name| name[2..].to_vec()),
        (NAME, |it| it.name = |_| Vec::new()),
        (NAME, |it| it.name = |name| with_bytes(name, 0, &[0, 0x0c])),
        (LEFT, |it| it.cert_info = |info| [info, vec![0]].concat()),
        (SHORT, |it| it.cert_info = |info| info[..info.len() - 1].to_vec()),
        (SHORT, |it| it.cert_info = |_| b"\xffTC".to_vec()),
        (SHORT, |it| it.cert_info = |info| with_bytes(info, 6, &[0xff, 0xff])),
        ("pubArea has the credential's key", |it| it.key = Some(Key::p256(9))),
        ("pubArea has the credential's key", |it| it.key = Some(Key::rsa())),
        ("pubArea is of an unknown kind of key", |it| {
            it.public_area = |area| with_bytes(area, 0, &[0, 8]);
        }),
        ("pubArea is of a key that encrypts", |it| it.public_area = |area| with_bytes(area, 16, &[0, 6])),
        ("pubArea is of a key that signs in another way", |it| {
            it.public_area = |area| with_bytes(area, 18, &[0, 0x1a]);
        }),
        ("pubArea is on an unknown curve", |it| it.public_area = |area| with_bytes(area, 22, &[0, 0x10])),
        ("pubArea is of a key that derives others", |it| {
            it.public_area = |area| with_bytes(area, 24, &[0, 0x20]);
        }),
        ("a coordinate of pubArea is too long", |it| {
            it.public_area = |area| with_bytes(area, 26, &[0, 0x21]);
        }),
        ("the key of pubArea is refused", |it| it.public_area = |area| with_bytes(area, 28, &[0; 32])),
        (LEFT, |it| it.public_area = |area| [area, vec![0]].concat()),
        (SHORT, |it| it.public_area = |area| area[..area.len() - 1].to_vec()),
        (SHORT, |it| it.public_area = |_| Vec::new()),
        ("the key of pubArea has a name by an unknown hash", |it| it.name_algorithm = 0x12),
        ("the signature does not hold", |it| it.signer = Some(Key::p256(9))),
        ("alg is not the algorithm of the key", |it| it.algorithm = -257),
        ("a TPM does not sign with that algorithm", |it| it.algorithm = -8),
        ("a certificate's signature does not hold", |it| it.certificate.signer = Key::p256(9)),
    ];
    assert_laws(&Tpm::new(), Tpm::attest, breaches);
}

fn attribute_is(tpm: &mut Tpm, at: usize, value: &str) {
    let mut attributes = tpm_attributes();
    attributes[at].1 = utf8(value);
    tpm.certificate.extensions[1] = alternative_name(&attributes);
}

#[test]
fn an_attestation_keys_certificate_meets_every_requirement() {
    const NO_CA: &str = "the certificate's basic constraints say that it is no CA's";
    const TPM: &str = "the alternative name has a TPM's manufacturer, model and version";
    let breaches: &[Breach<Tpm>] = &[
        ("the certificate is of version 3", |it| it.certificate.version = 1),
        ("the certificate's subject is empty", |it| it.certificate.subject = named("A TPM")),
        ("the certificate has an alternative name", |it| {
            it.certificate.extensions.remove(1);
        }),
        ("the alternative name is critical", |it| {
            it.certificate.extensions[1].is_critical = false;
        }),
        ("the alternative name is malformed", |it| {
            it.certificate.extensions[1].value.pop();
        }),
        (TPM, |it| {
            let mail = sequence(&[b"\x81\x01@".as_slice()]);
            it.certificate.extensions[1] = Extension::new(ALTERNATIVE_NAME, mail).critical();
        }),
        (TPM, |it| it.certificate.extensions[1] = alternative_name(&tpm_attributes()[1..])),
        (TPM, |it| it.certificate.extensions[1] = alternative_name(&tpm_attributes()[..2])),
        (TPM, |it| {
            let mut attributes = tpm_attributes();
            attributes.remove(1);
            it.certificate.extensions[1] = alternative_name(&attributes);
        }),
        (TPM, |it| attribute_is(it, 0, "FFFFF1D0")),
        (TPM, |it| attribute_is(it, 0, "id:FFFFF1D")),
        (TPM, |it| attribute_is(it, 0, "id:FFFFF1DX")),
        (TPM, |it| attribute_is(it, 1, "")),
        (TPM, |it| attribute_is(it, 2, "")),
        ("the certificate has an extended key usage", |it| {
            it.certificate.extensions.remove(2);
        }),
        ("the certificate's key is a TPM's attestation key", |it| {
            it.certificate.extensions[2] = usage("2.23.133.8.1");
        }),
        ("the extended key usage is malformed", |it| {
            it.certificate.extensions[2] = Extension::new(EXTENDED_KEY_USAGE, octets(&[]));
        }),
        (NO_CA, |it| it.certificate.extensions[0] = Extension::authority(None)),
        (NO_CA, |it| {
            it.certificate.extensions.remove(0);
        }),
        ("the certificate is for another AAGUID", |it| {
            it.certificate.extensions[3] = Extension::new(AAGUID_EXTENSION, octets(&[7; 16]));
        }),
    ];
    assert_laws(&Tpm::new(), Tpm::attest, breaches);
}

#[test]
fn a_tpm_certifies_keys_of_any_algorithm_with_keys_of_any_algorithm() {
    for key in [Key::p256(1), Key::p384(1), Key::p521(1), Key::rsa()] {
        let mut tpm = Tpm::new();
        tpm.passkey = Passkey::new(key);
        assert!(check(&tpm.attest()).is_ok(), "{}", tpm.passkey.key.algorithm());
    }
    for (key, algorithm) in
        [(Key::p384(2), -35), (Key::p521(2), -36), (Key::rsa(), -257), (Key::rsa(), -258), (Key::rsa(), -259)]
    {
        assert!(check(&Tpm::with_attestation_key(key, algorithm).attest()).is_ok(), "{algorithm}");
    }
    for name_algorithm in [0x0c, 0x0d] {
        let mut tpm = Tpm::new();
        tpm.name_algorithm = name_algorithm;
        assert!(check(&tpm.attest()).is_ok(), "{name_algorithm}");
    }
}

#[test]
fn a_tpm_may_sign_by_way_of_sha1_unless_that_is_refused() {
    let strict = NativeEngine::new().without_sha1().into();
    let signed = Tpm::with_attestation_key(Key::rsa(), RS1);
    let mut named = Tpm::new();
    named.name_algorithm = 0x0004;
    for tpm in [signed, named] {
        assert!(check(&tpm.attest()).is_ok());
        assert_eq!(flaw(check_with(&strict, &tpm.attest())), "SHA-1 is refused");
    }
    assert!(check_with(&strict, &Tpm::new().attest()).is_ok());

    let by_another_key = Tpm::with_attestation_key(Key::p256(2), RS1);
    assert_eq!(flaw(check(&by_another_key.attest())), "the signature does not hold");
    let mut longer = Tpm::with_attestation_key(Key::rsa(), RS1);
    longer.cert_info = |info| [info, vec![0]].concat();
    assert!(check(&longer.attest()).is_err());
    let mut forged = Tpm::with_attestation_key(Key::rsa(), RS1).attest();
    let data = &mut forged.attestation_data;
    let name = b"\x63sig\x59\x01\x00";
    let signature = name.len() + data.windows(name.len()).position(|window| window == name).unwrap();
    data[signature + 255] ^= 1;
    assert_eq!(flaw(check(&forged)), "the signature does not hold");
}
