//! The engine of this crate: section 8 of [WebAuthn Level 3](https://www.w3.org/TR/webauthn-3/#sctn-defined-attestation-formats), one file
//! for each format.
//!
//! A format says which members its statement has, and has no others. What it returns is the certificates that it was signed with, and
//! `trust` then looks whether they lead to a configured root. Certificates are read with `x509-cert`, and every signature is
//! checked by [`crypto`](crate::crypto).

mod android_key;
mod apple;
mod certificate;
mod chain;
mod fido_u2f;
mod flaw;
mod packed;
mod signature;
mod tpm;
mod trust;

use sha2::digest::Output;
use sha2::{Digest, Sha256};

use self::chain::Chain;
use self::flaw::Flaw;
pub use self::trust::TrustAnchors;
use crate::attestation::VerifyError;
use crate::attestation::fido2::cose::CoseKey;
use crate::attestation::fido2::engine::{StatementEngine, StatementInput};
use crate::attestation::fido2::statement::Statement;
use crate::model::{AttestationConveyance, AttestationTrust, CoseAlgorithm, Fido2Policy};
use crate::signed::AttestedCredential;

/// Verifies `none`, `packed`, `fido-u2f`, `apple`, `android-key` and `tpm` statements.
///
/// Neither a certificate's validity period nor its revocation is looked at: [`verify`](crate::attestation::verify) knows no clock and no
/// network, and a statement says how a passkey was made, not what its maker is worth today. Take a root off the [`TrustAnchors`] when its
/// authenticators are no longer to be trusted.
///
/// Where a standard leaves room, it is strict:
///
/// - Names in certificates are the same if their bytes are, and not if they only read alike.
/// - A certificate in a statement whose key is of a kind that is not supported sinks the statement, wherever in the list it stands.
/// - Every issuer counts towards the longest path that another allows, one that signed itself too.
/// - The purpose of an `android-key` is to sign and nothing else, as the specification has it: a key that may also verify is refused.
/// - A chain whose first certificate says that its key is not for signatures, or one of which insists on a purpose that the format does not read, is
///   accepted and never trusted.
///
/// ```
/// use credential_code::attestation::{NativeEngine, TrustAnchors};
///
/// // Everything that holds is accepted; what the roots vouch for is marked as trusted.
/// let engine = NativeEngine::new().trust(TrustAnchors::new());
/// ```
#[derive(Clone, Debug)]
pub struct NativeEngine {
    anchors: TrustAnchors,
    untrusted: Untrusted,
    by_sha1: BySha1,
}

/// What becomes of an attestation that no root vouches for.
#[derive(Clone, Copy, Debug)]
enum Untrusted {
    Accept,
    Refuse,
}

/// What becomes of a TPM's statement that is signed, or names its key, by way of SHA-1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BySha1 {
    Accept,
    Refuse,
}

impl NativeEngine {
    /// An engine that trusts nobody, and accepts whatever holds.
    pub fn new() -> Self {
        Self { anchors: TrustAnchors::new(), untrusted: Untrusted::Accept, by_sha1: BySha1::Accept }
    }

    /// Marks as [trusted](AttestationTrust::Trusted) what these roots vouch for, and accepts everything else too.
    #[must_use]
    pub fn trust(self, anchors: TrustAnchors) -> Self {
        Self { anchors, untrusted: Untrusted::Accept, ..self }
    }

    /// Accepts only passkeys that these roots vouch for. Ask for an
    /// [attestation](Fido2Policy::attestation) then, and say with
    /// [`kinds`](crate::CodePolicy::kinds) which kinds are allowed. The holder of a code chooses
    /// among them, and no root vouches for a key. A flow that leaves out either is not built.
    #[must_use]
    pub fn trust_only(self, anchors: TrustAnchors) -> Self {
        Self { anchors, untrusted: Untrusted::Refuse, ..self }
    }

    /// Refuses TPM statements that are signed by way of SHA-1, or name their key so. Without this they are accepted, since many TPMs of
    /// Windows Hello make them, and a client whose statement is refused can always send none. Certificates and passkeys with SHA-1 are
    /// refused in any case.
    #[must_use]
    pub fn without_sha1(self) -> Self {
        Self { by_sha1: BySha1::Refuse, ..self }
    }

    pub(super) fn demands_trust(&self) -> bool {
        match self.untrusted {
            Untrusted::Accept => false,
            Untrusted::Refuse => true,
        }
    }

    pub(super) fn unmet(&self, policy: &Fido2Policy) -> Option<&'static str> {
        match self.untrusted {
            Untrusted::Accept => None,
            Untrusted::Refuse if self.anchors.is_empty() => Some("trust is required, and there is no root"),
            Untrusted::Refuse if policy.attestation == AttestationConveyance::None => {
                Some("trust is required, and the policy asks for no attestation")
            }
            Untrusted::Refuse => None,
        }
    }
}

impl Default for NativeEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl StatementEngine for NativeEngine {
    fn can_verify(&self, algorithm: CoseAlgorithm) -> bool {
        match algorithm {
            CoseAlgorithm::Es256
            | CoseAlgorithm::Es384
            | CoseAlgorithm::Es512
            | CoseAlgorithm::EdDsa
            | CoseAlgorithm::Rs256
            | CoseAlgorithm::Rs384
            | CoseAlgorithm::Rs512 => true,
        }
    }

    fn verify_statement(&self, input: &StatementInput<'_>) -> Result<AttestationTrust, VerifyError> {
        let trust = self.anchors.judge(&self.verify_format(input)?, &input.credential.aaguid);
        match (trust, self.untrusted) {
            (AttestationTrust::Trusted, _) | (AttestationTrust::Untrusted, Untrusted::Accept) => Ok(trust),
            (AttestationTrust::Untrusted, Untrusted::Refuse) => Err(VerifyError::Untrusted),
        }
    }
}

impl NativeEngine {
    /// Formats are told apart to the letter.
    fn verify_format<'a>(&self, input: &StatementInput<'a>) -> Result<Vouchers<'a>, Flaw> {
        let registration = || Registration {
            statement: &input.object.statement,
            authenticator_data: input.object.authenticator_data,
            credential: input.credential,
            key: input.key,
            client_data_hash: Sha256::digest(input.client_data).into(),
        };
        let vouchers = match input.object.format {
            // The shell has seen that there is nothing in it.
            "none" => Vouchers::Nobody,
            "packed" => packed::verify(&registration())?,
            "fido-u2f" => fido_u2f::verify(&registration())?,
            "apple" => apple::verify(&registration())?,
            "android-key" => android_key::verify(&registration())?,
            // The only one that reads what the key is for.
            "tpm" => return tpm::verify(&registration(), self.by_sha1),
            _ => return Err(Flaw("an unknown format")),
        };
        Ok(vouchers.of_any_purpose())
    }
}

/// What a format is given: its statement, and what that is about.
struct Registration<'a> {
    statement: &'a Statement<'a>,
    authenticator_data: &'a [u8],
    credential: &'a AttestedCredential<'a>,
    key: &'a CoseKey,
    client_data_hash: [u8; 32],
}

impl Registration<'_> {
    /// What most formats sign: the authenticator data and the hash of the client data.
    fn signed_message(&self) -> Vec<u8> {
        [self.authenticator_data, &self.client_data_hash].concat()
    }

    /// The hash of that.
    fn signed_hash<D: Digest>(&self) -> Output<D> {
        D::new().chain_update(self.authenticator_data).chain_update(self.client_data_hash).finalize()
    }
}

/// Who signed for the authenticator's model.
enum Vouchers<'a> {
    Nobody,
    Certificates(Chain<'a>),
    /// Certificates of which the first has to say for which model it is if its root vouches for several, and does not say so.
    OfUnnamedModel(Chain<'a>),
}

impl Vouchers<'_> {
    /// The same, or nobody if the first certificate insists on a purpose, which the format does not read.
    fn of_any_purpose(self) -> Self {
        match &self {
            Self::Certificates(chain) | Self::OfUnnamedModel(chain)
                if chain.leaf().has_critical_purposes() =>
            {
                Self::Nobody
            }
            Self::Nobody | Self::Certificates(_) | Self::OfUnnamedModel(_) => self,
        }
    }
}
