use std::ops::Deref;

use crate::model::Credential;

/// A credential that passed verification and waits for the host to store it.
///
/// Only the flow's register step makes one, so a host that stores a `NewCredential` stores nothing unverified. It reads like the
/// [`Credential`] that it becomes.
#[derive(Clone, Debug)]
pub struct NewCredential(Credential);

impl NewCredential {
    pub(crate) fn assert_verified(credential: Credential) -> Self {
        Self(credential)
    }

    /// The credential to store.
    pub fn into_credential(self) -> Credential {
        self.0
    }
}

impl Deref for NewCredential {
    type Target = Credential;

    fn deref(&self) -> &Credential {
        &self.0
    }
}
