//! The engine of this crate: section 8 of [WebAuthn Level
//! 3](https://www.w3.org/TR/webauthn-3/#sctn-defined-attestation-formats), one file for each
//! format.
//!
//! A format says which members its statement has, and has no others. It returns the certificates
//! that signed the statement. Then `trust` checks whether they lead to a configured root.
//! `x509-cert` reads certificates, and [`crypto`](crate::crypto) checks every signature.

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
/// It checks neither a certificate's validity period nor its revocation.
/// [`verify`](crate::attestation::verify) knows no clock and no network. A statement says how a
/// passkey was made, not whether its maker is still trustworthy. When a maker's authenticators are
/// no longer to be trusted, remove its root from the [`TrustAnchors`].
///
/// Where a standard leaves a choice, it is strict:
///
/// - Names in certificates are the same only if their bytes are, and not if they merely read alike.
/// - A certificate whose key has an unsupported kind makes the whole statement fail, wherever it
///   stands in the list.
/// - Every issuer counts towards the longest path that another allows, even one that signed itself.
/// - The purpose of an `android-key` is to sign and nothing else, as the specification demands. A
///   key that may also verify is refused.
/// - Some chains are accepted and never trusted. In one case the first certificate says that its
///   key is not for signatures. In the other, a certificate insists on a purpose that the format
///   does not read.
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

/// What happens to an attestation for which no root vouches.
#[derive(Clone, Copy, Debug)]
enum Untrusted {
    Accept,
    Refuse,
}

/// What happens to a TPM's statement that uses SHA-1, in its signature or in the name of its key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BySha1 {
    Accept,
    Refuse,
}

impl NativeEngine {
    /// Creates an engine that trusts nobody, and accepts every statement that holds.
    pub fn new() -> Self {
        Self { anchors: TrustAnchors::new(), untrusted: Untrusted::Accept, by_sha1: BySha1::Accept }
    }

    /// Marks the passkeys that these roots vouch for as [trusted](AttestationTrust::Trusted).
    /// Accepts all others too.
    #[must_use]
    pub fn trust(self, anchors: TrustAnchors) -> Self {
        Self { anchors, untrusted: Untrusted::Accept, ..self }
    }

    /// Accepts only passkeys that these roots vouch for. Then also ask for an
    /// [attestation](Fido2Policy::attestation), and set the allowed kinds with
    /// [`kinds`](crate::CodePolicy::kinds). Without the kinds, the holder of a code chooses among
    /// all, and no root vouches for a key. A flow that lacks either setting is not built.
    #[must_use]
    pub fn trust_only(self, anchors: TrustAnchors) -> Self {
        Self { anchors, untrusted: Untrusted::Refuse, ..self }
    }

    /// Rejects TPM statements that use SHA-1, in the signature or in the name of the key. By
    /// default they are accepted, since many TPMs of Windows Hello make them. A client whose
    /// statement is refused can always send none instead. Certificates and passkeys with SHA-1 are
    /// always refused.
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
    /// Verifies a statement. Format names are compared exactly.
    fn verify_format<'a>(&self, input: &StatementInput<'a>) -> Result<Vouchers<'a>, Flaw> {
        let registration = || Registration {
            statement: &input.object.statement,
            authenticator_data: input.object.authenticator_data,
            credential: input.credential,
            key: input.key,
            client_data_hash: Sha256::digest(input.client_data).into(),
        };
        let vouchers = match input.object.format {
            // The shell has checked that it is empty.
            "none" => Vouchers::Nobody,
            "packed" => packed::verify(&registration())?,
            "fido-u2f" => fido_u2f::verify(&registration())?,
            "apple" => apple::verify(&registration())?,
            "android-key" => android_key::verify(&registration())?,
            // This format alone reads the purpose of the key.
            "tpm" => return tpm::verify(&registration(), self.by_sha1),
            _ => return Err(Flaw("an unknown format")),
        };
        Ok(vouchers.of_any_purpose())
    }
}

/// The input of a format: its statement, and what the statement is about.
struct Registration<'a> {
    statement: &'a Statement<'a>,
    authenticator_data: &'a [u8],
    credential: &'a AttestedCredential<'a>,
    key: &'a CoseKey,
    client_data_hash: [u8; 32],
}

impl Registration<'_> {
    /// Returns the message that most formats sign: the authenticator data and the hash of the
    /// client data.
    fn signed_message(&self) -> Vec<u8> {
        [self.authenticator_data, &self.client_data_hash].concat()
    }

    /// Returns the hash of that message.
    fn signed_hash<D: Digest>(&self) -> Output<D> {
        D::new().chain_update(self.authenticator_data).chain_update(self.client_data_hash).finalize()
    }
}

/// The certificates that vouch for the authenticator's model.
enum Vouchers<'a> {
    Nobody,
    Certificates(Chain<'a>),
    /// Certificates whose first one names no model. It has to name one if its root vouches for
    /// several models.
    OfUnnamedModel(Chain<'a>),
}

impl Vouchers<'_> {
    /// Returns the same certificates. Returns nobody if the first certificate insists on a purpose,
    /// which the format does not read.
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
