//! Passkeys cross the bridge to several versions of webauthn-rs and back, and sign on either side.
#![cfg(test)]

mod authenticator;
#[allow(dead_code, reason = "certificates are for another suite")]
#[path = "../../verify/attestation/der.rs"]
mod der;
#[allow(dead_code, reason = "other encodings are for another suite")]
#[path = "../../verify/attestation/keys.rs"]
mod keys;
#[path = "../../support/rsa.rs"]
mod rsa_key;

#[macro_use]
mod laws;

laws_of!(v0_5_5, webauthn_rs_0_5, webauthn_rs_core_0_5, made: [-7, -35, -36, -8, -257], signed_in: [-7, -8, -257]);
laws_of!(v0_6_2, webauthn_rs_0_6, webauthn_rs_core_0_6, made: [-7, -35, -36, -257], signed_in: [-7, -35, -257]);
