use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Invalid;

/// The kind of a credential, with its name on the wire.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A passkey or security key: WebAuthn.
    Fido2,
    /// A key pair whose private half the client keeps.
    Key,
    /// A key pair. The server keeps its private half, encrypted under a password that it never
    /// sees.
    PasswordProtectedKey,
    /// A key pair for account recovery. It registers like a key and never signs an action.
    RecoveryKey,
    /// A password. The published schema deprecates it. It is refused unless the feature
    /// `deprecated-kinds` is on and the host lists it.
    Password,
    /// A time-based one-time password. The published schema deprecates it. It is refused under the
    /// same conditions as a password.
    Totp,
}

impl CredentialKind {
    /// Every kind that the published schema names.
    pub const ALL: [Self; 6] =
        [Self::Fido2, Self::Key, Self::PasswordProtectedKey, Self::RecoveryKey, Self::Password, Self::Totp];

    /// Returns the name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fido2 => "Fido2",
            Self::Key => "Key",
            Self::PasswordProtectedKey => "PasswordProtectedKey",
            Self::RecoveryKey => "RecoveryKey",
            Self::Password => "Password",
            Self::Totp => "Totp",
        }
    }

    /// Returns whether credentials of this kind sign user actions.
    pub fn signs(self) -> bool {
        match self {
            Self::Fido2 | Self::Key | Self::PasswordProtectedKey => true,
            Self::RecoveryKey | Self::Password | Self::Totp => false,
        }
    }

    /// Returns whether this build can verify the kind at all.
    pub(crate) fn is_supported(self) -> bool {
        match self {
            Self::Fido2 => cfg!(feature = "fido2"),
            Self::Key | Self::PasswordProtectedKey | Self::RecoveryKey => true,
            Self::Password | Self::Totp => cfg!(feature = "deprecated-kinds"),
        }
    }

    /// Returns whether the kind is allowed if the host lists none. A feature alone never adds a
    /// deprecated kind.
    pub(crate) fn is_default(self) -> bool {
        match self {
            Self::Fido2 | Self::Key | Self::PasswordProtectedKey | Self::RecoveryKey => self.is_supported(),
            Self::Password | Self::Totp => false,
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CredentialKind {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or(Invalid::new("credentialKind is not one of the published kinds"))
    }
}
