//! Attestation statements and the native engine. The tests break each rule of each format once, and
//! cover trust. If webauthn-rs-core refuses a registration, the native engine accepts it only for a
//! known reason.

mod certificates;
mod der;
pub(crate) mod keys;
mod registration;

mod android_key;
mod apple;
mod cose;
#[cfg(feature = "webauthn-rs")]
mod differential;
mod engines;
mod extensions;
mod fido_u2f;
mod members;
mod packed;
mod published;
mod tpm;
mod trust;
