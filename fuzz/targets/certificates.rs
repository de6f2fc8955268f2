//! Certificates, edited and signed again, by the library and by `x509-parser`. What the library
//! accepts, the other reads too, and in the same way. A link of two that holds there holds here.

use std::sync::LazyLock;

use credential_code::attestation::TrustAnchors;
use credential_code_fuzz::crypto::PublicKey;
use credential_code_fuzz::der::Der;
use credential_code_fuzz::{Registration, choose, edit, inside, split};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Version;

/// The basic constraints, the usages of the key, and the model's number.
const EXTENSIONS: [&str; 3] = ["2.5.29.19", "2.5.29.15", "1.3.6.1.4.1.45724.1.1.4"];

/// Every certificate in the attestations of WebAuthn Level 3, and their root last.
static CERTIFICATES: LazyLock<Vec<Der>> = LazyLock::new(|| {
    let mut found = Vec::new();
    for seed in Registration::passkeys() {
        let bytes = &seed.attestation.attestation_data;
        for start in 0..bytes.len() - 4 {
            if let [0x30, 0x82, high, low, ..] = bytes[start..] {
                let end = start + 4 + usize::from(u16::from_be_bytes([high, low]));
                let der = bytes.get(start..end).filter(|der| X509Certificate::from_der(der).is_ok());
                found.extend(der.and_then(Der::read));
            }
        }
    }
    found.push(Der::read(&credential_code_fuzz::root_certificate()).expect("the root is DER"));
    found
});
/// The key that signs again, and its subject public key info.
static SIGNER: LazyLock<(SigningKey, Der)> = LazyLock::new(|| {
    let key = SigningKey::from_slice(&[7; 32]).expect("the number is below the order");
    let spki = key.verifying_key().to_public_key_der().expect("a key has DER");
    (key, Der::read(spki.as_bytes()).expect("it is DER"))
});

pub fn run(input: &[u8]) {
    let Some((seed, rest)) = choose(&CERTIFICATES, input) else { return };
    let (of_leaf, rest) = split(rest);
    let (of_issuer, of_bytes) = split(rest);
    let leaf = signed_again(seed.clone(), of_leaf);
    let mut issuer = CERTIFICATES.last().expect("there is a root").clone();
    replace_key(&mut issuer);
    let issuer = signed_again(issuer, of_issuer);
    let mut broken = leaf.clone();
    edit(&mut broken, of_bytes);
    for der in [&leaf, &issuer, &broken] {
        check(der);
    }
    for (signed, issuer) in [(&leaf, &issuer), (&broken, &issuer), (&issuer, &issuer)] {
        check_link(signed, issuer);
    }
}

/// Edits the part under the signature, and signs it.
fn signed_again(mut certificate: Der, edits: &[u8]) -> Vec<u8> {
    certificate.children[0].edit(edits, &[&[], &[0], &[0xff], b"\x30\x03\x01\x01\xff", b"\x03\x02\x01\x06"]);
    let signature: DerSignature = SIGNER.0.sign(&certificate.children[0].write());
    certificate.children[2].content = vec![0];
    certificate.children[2].children = Der::read_all(signature.as_bytes()).expect("a signature is DER");
    certificate.write()
}

fn replace_key(certificate: &mut Der) {
    let mut parts = certificate.children[0].children.iter_mut();
    let key = parts.find(|it| it.children.last().is_some_and(|last| last.tag == 0x03));
    *key.expect("a certificate has a key") = SIGNER.1.clone();
}

fn check(der: &[u8]) {
    let is_root = TrustAnchors::new().with_root(der, [[0; 16]]).is_ok();
    let read = inside::read_certificate(der, &EXTENSIONS);
    let Some((ours, extensions)) = read else {
        assert!(!is_root, "a root is a certificate that is read");
        return;
    };
    let (rest, theirs) = match X509Certificate::from_der(der) {
        Ok(read) => read,
        Err(error) => panic!("{error}: {der:02x?}"),
    };
    assert!(rest.is_empty());
    // The other stops at a part of a name without attributes. The library compares all bytes.
    let is_whole = !ours.subject.windows(2).any(|two| two == [0x31, 0]);
    assert!(ours.subject.starts_with(theirs.subject().as_raw()));
    assert!(!is_whole || ours.subject == theirs.subject().as_raw());
    let key = PublicKey::from_spki_der(theirs.public_key().raw).expect("the key is read");
    assert!(key == ours.public_key);
    assert_eq!(ours.is_version_3, theirs.version() == X509Version::V3);
    for (id, ours) in EXTENSIONS.iter().zip(&extensions) {
        let theirs = theirs.extensions().iter().find(|it| it.oid.to_id_string() == *id);
        assert_eq!(ours.as_deref(), theirs.map(|it| it.value), "{id}");
    }
    let constraints = theirs.basic_constraints().ok().flatten().map(|it| it.value);
    let usage = theirs.key_usage().ok().flatten().map(|it| it.value);
    // The other reads more, such as a default that is written out. So not the reverse.
    if ours.is_end_entity {
        assert!(constraints.is_some_and(|it| !it.ca), "{der:02x?}");
    }
    if ours.is_for_signatures {
        assert!(usage.is_none_or(|it| it.digital_signature()), "{der:02x?}");
    }
    if let Some(longest) = ours.longest_path {
        let theirs = constraints.expect("it has basic constraints");
        assert!(theirs.ca && usage.is_none_or(|it| it.key_cert_sign()));
        assert_eq!(theirs.path_len_constraint.map_or(usize::MAX, |it| it as usize), longest);
    }
}

fn check_link(signed: &[u8], issuer: &[u8]) {
    if !inside::is_chain(&[signed, issuer]) {
        return;
    }
    let (_, signed) = X509Certificate::from_der(signed).expect("it is read");
    let (_, issuer) = X509Certificate::from_der(issuer).expect("it is read");
    assert_eq!(signed.issuer().as_raw(), issuer.subject().as_raw());
    signed.verify_signature(Some(issuer.public_key())).expect("the signature holds");
}
