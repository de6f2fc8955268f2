use std::ops::Deref;

use crate::model::{Credential, CredentialSecret};

/// A credential that passed verification and waits for the host to store it.
///
/// Only the flow's register step makes one, so a host that stores a `NewCredential` stores nothing
/// unverified. It reads like the [`Credential`] that it becomes.
#[derive(Clone, Debug)]
pub struct NewCredential {
    credential: Credential,
    secret: Option<CredentialSecret>,
}

impl NewCredential {
    /// Only register calls it, with what verification made.
    pub(crate) fn new(credential: Credential, secret: Option<CredentialSecret>) -> Self {
        Self { credential, secret }
    }

    /// Returns what a `Password` or a `Totp` is checked with, which no other kind has. This is the
    /// only time that anybody sees it: a host that allows these kinds stores it in the same step as
    /// the credential.
    pub fn secret(&self) -> Option<&CredentialSecret> {
        self.secret.as_ref()
    }

    /// Returns the credential to store, without its [`secret`](Self::secret): read that first where
    /// the host allows such kinds.
    pub fn into_credential(self) -> Credential {
        self.credential
    }
}

impl Deref for NewCredential {
    type Target = Credential;

    fn deref(&self) -> &Credential {
        &self.credential
    }
}
