//! Verifies that an existing credential signed a challenge (an assertion). It is the other half of
//! [`attestation`](crate::attestation).
//!
//! [`verify`] is synchronous and pure, and takes the credential as the host stored it:
//!
//! ```
//! use credential_code::assertion::{verify, AssertionError, Expected};
//! use credential_code::model::{Challenge, CredentialKind, UserId};
//! use credential_code::testing::KeyClient;
//! use credential_code::RelyingParty;
//!
//! let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
//! let challenge = Challenge::new("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw").unwrap();
//! let client = KeyClient::p256();
//! let credential = client.credential(UserId::new("us-1").unwrap(), CredentialKind::Key);
//!
//! let assertion = client.assert(CredentialKind::Key, challenge.as_str());
//! let verified = verify(&party, &Expected::new(&challenge), &credential, &assertion).unwrap();
//! assert_eq!(verified.credential_id(), client.credential_id());
//!
//! let recovery = client.credential(UserId::new("us-1").unwrap(), CredentialKind::RecoveryKey);
//! let refused = verify(&party, &Expected::new(&challenge), &recovery, &assertion).unwrap_err();
//! assert!(matches!(refused, AssertionError::Kind));
//! ```
//!
//! The caller makes three more checks, because they need more than the proof. The credential
//! belongs to the expected user. The challenge was not answered before. The signature counter is
//! stored ([`SignCounters`](crate::host::SignCounters)).

mod error;
#[cfg(feature = "fido2")]
mod fido2;
mod key;

use std::fmt;

pub use self::error::AssertionError;
use crate::model::{Challenge, Credential, CredentialId, CredentialKind, RelyingParty, Requirement};

/// A client's proof that it holds the key of a credential, not yet verified: a factor on the wire,
/// after its base64url is decoded.
///
/// `Debug` shows how long the proof is, and none of its content. It holds the challenge and the
/// signature.
#[derive(Clone)]
#[non_exhaustive]
pub struct Assertion {
    /// The kind that the client names. A password-protected key may also call itself `Key`.
    pub kind: CredentialKind,
    /// The client's name for the credential.
    pub credential_id: CredentialId,
    /// The JSON that the client signed, byte for byte.
    pub client_data: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The parts that only a passkey sends.
    pub fido2: Option<Fido2Assertion>,
}

impl Assertion {
    /// Creates the proof of a key. A passkey's proof has [more](Self::with_fido2).
    pub fn new(
        kind: CredentialKind,
        credential_id: CredentialId,
        client_data: Vec<u8>,
        signature: Vec<u8>,
    ) -> Self {
        Self { kind, credential_id, client_data, signature, fido2: None }
    }

    /// Adds the parts that only a passkey sends.
    #[must_use]
    pub fn with_fido2(self, fido2: Fido2Assertion) -> Self {
        Self { fido2: Some(fido2), ..self }
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("kind", &self.kind)
            .field("credential_id", &self.credential_id)
            .field("client_data", &format_args!("{} bytes", self.client_data.len()))
            .field("signature", &format_args!("{} bytes", self.signature.len()))
            .field("fido2", &self.fido2)
            .finish()
    }
}

/// The parts that only a passkey sends.
#[derive(Clone)]
#[non_exhaustive]
pub struct Fido2Assertion {
    /// The authenticator data, byte for byte.
    pub authenticator_data: Vec<u8>,
    /// The user handle, as the authenticator remembers it.
    pub user_handle: Option<Vec<u8>>,
}

impl Fido2Assertion {
    /// Creates the parts: the authenticator data and, if the authenticator keeps one, the user
    /// handle.
    pub fn new(authenticator_data: Vec<u8>, user_handle: Option<Vec<u8>>) -> Self {
        Self { authenticator_data, user_handle }
    }
}

impl fmt::Debug for Fido2Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fido2Assertion")
            .field("authenticator_data", &format_args!("{} bytes", self.authenticator_data.len()))
            .field("user_handle", &self.user_handle.as_ref().map(|_| "…"))
            .finish()
    }
}

/// The demands against which the proof is checked. They come from what was asked of the client,
/// never from what the client says was asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expected<'a> {
    /// The challenge.
    pub challenge: &'a Challenge,
    /// Whether the passkey has to verify the person.
    pub user_verification: Requirement,
    /// The handle that the user's passkeys have, besides the id.
    pub user_handle: Option<&'a [u8]>,
}

impl<'a> Expected<'a> {
    /// Creates the demands: this challenge is signed, and the person is verified.
    pub fn new(challenge: &'a Challenge) -> Self {
        Self { challenge, user_verification: Requirement::Required, user_handle: None }
    }

    /// Sets another requirement for user verification.
    #[must_use]
    pub fn with_user_verification(self, user_verification: Requirement) -> Self {
        Self { user_verification, ..self }
    }

    /// Adds the [handle](crate::model::User::handle) that the user's passkeys have.
    #[must_use]
    pub fn with_user_handle(self, handle: &'a [u8]) -> Self {
        Self { user_handle: Some(handle), ..self }
    }
}

/// A proof that holds. Only [`verify`] creates one.
#[derive(Clone, Debug)]
pub struct VerifiedAssertion {
    credential_id: CredentialId,
    sign_count: u32,
}

impl VerifiedAssertion {
    /// Returns the credential that signed.
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential_id
    }

    /// Returns the signature counter. It is 0 for keys, and for the many passkeys that don't count.
    pub fn sign_count(&self) -> u32 {
        self.sign_count
    }
}

/// Verifies a proof against the credential that it claims to use.
pub fn verify(
    relying_party: &RelyingParty,
    expected: &Expected<'_>,
    credential: &Credential,
    assertion: &Assertion,
) -> Result<VerifiedAssertion, AssertionError> {
    check_credential(credential, assertion)?;
    let sign_count = match credential.kind {
        CredentialKind::Key | CredentialKind::PasswordProtectedKey => {
            key::verify(expected, credential, assertion).map(|()| 0)?
        }
        #[cfg(feature = "fido2")]
        CredentialKind::Fido2 => fido2::verify(relying_party, expected, credential, assertion)?,
        #[cfg(not(feature = "fido2"))]
        CredentialKind::Fido2 => {
            // Without passkeys, the relying party makes no difference.
            let _ = relying_party;
            return Err(AssertionError::Kind);
        }
        CredentialKind::RecoveryKey | CredentialKind::Password | CredentialKind::Totp => {
            return Err(AssertionError::Kind);
        }
    };
    Ok(VerifiedAssertion { credential_id: credential.id.clone(), sign_count })
}

/// Checks that the proof is by that credential, which must be active and of the same kind.
/// Published clients sign with a password-protected key as if it were a key.
fn check_credential(credential: &Credential, assertion: &Assertion) -> Result<(), AssertionError> {
    if credential.id != assertion.credential_id {
        return Err(AssertionError::Credential);
    }
    if !credential.is_active() {
        return Err(AssertionError::Inactive);
    }
    let is_unlocked_key =
        credential.kind == CredentialKind::PasswordProtectedKey && assertion.kind == CredentialKind::Key;
    (credential.kind == assertion.kind || is_unlocked_key).then_some(()).ok_or(AssertionError::Kind)
}
