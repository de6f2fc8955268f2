//! Certificates: good ones, and ones with one fault.

use super::der::{bits, integer, name, octets, oid, printable, sequence, tagged, tlv, utf8};
use super::keys::Key;

pub(crate) const AAGUID_EXTENSION: &str = "1.3.6.1.4.1.45724.1.1.4";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";

#[derive(Clone)]
pub(crate) struct Extension {
    pub(crate) id: &'static str,
    pub(crate) is_critical: bool,
    pub(crate) value: Vec<u8>,
}

impl Extension {
    pub(crate) fn new(id: &'static str, value: Vec<u8>) -> Self {
        Self { id, is_critical: false, value }
    }

    pub(crate) fn critical(self) -> Self {
        Self { is_critical: true, ..self }
    }

    pub(crate) fn end_entity() -> Self {
        Self::new(BASIC_CONSTRAINTS, sequence(&[])).critical()
    }

    pub(crate) fn authority(longest_path: Option<u8>) -> Self {
        let longest_path = longest_path.map(integer).unwrap_or_default();
        Self::new(BASIC_CONSTRAINTS, sequence(&[&[1, 1, 0xff], &longest_path])).critical()
    }

    pub(crate) fn aaguid(aaguid: [u8; 16]) -> Self {
        Self::new(AAGUID_EXTENSION, octets(&aaguid))
    }
}

/// A certificate, before it is signed.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) version: u8,
    pub(crate) subject: Vec<u8>,
    pub(crate) key: Key,
    pub(crate) extensions: Vec<Extension>,
    /// The signer's name in it.
    pub(crate) issuer: Vec<u8>,
    pub(crate) signer: Key,
    /// The algorithm of the signature.
    pub(crate) algorithm: &'static str,
    /// The algorithm that is named under the signature, if that is another one.
    pub(crate) signed_algorithm: Option<&'static str>,
}

pub(crate) const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub(crate) const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
pub(crate) const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
pub(crate) const ED25519: &str = "1.3.101.112";
pub(crate) const RSA_SHA1: &str = "1.2.840.113549.1.1.5";
pub(crate) const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
pub(crate) const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
pub(crate) const RSA_SHA512: &str = "1.2.840.113549.1.1.13";

pub(crate) fn named(text: &str) -> Vec<u8> {
    name(&[("2.5.4.3", utf8(text))])
}

pub(crate) fn packed_subject() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("2.5.4.6", printable("SE")),
        ("2.5.4.10", utf8("Example")),
        ("2.5.4.11", utf8("Authenticator Attestation")),
        ("2.5.4.3", utf8("Example Key")),
    ]
}

impl Certificate {
    /// Creates a certificate for a key, signed by the root.
    pub(crate) fn new(subject: Vec<u8>, key: Key) -> Self {
        Self {
            version: 2,
            subject,
            key,
            extensions: vec![Extension::end_entity()],
            issuer: named("Root"),
            signer: root_key(),
            algorithm: ECDSA_SHA256,
            signed_algorithm: None,
        }
    }

    /// Creates a root, or a certificate between a root and a leaf.
    pub(crate) fn authority(text: &str, key: Key) -> Self {
        let mut certificate = Self::new(named(text), key);
        certificate.extensions = vec![Extension::authority(None)];
        certificate
    }

    pub(crate) fn by(mut self, text: &str, signer: Key) -> Self {
        self.issuer = named(text);
        self.signer = signer;
        self
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let identifier = |algorithm| match algorithm {
            RSA_SHA1 | RSA_SHA256 | RSA_SHA384 | RSA_SHA512 => sequence(&[&oid(algorithm), &[5, 0]]),
            _ => sequence(&[&oid(algorithm)]),
        };
        let version = match self.version {
            0 => Vec::new(),
            version => tagged(0, &integer(version)),
        };
        let time = |text: &str| tlv(0x17, &[text.as_bytes()]);
        let extensions: Vec<_> = self
            .extensions
            .iter()
            .map(|extension| {
                let critical: &[u8] = if extension.is_critical { &[1, 1, 0xff] } else { &[] };
                sequence(&[&oid(extension.id), critical, &octets(&extension.value)])
            })
            .collect();
        let extensions = match extensions.is_empty() {
            true => Vec::new(),
            false => tagged(3, &sequence(&extensions.iter().map(Vec::as_slice).collect::<Vec<_>>())),
        };
        let signed = sequence(&[
            &version,
            &integer(7),
            &identifier(self.signed_algorithm.unwrap_or(self.algorithm)),
            &self.issuer,
            // This ended long ago: nobody looks at it.
            &sequence(&[&time("200101000000Z"), &time("210101000000Z")]),
            &self.subject,
            &self.key.spki(),
            &extensions,
        ]);
        let cose = match self.algorithm {
            ECDSA_SHA384 => -35,
            ECDSA_SHA512 => -36,
            RSA_SHA1 => super::keys::RS1,
            RSA_SHA384 => -258,
            RSA_SHA512 => -259,
            _ => -7,
        };
        sequence(&[&signed, &identifier(self.algorithm), &bits(&self.signer.sign(cose, &signed))])
    }
}

pub(crate) fn root_key() -> Key {
    Key::p256(200)
}

pub(crate) fn root() -> Vec<u8> {
    Certificate::authority("Root", root_key()).der()
}
