//! Shapes that the bodies of several flows share.

use serde::Serialize;

use crate::encoding::base64url::{self, InvalidBase64};
use crate::model::{CredentialId, CredentialKind, Invalid, RelyingParty};

#[derive(Serialize)]
pub(crate) struct RelyingPartyAnswer<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> RelyingPartyAnswer<'a> {
    pub(crate) fn new(party: &'a RelyingParty) -> Self {
        Self { id: party.id(), name: party.name() }
    }
}

/// Reads a credential id. The id of a key is any text; that of a passkey is base64url.
pub(crate) fn read_credential_id(kind: CredentialKind, text: &str) -> Result<CredentialId, Invalid> {
    if kind == CredentialKind::Fido2 {
        base64url::decode(text).map_err(|_| Invalid::new("credId is not canonical base64url"))?;
    }
    CredentialId::new(text)
}

/// Reads a member that is not empty. Scripts that use keys pad their base64url; no client that uses
/// passkeys does.
pub(crate) fn read_base64url(
    kind: CredentialKind,
    text: &str,
    rule: &'static str,
) -> Result<Vec<u8>, Invalid> {
    let decoded = match kind {
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            base64url::decode_padded_or_not(text)
        }
        CredentialKind::Fido2 | CredentialKind::Password | CredentialKind::Totp => base64url::decode(text),
    };
    match decoded {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) | Err(InvalidBase64 { .. }) => Err(Invalid::new(rule)),
    }
}
