use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AuthenticatorAttachment, AuthenticatorHint, CredentialKind};

/// What a code may buy, where that is less than the policy allows. The host's authenticator says so
/// with [`Caller::limited_to`](crate::host::Caller::limited_to).
///
/// It lies in the code's grant. Exchange enforces kinds and relying parties before the code is
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
    /// The kinds, if not all that the policy allows.
    pub kinds: Option<Vec<CredentialKind>>,
    /// The ids of the relying parties, if not all.
    pub relying_parties: Option<Vec<String>>,
    /// Where a passkey's authenticator should be, if not where the policy says. A hint to clients.
    pub attachment: Option<AuthenticatorAttachment>,
    /// Which authenticators a client should offer first, if not those of the policy.
    pub hints: Vec<AuthenticatorHint>,
    /// How long the code lives at most, if less than the policy allows.
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
