//! Files of the library, compiled once more: what is private there, and its checks by AWS-LC.
#![allow(dead_code, unexpected_cfgs, reason = "these files have more than a target uses")]

#[path = "../../src/attestation/fido2/engine/native/certificate.rs"]
mod certificate;
#[path = "../../src/attestation/fido2/engine/native/chain.rs"]
mod chain;
#[path = "../../src/attestation/fido2/engine/native/flaw.rs"]
mod flaw;

use x509_cert::der::Encode;
use x509_cert::der::asn1::ObjectIdentifier;

use self::certificate::Certificate;
use self::chain::Chain;
use crate::encoding::canonical_json;

/// What the library reads in a certificate.
pub struct Reading {
    pub subject: Vec<u8>,
    pub public_key: crate::crypto::PublicKey,
    pub is_version_3: bool,
    pub is_end_entity: bool,
    pub is_for_signatures: bool,
    /// None where a basic constraint or a usage of the key forbids it to sign certificates.
    pub longest_path: Option<usize>,
}

/// Reads a certificate, and finds in it the extensions that are named.
pub fn read_certificate(der: &[u8], extensions: &[&str]) -> Option<(Reading, Vec<Option<Vec<u8>>>)> {
    let read = Certificate::parse(der).ok()?;
    let find = |id: &&str| {
        let id = ObjectIdentifier::new(id).expect("the id is valid");
        read.extension(id).map(<[u8]>::to_vec)
    };
    let found = extensions.iter().map(find).collect();
    let reading = Reading {
        subject: read.subject().to_der().expect("a name is written"),
        public_key: read.public_key().clone(),
        is_version_3: read.check_version_3().is_ok(),
        is_end_entity: read.check_end_entity().is_ok(),
        is_for_signatures: read.is_for_signatures(),
        longest_path: read.longest_path().ok(),
    };
    Some((reading, found))
}

/// Returns whether each certificate is signed by the next.
pub fn is_chain(certificates: &[&[u8]]) -> bool {
    Chain::parse(certificates).is_ok_and(|chain| chain.check_links().is_ok())
}

/// Returns the canonical spelling of JSON, nothing for another text, and an error if the text has
/// no certain meaning.
pub fn canonical(text: &[u8]) -> Result<Option<Vec<u8>>, ()> {
    canonical_json::canonical(text).map_err(|canonical_json::Ambiguous| ())
}
