use std::ops::Deref;

use crate::model::{Credential, CredentialSecret, UndoToken};

/// A credential that passed verification and waits for the host to store it.
///
/// Only the flow's register step creates one, so a host that stores a `NewCredential` stores
/// nothing unverified. Its fields read like those of a [`Credential`].
#[derive(Clone, Debug)]
pub struct NewCredential {
    credential: Credential,
    secret: Option<CredentialSecret>,
    undo: Option<UndoToken>,
}

impl NewCredential {
    /// Creates one. Only register calls it, with the result of verification.
    pub(crate) fn new(credential: Credential, secret: Option<CredentialSecret>) -> Self {
        Self { credential, secret, undo: None }
    }

    /// Sets the token that takes it back.
    pub(crate) fn undone_by(self, undo: Option<UndoToken>) -> Self {
        Self { undo, ..self }
    }

    /// Returns the secret that checks a `Password` or a `Totp`. Other kinds have none. The secret
    /// is available only here. A host that allows these kinds stores it in the same step as the
    /// credential.
    pub fn secret(&self) -> Option<&CredentialSecret> {
        self.secret.as_ref()
    }

    /// Returns the token that takes the credential back, for the link in its notice. It is the
    /// token of [`Event::undo_token`](crate::event::Event::undo_token). A host may keep notices in
    /// a table. It then writes the notice in the transaction that stores the credential, so neither
    /// is ever there alone.
    ///
    /// `None` without [`management`](crate::site::SiteBuilder::management).
    pub fn undo_token(&self) -> Option<&UndoToken> {
        self.undo.as_ref()
    }

    /// Returns the credential to store, without its [`secret`](Self::secret). Read the secret first
    /// if the host allows such kinds.
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
