//! What verification accepts and refuses: attestations, assertions, keys and signatures.

#[path = "../support/rsa.rs"]
mod rsa_key;
#[cfg(feature = "webauthn-rs")]
#[path = "../support/signed_parts.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets read them, too")]
mod signed_parts;
#[path = "../support/mod.rs"]
mod support;

mod attestation;
#[cfg(feature = "webauthn-rs")]
mod bridge;
mod public_key;
mod vectors_published;
mod verify_laws;
mod wycheproof;
