//! [Section 8.8](https://www.w3.org/TR/webauthn-3/#sctn-apple-anonymous-attestation). Apple makes a
//! certificate for the credential itself, with a hash of the registration in it.

use sha2::Sha256;
use x509_cert::der::asn1::ObjectIdentifier;

use crate::attestation::fido2::engine::native::chain::Chain;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::{Registration, Vouchers};
use crate::attestation::fido2::statement::Statement;

const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.8.2");

/// The bytes before the nonce: a sequence, its member 1, and an octet string of 32 bytes.
const NONCE_HEADER: &[u8] = &[0x30, 0x24, 0xa1, 0x22, 0x04, 0x20];

pub(super) fn verify<'a>(registration: &Registration<'a>) -> Result<Vouchers<'a>, Flaw> {
    // The first devices sent an algorithm as well.
    let &Statement { alg: _, sig: None, x5c: Some(ref x5c), ver: None, cert_info: None, pub_area: None } =
        registration.statement
    else {
        return Err(Flaw("apple has x5c, perhaps alg, and nothing else"));
    };
    let chain = Chain::parse(x5c)?;
    let nonce = registration.signed_hash::<Sha256>();
    let attested = chain.leaf().extension(NONCE).ok_or(Flaw("the certificate has a nonce"))?;
    let attested = attested.strip_prefix(NONCE_HEADER);
    require(attested == Some(nonce.as_slice()), "the nonce is that of the registration")?;
    let is_own = *chain.leaf().public_key() == registration.key.public_key;
    require(is_own, "the certificate is for the credential's key")?;
    chain.check_links()?;
    Ok(Vouchers::Certificates(chain))
}
