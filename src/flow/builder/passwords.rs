use crate::flow::CodeFlowBuilder;
use crate::flow::builder::BuildError;
use crate::model::CredentialKind;
use crate::secret::{PasswordHasher, PasswordPolicy};

impl CodeFlowBuilder {
    /// Which passwords are refused, and how the others are hashed. Has no default, and has to be said when
    /// [`kinds`](Self::kinds) lists [`CredentialKind::Password`].
    #[cfg_attr(docsrs, doc(cfg(feature = "deprecated-kinds")))]
    pub fn passwords(mut self, policy: PasswordPolicy) -> Self {
        self.passwords = Some(policy);
        self
    }
}

/// The hasher of a flow that allows passwords, or was told how to treat them.
pub(super) fn password_hasher(
    policy: Option<PasswordPolicy>,
    kinds: &[CredentialKind],
) -> Result<Option<PasswordHasher>, BuildError> {
    match policy {
        Some(policy) => {
            let hasher = PasswordHasher::new(policy);
            hasher.map(Some).map_err(|rule| BuildError::Invalid { setting: "passwords", rule })
        }
        None if kinds.contains(&CredentialKind::Password) => Err(BuildError::Missing("passwords")),
        None => Ok(None),
    }
}
