use crate::model::{Credential, CredentialId, CredentialKind, EncryptedPrivateKey, Transport};

/// Describes a credential to a client that may sign with it, or that should not make it again.
/// WebAuthn calls it a public key credential descriptor.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CredentialDescriptor {
    /// The kind of the credential.
    pub kind: CredentialKind,
    /// The client's name for the credential.
    pub id: CredentialId,
    /// The ways to reach the authenticator of a passkey, as far as its client told them.
    pub transports: Box<[Transport]>,
    /// The encrypted private key of a password-protected key.
    pub encrypted_private_key: Option<EncryptedPrivateKey>,
}

impl CredentialDescriptor {
    /// Creates a descriptor that has only the id of a credential.
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
