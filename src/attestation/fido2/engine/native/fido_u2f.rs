//! [Section 8.6](https://www.w3.org/TR/webauthn-3/#sctn-fido-u2f-attestation): security keys from
//! before FIDO2.

use crate::attestation::fido2::engine::native::chain::Chain;
use crate::attestation::fido2::engine::native::flaw::{Flaw, require};
use crate::attestation::fido2::engine::native::{Registration, Vouchers, signature};
use crate::attestation::fido2::statement::Statement;
use crate::crypto::KeyAlgorithm;
use crate::model::CoseAlgorithm;

/// A point of P-256: a byte for its form, and two coordinates.
const POINT: usize = 65;

/// The flags of authenticator data that say: a person was present, and there is a credential.
const PRESENT: u8 = 0x41;

pub(super) fn verify<'a>(registration: &Registration<'a>) -> Result<Vouchers<'a>, Flaw> {
    let &Statement {
        alg: None,
        sig: Some(sig),
        x5c: Some(ref x5c),
        ver: None,
        cert_info: None,
        pub_area: None,
    } = registration.statement
    else {
        return Err(Flaw("fido-u2f has sig, x5c, and nothing else"));
    };
    require(x5c.len() == 1, "fido-u2f has exactly one certificate")?;
    let chain = Chain::parse(x5c)?;
    let key = chain.leaf().public_key();
    require(key.algorithm() == KeyAlgorithm::P256, "the certificate's key is on P-256")?;
    require(registration.key.algorithm == CoseAlgorithm::Es256, "the credential's algorithm is ES256")?;
    signature::check(key, CoseAlgorithm::Es256.number().into(), &message(registration)?, sig)?;
    match is_as_signed(registration) {
        true => Ok(Vouchers::Certificates(chain)),
        false => Ok(Vouchers::Nobody),
    }
}

/// Checks that the authenticator data claims nothing that such a key did not sign for. The key has
/// no model. It signs that a person was present and made a credential. It does not sign that they
/// were verified, or whether the key is backed up. The counter is the client's own.
fn is_as_signed(registration: &Registration<'_>) -> bool {
    registration.credential.aaguid == [0; 16] && registration.authenticator_data.get(32) == Some(&PRESENT)
}

/// Returns a [registration response message: success][formats].
///
/// [formats]: https://fidoalliance.org/specs/fido-u2f-v1.2-ps-20170411/fido-u2f-raw-message-formats-v1.2-ps-20170411.html
fn message(registration: &Registration<'_>) -> Result<Vec<u8>, Flaw> {
    let relying_party_hash = registration.authenticator_data.first_chunk::<32>();
    let point = registration.key.public_key.to_spki_der().last_chunk::<POINT>();
    let (Some(relying_party_hash), Some(point)) = (relying_party_hash, point) else {
        return Err(Flaw("the credential's key is a point"));
    };
    let parts: [&[u8]; 5] =
        [&[0], relying_party_hash, &registration.client_data_hash, registration.credential.id, point];
    Ok(parts.concat())
}
