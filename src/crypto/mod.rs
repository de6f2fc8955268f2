//! Signature checks. Published crates do all of the arithmetic. This module decides which keys,
//! digests and signatures are accepted.
//!
//! 1. A [`PublicKey`] is valid, of a supported kind, and not weak. Parsing is the only way to
//!    create one.
//! 2. It is kept in one canonical form, whatever its spelling was, so equal keys are equal.
//! 3. A signature has one encoding: strict DER for ECDSA, 64 bytes for Ed25519, the modulus' length
//!    for RSA. High and low `s` both hold, since no published client normalises it. So a signature
//!    is never an identifier.
//! 4. RustCrypto checks signatures, or AWS-LC with the feature `aws-lc-rs`. The first three rules
//!    hold for both, and both give the same verdicts. RustCrypto always checks secp256k1 with
//!    SHA-384 or SHA-512, which aws-lc-rs lacks. It also checks the SHA-1 signatures of old TPMs.
//!
//! ```
//! use credential_code::crypto::PublicKey;
//!
//! let refusal = PublicKey::from_pem("-----BEGIN PUBLIC KEY-----").unwrap_err();
//! println!("{refusal}");
//! ```

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod digest;
mod public_key;
mod rustcrypto;

pub use self::digest::{Digest, UnknownDigest};
#[cfg(feature = "webauthn-rs")]
pub(crate) use self::public_key::KeyParts;
pub use self::public_key::{InvalidSignature, KeyAlgorithm, PublicKey, PublicKeyError};
