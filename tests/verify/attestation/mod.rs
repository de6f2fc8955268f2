//! Attestation statements and the native engine: what each format asks for, each rule of it broken once, who is trusted, and that nothing is
//! accepted which webauthn-rs-core refuses but for a reason.

mod certificates;
mod der;
pub(crate) mod keys;
mod registration;

mod android_key;
mod apple;
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
