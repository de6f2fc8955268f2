use crate::attestation::Attestation;
use crate::model::{CredentialKind, OneTimePassword, Password};

/// The proof that a client sends to register: `credentialInfo` on the wire, not yet verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Proof {
    /// A new key's answer to the challenge.
    Attestation(Attestation),
    /// The password that the authenticator app computed from the secret, for `Totp`.
    OneTimePassword(OneTimePassword),
    /// The password that the person chose, for `Password`.
    Password(Password),
}

impl Proof {
    /// Returns the kind that the client names.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Attestation(attestation) => attestation.kind,
            Self::OneTimePassword(_) => CredentialKind::Totp,
            Self::Password(_) => CredentialKind::Password,
        }
    }
}

impl From<Attestation> for Proof {
    fn from(attestation: Attestation) -> Self {
        Self::Attestation(attestation)
    }
}

impl From<OneTimePassword> for Proof {
    fn from(password: OneTimePassword) -> Self {
        Self::OneTimePassword(password)
    }
}

impl From<Password> for Proof {
    fn from(password: Password) -> Self {
        Self::Password(password)
    }
}
