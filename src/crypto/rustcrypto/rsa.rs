//! RSA PKCS#1 v1.5: which keys are valid, and the check of a signature (RFC 8017, section 8.2.2).
//!
//! `crypto-bigint` computes, as it does for the curves. The bytes that a signer wrote are never
//! parsed. The one encoding of the digest is built, and both have to be equal to the last bit.
//!
//! The crate `rsa` would do the same, but no release of it fits. webauthn-rs-core 0.6.2 needs
//! 0.10.0-rc.18 or rc.19, by a feature that 0.10.0 no longer has. A dependency tree holds only one
//! of them, so either would exclude hosts that have the other. 0.9 is a tree of its own, with 21
//! packages more and an advisory (RUSTSEC-2023-0071).

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use pkcs1::RsaPublicKeyRef;
use spki::der::Encode;
use spki::der::asn1::UintRef;

use crate::crypto::{Digest, InvalidSignature, PublicKeyError};

// The bytes before a digest: its name and its length, in DER (RFC 8017, section 9.2, note 1).
#[cfg(feature = "fido2")]
const SHA1_PREFIX: &[u8] = b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
const SHA256_PREFIX: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
const SHA384_PREFIX: &[u8] = b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30";
const SHA512_PREFIX: &[u8] = b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40";

/// A key of 2048 to 4096 bits, with an odd exponent from 3 to 33 bits.
#[derive(Debug)]
pub(in crate::crypto) struct RsaKey {
    modulus: BoxedMontyParams,
    exponent: u64,
    /// The number of bytes of the modulus, and so of every signature.
    length: usize,
}

impl RsaKey {
    /// Reads the DER of a PKCS#1 key.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, PublicKeyError> {
        let parts = RsaPublicKeyRef::try_from(der).map_err(|_| PublicKeyError::Encoding)?;
        Self::from_parts(parts.modulus.as_bytes(), parts.public_exponent.as_bytes())
    }

    /// Reads a big-endian modulus and exponent.
    pub(super) fn from_parts(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        // This comes before any computation: a modulus of a megabyte would take a while.
        if modulus.len() > 513 || exponent.len() > 9 {
            return Err(PublicKeyError::Rsa);
        }
        let modulus = without_zeros(modulus);
        let exponent = without_zeros(exponent);
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        // An exponent with nine bytes left is too large in any case.
        let exponent = exponent
            .iter()
            .try_fold(0_u64, |number, byte| number.checked_mul(256).map(|number| number | u64::from(*byte)));
        let usual = exponent.filter(|number| (3..1 << 33).contains(number) && number % 2 == 1);
        let exponent = usual.ok_or(PublicKeyError::Rsa)?;
        if !(2048..=4096).contains(&bits) {
            return Err(PublicKeyError::Rsa);
        }
        let number = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option();
        let number = number.ok_or(PublicKeyError::Rsa)?;
        Ok(Self { modulus: BoxedMontyParams::new_vartime(number), exponent, length: modulus.len() })
    }

    /// Returns the DER of the PKCS#1 key.
    pub(super) fn to_pkcs1(&self) -> Result<Vec<u8>, PublicKeyError> {
        let modulus = self.modulus.modulus().to_be_bytes_trimmed_vartime();
        let exponent = self.exponent.to_be_bytes();
        let unsigned = |bytes| UintRef::new(bytes).map_err(|_| PublicKeyError::Encoding);
        let key = RsaPublicKeyRef { modulus: unsigned(&modulus)?, public_exponent: unsigned(&exponent)? };
        key.to_der().map_err(|_| PublicKeyError::Encoding)
    }

    /// Returns the big-endian modulus and exponent, without leading zeros.
    #[cfg(feature = "webauthn-rs")]
    pub(super) fn to_parts(&self) -> (Vec<u8>, Vec<u8>) {
        let modulus = self.modulus.modulus().to_be_bytes_trimmed_vartime();
        (modulus.to_vec(), without_zeros(&self.exponent.to_be_bytes()).to_vec())
    }

    /// Checks whether the signature is by this key over a message with this digest.
    pub(super) fn verify(
        &self,
        digest: Digest,
        prehash: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let prefix = match digest {
            Digest::Sha256 => SHA256_PREFIX,
            Digest::Sha384 => SHA384_PREFIX,
            Digest::Sha512 => SHA512_PREFIX,
        };
        self.verify_encoded(&[prefix, prehash].concat(), signature)
    }

    /// Checks the same with SHA-1, which only old TPMs use.
    #[cfg(feature = "fido2")]
    pub(super) fn verify_sha1(&self, prehash: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.verify_encoded(&[SHA1_PREFIX, prehash].concat(), signature)
    }

    fn verify_encoded(&self, digest_info: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let signature = self.number_below_modulus(signature)?;
        let signed = self.raise(signature);
        (signed == self.encoded(digest_info)).then_some(()).ok_or(InvalidSignature)
    }

    /// Returns the number of a signature (steps 1 and 2). It must be as long as the modulus, and
    /// smaller. Otherwise a signature would have more than one spelling.
    fn number_below_modulus(&self, signature: &[u8]) -> Result<BoxedUint, InvalidSignature> {
        if signature.len() != self.length {
            return Err(InvalidSignature);
        }
        let number = self.number(signature);
        (number < *self.modulus.modulus().as_ref()).then_some(number).ok_or(InvalidSignature)
    }

    /// Returns RSAVP1: the signature to the power of the exponent, modulo the modulus.
    fn raise(&self, signature: BoxedUint) -> BoxedUint {
        let bits = u64::BITS - self.exponent.leading_zeros();
        let exponent = BoxedUint::from(self.exponent);
        BoxedMontyForm::new(signature, &self.modulus).pow_bounded_exp(&exponent, bits).retrieve()
    }

    /// Returns EMSA-PKCS1-v1_5: `00 01 ff … ff 00`, and then the digest with its name.
    fn encoded(&self, digest_info: &[u8]) -> BoxedUint {
        // The digest takes at most 83 of at least 256 bytes.
        let filling = vec![0xff; self.length - digest_info.len() - 3];
        self.number(&[&[0, 1], &filling[..], &[0], digest_info].concat())
    }

    /// Reads a number of no more bytes than the modulus has.
    fn number(&self, bytes: &[u8]) -> BoxedUint {
        BoxedUint::from_be_slice_truncated(bytes, self.modulus.bits_precision())
    }
}

/// Strips leading zeros. COSE and TPMs write some, and they change nothing.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(all(test, feature = "fido2"))]
#[path = "../../../tests/unit/rsa_zeros.rs"]
mod tests;
