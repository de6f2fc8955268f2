use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AuthenticatorAttachment, AuthenticatorHint, CredentialKind};

/// Limits what a code may buy to less than the policy allows. The host's authenticator sets it with
/// [`Caller::limited_to`](crate::host::Caller::limited_to).
///
/// The grant of the code stores it. Exchange enforces kinds and relying parties before the code is
/// spent. Begin and create enforce those of their caller.
///
/// ```
/// use credential_code::model::{CredentialKind, Scope};
///
/// let mut scope = Scope::default();
/// scope.kinds = Some(vec![CredentialKind::Fido2]);
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scope {
    /// The allowed kinds. `None` means all that the policy allows.
    pub kinds: Option<Vec<CredentialKind>>,
    /// The ids of the allowed relying parties. `None` means all.
    pub relying_parties: Option<Vec<String>>,
    /// The place of a passkey's authenticator, if it differs from the policy. It is a hint to
    /// clients.
    pub attachment: Option<AuthenticatorAttachment>,
    /// The authenticators that a client should offer first, if they differ from the policy.
    pub hints: Vec<AuthenticatorHint>,
    /// The longest life of the code, if it is less than the policy allows.
    pub longest_life: Option<Duration>,
}

impl Scope {
    pub(crate) fn has_kind(&self, kind: CredentialKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    pub(crate) fn has_relying_party(&self, id: &str) -> bool {
        self.relying_parties.as_ref().is_none_or(|ids| ids.iter().any(|listed| listed == id))
    }
}
