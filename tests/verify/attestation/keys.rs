//! Keys of every algorithm, the same in every run.

use credential_code::crypto::PublicKey;
use ed25519_dalek::Signer as _;
use minicbor::Encoder;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der::{bits, oid, sequence, tlv};
use crate::rsa_key;

#[derive(Clone)]
pub(crate) enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

pub(crate) const RS1: i64 = -65535;

impl Key {
    pub(crate) fn p256(seed: u8) -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn p384(seed: u8) -> Self {
        Self::P384(p384::ecdsa::SigningKey::from_slice(&[seed; 48]).unwrap())
    }

    pub(crate) fn p521(seed: u8) -> Self {
        let mut scalar = [seed; 66];
        scalar[0] = 0;
        Self::P521(p521::ecdsa::SigningKey::from_slice(&scalar).unwrap())
    }

    pub(crate) fn ed25519(seed: u8) -> Self {
        Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(rsa_key::private_key()))
    }

    /// Returns the COSE algorithm of the key.
    pub(crate) fn algorithm(&self) -> i64 {
        match self {
            Self::P256(_) => -7,
            Self::P384(_) => -35,
            Self::P521(_) => -36,
            Self::Ed25519(_) => -8,
            Self::Rsa(_) => -257,
        }
    }

    /// Returns a point, an Ed25519 key, or a modulus.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::P521(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            Self::Rsa(key) => key.n_bytes().to_vec(),
        }
    }

    pub(crate) fn coordinates(&self) -> (Vec<u8>, Vec<u8>) {
        let point = self.bytes();
        let (x, y) = point[1..].split_at(point.len() / 2);
        (x.to_vec(), y.to_vec())
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        let ec =
            |curve| sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), &oid(curve)]), &bits(&self.bytes())]);
        match self {
            Self::P256(_) => ec("1.2.840.10045.3.1.7"),
            Self::P384(_) => ec("1.3.132.0.34"),
            Self::P521(_) => ec("1.3.132.0.35"),
            Self::Ed25519(_) => sequence(&[&sequence(&[&oid("1.3.101.112")]), &bits(&self.bytes())]),
            Self::Rsa(_) => {
                let modulus = tlv(0x02, &[&[0], &self.bytes()]);
                let pair = sequence(&[&modulus, &[0x02, 3, 1, 0, 1]]);
                sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.1"), &[5, 0]]), &bits(&pair)])
            }
        }
    }

    pub(crate) fn cose(&self) -> Vec<u8> {
        let mut cose = Vec::new();
        let mut cbor = Encoder::new(&mut cose);
        let algorithm = self.algorithm();
        match self {
            Self::P256(_) | Self::P384(_) | Self::P521(_) => {
                let curve = match self {
                    Self::P256(_) => 1,
                    Self::P384(_) => 2,
                    _ => 3,
                };
                let (x, y) = self.coordinates();
                cbor.map(5).unwrap().i8(1).unwrap().i8(2).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                cbor.i8(-1).unwrap().i8(curve).unwrap().i8(-2).unwrap().bytes(&x).unwrap();
                cbor.i8(-3).unwrap().bytes(&y).unwrap();
            }
            Self::Ed25519(_) => {
                cbor.map(4).unwrap().i8(1).unwrap().i8(1).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                cbor.i8(-1).unwrap().i8(6).unwrap().i8(-2).unwrap().bytes(&self.bytes()).unwrap();
            }
            Self::Rsa(_) => {
                cbor.map(4).unwrap().i8(1).unwrap().i8(3).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                cbor.i8(-1).unwrap().bytes(&self.bytes()).unwrap();
                cbor.i8(-2).unwrap().bytes(&[1, 0, 1]).unwrap();
            }
        }
        cose
    }

    /// Signs with a COSE algorithm, which need not be the key's own.
    pub(crate) fn sign(&self, algorithm: i64, message: &[u8]) -> Vec<u8> {
        let hash = hash(algorithm, message);
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Rsa(key) => {
                let padding = match algorithm {
                    RS1 => Pkcs1v15Sign::new::<Sha1>(),
                    -258 => Pkcs1v15Sign::new::<Sha384>(),
                    -259 => Pkcs1v15Sign::new::<Sha512>(),
                    _ => Pkcs1v15Sign::new::<Sha256>(),
                };
                key.sign(padding, &hash).unwrap()
            }
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::from_spki_der(&self.spki()).unwrap()
    }
}

pub(crate) fn hash(algorithm: i64, message: &[u8]) -> Vec<u8> {
    match algorithm {
        RS1 => Sha1::digest(message).to_vec(),
        -35 | -258 => Sha384::digest(message).to_vec(),
        -36 | -259 => Sha512::digest(message).to_vec(),
        _ => Sha256::digest(message).to_vec(),
    }
}
