//! The self-test of an engine that other people release.
//!
//! No release of webauthn-rs-core promises the form of the state that it is given. So a flow that
//! chose it is built only after two checks: it accepts a valid registration, and it refuses a
//! forgery of it. The engine of this crate has tests of its own and needs none here.

use crate::attestation::fido2::engine::{AttestationEngine, StatementEngine};
use crate::attestation::fido2::verify_by;
use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError};
use crate::model::{Challenge, CredentialId, CredentialKind, RelyingParty};

/// The releases that this engine was tested with.
const KNOWN: &str = "0.6.2";

// A registration of WebAuthn Level 3, section 16: `packed`, signed by the passkey itself with
// ES256. W3C, under the W3C Software and Document License:
// https://www.w3.org/TR/webauthn-3/#sctn-test-vectors
const RELYING_PARTY: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const CHALLENGE: &str = "eGnCt3LUtY66k3jPjynibPk1qnffDaifqZwL3Ap29-U";
const CREDENTIAL_ID: &str = "RV7zTiBDqH2z1K_rObvLbMMt-TR8eJqGXs3KEpy-9Yw";
const CLIENT_DATA: &str = concat!(
    r#"{"type":"webauthn.create","challenge":"eGnCt3LUtY66k3jPjynibPk1qnffDaifqZwL3Ap29-U","#,
    r#""origin":"https://example.org","crossOrigin":false,"extraData":"clientDataJSON may be "#,
    r#"extended with additional fields in the future, such as this: U9hTXvKE2URkMnb_0xYHVg"}"#,
);
// The attestation object in three parts: before the signature, the signature, and after it.
const BEFORE: &[u8] = b"\xa3\x63fmt\x66packed\x67attStmt\xa2\x63alg\x26\x63sig\x58\x46";
const SIGNATURE: &[u8] = b"\
    \x30\x44\x02\x20\x06\x7a\x20\x75\x4a\xb9\x25\x00\x5d\xbf\x37\x80\x97\xc9\x21\x20\x03\x15\
    \x81\xc7\x32\x28\xd1\xfb\x4f\x5b\x88\x1b\xcd\x7d\xa9\x83\x02\x20\x7f\xc7\xb1\x47\x55\x8c\
    \x7c\x0e\xba\x3a\xf1\x8b\xd9\xd1\x21\xfa\x3d\x3a\x26\xd1\x7f\xe3\xf2\x20\x27\x21\x78\xf4\
    \x73\xb6\x00\x6d";
const BEHIND: &[u8] = b"\x68authData\x58\xa4\
    \xbf\xab\xc3\x74\x32\x95\x8b\x06\x33\x60\xd3\xad\x64\x61\xc9\xc4\x73\x5a\xe7\xf8\xed\xd4\
    \x65\x92\xa5\xe0\xf0\x14\x52\xb2\xe4\xb5\x5d\x00\x00\x00\x00\xdf\x85\x0e\x09\xdb\x6a\xfb\
    \xdf\xab\x51\x69\x77\x91\x50\x6c\xfc\x00\x20\x45\x5e\xf3\x4e\x20\x43\xa8\x7d\xb3\xd4\xaf\
    \xeb\x39\xbb\xcb\x6c\xc3\x2d\xf9\x34\x7c\x78\x9a\x86\x5e\xcd\xca\x12\x9c\xbe\xf5\x8c\xa5\
    \x01\x02\x03\x26\x20\x01\x21\x58\x20\xeb\x15\x1c\x81\x76\xb2\x25\xcc\x65\x15\x59\xfe\xcf\
    \x07\xaf\x45\x0f\xd8\x58\x02\x04\x66\x56\xb3\x4c\x18\xf6\xcf\x19\x38\x43\xc5\x22\x58\x20\
    \x92\x7b\x8a\xa4\x27\xa2\xbe\x1b\x88\x34\xd2\x33\xa2\xd3\x4f\x61\xf1\x3b\xfd\x44\x11\x9c\
    \x32\x5d\x58\x96\xe1\x83\xfe\xe4\x84\xf2";

/// The reason why a flow can't be built with an engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("{}", text("refuses a registration that is known to hold"))]
    RefusesGood(#[source] VerifyError),
    #[error("{}", text("accepts a registration that is known to be forged"))]
    AcceptsForgery,
}

fn text(what: &str) -> String {
    format!(
        "the release of webauthn-rs-core that was resolved {what}. The engine is known to work with \
         {KNOWN}: take that with `cargo update -p webauthn-rs-core --precise {KNOWN}`, or the native \
         engine, which is the default"
    )
}

impl AttestationEngine {
    /// Checks that the engine is of a release that judges correctly.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        match self {
            Self::Native(_) => Ok(()),
            Self::WebauthnRs => self_test(self.as_dyn()),
        }
    }
}

pub(super) fn self_test(engine: &dyn StatementEngine) -> Result<(), EngineError> {
    judge(engine, SIGNATURE).map_err(EngineError::RefusesGood)?;
    let mut forged = SIGNATURE.to_vec();
    forged[SIGNATURE.len() - 1] ^= 1;
    match judge(engine, &forged) {
        Ok(_) => Err(EngineError::AcceptsForgery),
        Err(_) => Ok(()),
    }
}

/// Returns the verdict on the registration with that signature.
fn judge(engine: &dyn StatementEngine, signature: &[u8]) -> Result<VerifiedAttestation, VerifyError> {
    const VALID: &str = "the registration is a constant, and tests verify it";
    let party = RelyingParty::new(RELYING_PARTY, "Example", [ORIGIN]).expect(VALID);
    let challenge = Challenge::new(CHALLENGE).expect(VALID);
    let attestation = Attestation {
        kind: CredentialKind::Fido2,
        credential_id: CredentialId::new(CREDENTIAL_ID).expect(VALID),
        client_data: CLIENT_DATA.into(),
        attestation_data: [BEFORE, signature, BEHIND].concat(),
    };
    verify_by(engine, &party, &Expected::new(CredentialKind::Fido2, &challenge), &attestation)
}

#[cfg(test)]
#[path = "../../../tests/unit/self_test.rs"]
mod tests;
