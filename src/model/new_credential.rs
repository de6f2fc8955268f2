use std::ops::Deref;

use crate::model::{Credential, CredentialSecret, UndoToken};

/// A credential that passed verification and waits for the host to store it.
///
/// Only the flow's register step makes one, so a host that stores a `NewCredential` stores nothing
/// unverified. It reads like the [`Credential`] that it becomes.
#[derive(Clone, Debug)]
pub struct NewCredential {
    credential: Credential,
    secret: Option<CredentialSecret>,
    undo: Option<UndoToken>,
}

impl NewCredential {
    /// Only register calls it, with what verification made.
    pub(crate) fn new(credential: Credential, secret: Option<CredentialSecret>) -> Self {
        Self { credential, secret, undo: None }
    }

    /// Says what takes it back.
    pub(crate) fn undone_by(self, undo: Option<UndoToken>) -> Self {
        Self { undo, ..self }
    }

    /// Returns what a `Password` or a `Totp` is checked with, which no other kind has. This is the
    /// only time that anybody sees it: a host that allows these kinds stores it in the same step as
    /// the credential.
    pub fn secret(&self) -> Option<&CredentialSecret> {
        self.secret.as_ref()
    }

    /// Returns what takes the credential back, for the link in its notice: the token of
    /// [`Event::undo_token`](crate::event::Event::undo_token). A host that keeps notices in a table
    /// writes the row in the transaction of the credential, so that neither is ever there alone.
    ///
    /// `None` without [`management`](crate::site::SiteBuilder::management).
    pub fn undo_token(&self) -> Option<&UndoToken> {
        self.undo.as_ref()
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
