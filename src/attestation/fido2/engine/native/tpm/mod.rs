//! [Section 8.3](https://www.w3.org/TR/webauthn-3/#sctn-tpm-attestation): a trusted platform module
//! certifies the name of a key that it made.
//!
//! The signature covers the TPM's own structure ([`attest`]). That holds a hash of the registration
//! and the name of the key. The name is a hash of another structure ([`public_area`]), which holds
//! the key. Both are read to the last byte.

mod attest;
mod certificate;
mod public_area;
mod structure;

use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use self::attest::Attest;
use self::public_area::PublicArea;
use crate::attestation::fido2::engine::native::chain::Chain;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::{BySha1, Registration, Vouchers, signature};
use crate::attestation::fido2::statement::Statement;
use crate::crypto::{Digest, PublicKey};
use crate::model::CoseAlgorithm;

/// RSA PKCS#1 v1.5 with SHA-1. TPMs that know no better hash sign with it.
const RS1: i64 = -65535;

pub(super) fn verify<'a>(registration: &Registration<'a>, by_sha1: BySha1) -> Result<Vouchers<'a>, Flaw> {
    let &Statement {
        alg: Some(alg),
        sig: Some(sig),
        x5c: Some(ref x5c),
        ver: Some("2.0"),
        cert_info: Some(cert_info),
        pub_area: Some(pub_area),
    } = registration.statement
    else {
        return Err(Flaw("tpm has alg, sig, x5c, ver 2.0, certInfo, pubArea, and nothing else"));
    };
    let public_area = PublicArea::parse(pub_area)?;
    let is_by_sha1 = alg == RS1 || public_area.is_named_by_sha1();
    require(!is_by_sha1 || by_sha1 == BySha1::Accept, "SHA-1 is refused")?;
    require(public_area.key == registration.key.public_key, "pubArea has the credential's key")?;

    let attest = Attest::parse(cert_info)?;
    let extra_data = signed_hash(alg, registration)?;
    require(attest.extra_data == extra_data, "certInfo has the hash of the registration")?;
    require(attest.name == public_area.name, "certInfo names the key of pubArea")?;

    let chain = Chain::parse(x5c)?;
    certificate::check(chain.leaf())?;
    chain.leaf().check_aaguid(&registration.credential.aaguid)?;
    check_signature(chain.leaf().public_key(), alg, cert_info, sig)?;
    chain.check_links()?;
    Ok(Vouchers::Certificates(chain))
}

fn check_signature(key: &PublicKey, algorithm: i64, message: &[u8], sig: &[u8]) -> Result<(), Flaw> {
    match algorithm {
        RS1 => key.verify_rs1(message, sig).map_err(|_| Flaw("the signature does not hold")),
        _ => signature::check(key, algorithm, message, sig),
    }
}

/// Returns the registration's hash for an algorithm.
fn signed_hash(algorithm: i64, registration: &Registration<'_>) -> Result<Vec<u8>, Flaw> {
    if algorithm == RS1 {
        return Ok(registration.signed_hash::<Sha1>().to_vec());
    }
    let algorithm = CoseAlgorithm::from_number(algorithm).filter(|known| *known != CoseAlgorithm::EdDsa);
    let algorithm = algorithm.ok_or(Flaw("a TPM does not sign with that algorithm"))?;
    Ok(match algorithm.digest() {
        Digest::Sha256 => registration.signed_hash::<Sha256>().to_vec(),
        Digest::Sha384 => registration.signed_hash::<Sha384>().to_vec(),
        Digest::Sha512 => registration.signed_hash::<Sha512>().to_vec(),
    })
}
