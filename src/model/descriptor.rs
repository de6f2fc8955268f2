use crate::model::{Credential, CredentialId, CredentialKind, EncryptedPrivateKey, Transport};

/// What a client has to know of a credential that it may sign with, or should not make again.
/// WebAuthn calls it a public key credential descriptor.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CredentialDescriptor {
    /// What it is.
    pub kind: CredentialKind,
    /// The client's name for it.
    pub id: CredentialId,
    /// How the authenticator of a passkey can be reached, as far as its client said.
    pub transports: Box<[Transport]>,
    /// The private key of a password-protected key.
    pub encrypted_private_key: Option<EncryptedPrivateKey>,
}

impl CredentialDescriptor {
    /// Creates a descriptor of a credential whose id alone is known.
    pub fn new(kind: CredentialKind, id: CredentialId) -> Self {
        Self { kind, id, transports: Box::default(), encrypted_private_key: None }
    }
}

impl From<&Credential> for CredentialDescriptor {
    fn from(credential: &Credential) -> Self {
        let fido2 = credential.fido2.as_ref();
        let transports = fido2.map(|fido2| fido2.report.transports.clone()).unwrap_or_default();
        let encrypted_private_key = credential.encrypted_private_key.clone();
        Self { transports, encrypted_private_key, ..Self::new(credential.kind, credential.id.clone()) }
    }
}
