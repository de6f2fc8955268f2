//! The engines, which verify attestation statements.
//!
//! The shell has read everything else by now, and the statement's members too. An engine says
//! whether they fit together. It knows formats, certificates and signatures. It knows nothing of
//! challenges, origins or flags.

mod native;
#[cfg(feature = "webauthn-rs")]
mod webauthn_rs;

pub use self::native::{NativeEngine, TrustAnchors};
#[cfg(feature = "webauthn-rs")]
use self::webauthn_rs::WebauthnRs;
use crate::attestation::VerifyError;
use crate::attestation::fido2::attestation_object::AttestationObject;
use crate::attestation::fido2::cose::CoseKey;
use crate::model::{AttestationTrust, CoseAlgorithm, Fido2Policy, Origin, RelyingParty};
use crate::signed::AttestedCredential;

/// The input of an engine: the proof unchanged, and what the shell read from it.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "webauthn-rs"),
    expect(dead_code, reason = "only an engine that reads everything again needs all of it")
)]
pub(super) struct StatementInput<'a> {
    pub(super) relying_party: &'a RelyingParty,
    pub(super) origin: &'a Origin,
    pub(super) policy: &'a Fido2Policy,
    pub(super) signed_challenge: &'a [u8],
    pub(super) client_data: &'a [u8],
    pub(super) attestation_object: &'a [u8],
    pub(super) object: &'a AttestationObject<'a>,
    pub(super) credential: &'a AttestedCredential<'a>,
    pub(super) key: &'a CoseKey,
}

/// Verifies attestation statements.
pub(super) trait StatementEngine {
    /// Returns whether it verifies passkeys of that algorithm.
    fn can_verify(&self, algorithm: CoseAlgorithm) -> bool;

    /// Checks whether the statement holds. Then returns whether a configured root vouches for it.
    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError>;
}

/// Verifies the attestation statements of passkeys. The [manual](crate::manual::attestation) says
/// when to choose which engine.
///
/// | | `Native`, the default | `WebauthnRs`, with the feature `webauthn-rs` |
/// | --- | --- | --- |
/// | what it is | this crate, on its own [`crypto`](crate::crypto) and `x509-cert` | webauthn-rs-core, which reads the whole input once more |
/// | formats | `none`, `packed`, `fido-u2f`, `apple`, `android-key`, `tpm` | the same without `tpm`, and without `android-key` from StrongBox |
/// | passkeys on curves | ES256, ES384, ES512, EdDSA (Ed25519) | ES256, ES384; ES512 without self attestation |
/// | passkeys with RSA | RS256, RS384, RS512 of 2048 to 4096 bits | RS256 of 2048 bits |
/// | certificates | each one is signed by the next; names must be equal to the byte | the first one is read |
/// | trust | configured roots | none |
/// | extensions, token binding | not looked at | refused if it can't read them |
///
/// Both refuse the deprecated `android-safetynet`, and `compound`. Both also refuse a member that
/// no format has.
///
/// ```
/// use credential_code::attestation::{AttestationEngine, Expected, NativeEngine};
/// use credential_code::model::{Challenge, CredentialKind};
///
/// let challenge = Challenge::new("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw").unwrap();
/// let engine = AttestationEngine::from(NativeEngine::new().without_sha1());
/// let expected = Expected::new(CredentialKind::Fido2, &challenge);
/// let expected = expected.with_attestation_engine(&engine);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AttestationEngine {
    /// This crate's own, and the default.
    Native(NativeEngine),
    /// webauthn-rs-core (feature `webauthn-rs`).
    #[cfg(feature = "webauthn-rs")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webauthn-rs")))]
    WebauthnRs,
}

impl AttestationEngine {
    pub(super) fn as_dyn(&self) -> &dyn StatementEngine {
        match self {
            Self::Native(native) => native,
            #[cfg(feature = "webauthn-rs")]
            Self::WebauthnRs => &WebauthnRs,
        }
    }

    /// Returns whether it accepts only passkeys that a root vouches for.
    pub(crate) fn demands_trust(&self) -> bool {
        match self {
            Self::Native(native) => native.demands_trust(),
            #[cfg(feature = "webauthn-rs")]
            Self::WebauthnRs => false,
        }
    }

    /// Returns the part of a policy that can never be met, so no flow starts with it.
    pub(crate) fn unmet(&self, policy: &Fido2Policy) -> Option<&'static str> {
        if !policy.algorithms.iter().all(|algorithm| self.as_dyn().can_verify(*algorithm)) {
            return Some("an algorithm on offer can't be verified by the attestation engine");
        }
        match self {
            Self::Native(native) => native.unmet(policy),
            #[cfg(feature = "webauthn-rs")]
            Self::WebauthnRs => None,
        }
    }
}

impl Default for AttestationEngine {
    fn default() -> Self {
        Self::Native(NativeEngine::new())
    }
}

impl From<NativeEngine> for AttestationEngine {
    fn from(native: NativeEngine) -> Self {
        Self::Native(native)
    }
}
