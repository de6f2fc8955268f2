//! Signature checks. Published crates do all of the arithmetic; here is which keys, digests and signatures are let in.
//!
//! 1. A [`PublicKey`] is valid, of a kind that is supported, and not weak: it was parsed, and cannot be made otherwise.
//! 2. It is kept in one canonical form, whatever spelling it came in, so that equal keys are equal.
//! 3. A signature has one encoding: strict DER for ECDSA, 64 bytes for Ed25519, the modulus' length for RSA. High and low `s` both
//!    hold, since no published client normalises it; a signature is therefore never an identifier.
//! 4. RustCrypto checks signatures, or AWS-LC with the feature `aws-lc-rs`; the first three hold for both, and so does every verdict.
//!    secp256k1 with SHA-384 or SHA-512 stays with RustCrypto, because aws-lc-rs has neither; so does what only old TPMs sign with.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod digest;
mod public_key;
mod rustcrypto;

pub use self::digest::{Digest, UnknownDigest};
#[cfg(feature = "webauthn-rs")]
pub(crate) use self::public_key::KeyParts;
pub use self::public_key::{InvalidSignature, KeyAlgorithm, PublicKey, PublicKeyError};
