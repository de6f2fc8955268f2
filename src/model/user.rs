use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::{Invalid, is_showable};

/// The host's name for a user: 1 to 64 bytes. It is also the user handle of their passkeys, unless
/// the host [says otherwise](User::with_handle).
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(Arc<str>);

impl UserId {
    /// Creates an id of 1 to 64 bytes. [WebAuthn] allows no longer user handle.
    ///
    /// [WebAuthn]: https://www.w3.org/TR/webauthn-3/#user-handle
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let id = id.into();
        match id.len() {
            1..=64 => Ok(Self(id)),
            _ => Err(Invalid::new("a user id has 1 to 64 bytes")),
        }
    }

    /// Returns the id as the host knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown_text!(UserId);
conversions_of_text!(UserId);

/// Whether a user may add credentials and sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UserStatus {
    /// They may do both.
    Active,
    /// They may do neither, as if the account were deleted.
    Deactivated,
}

/// A user, as the host's directory knows them and as their authenticator will show them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct User {
    /// The host's name for the user.
    pub id: UserId,
    /// The account's name, for example an e-mail address. It is the salt of password-protected
    /// keys, so it should not change.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether the user may add credentials, and sign in.
    pub status: UserStatus,
    /// Everything that began before this instant is void at every step: codes, challenges,
    /// approvals and user actions. So are callers who [say since when](crate::host::Caller::since)
    /// they are signed in. After a theft, one column in the host's table ends everything that is
    /// outstanding.
    pub void_before: Option<SystemTime>,
    handle: Option<Box<[u8]>>,
}

impl User {
    /// Creates an active user whose display name is their name.
    pub fn new(id: UserId, name: impl Into<String>) -> Self {
        let name = name.into();
        let display_name = name.clone();
        Self { id, name, display_name, status: UserStatus::Active, void_before: None, handle: None }
    }

    /// Sets the user handle, by which an authenticator knows the account: 1 to 64 bytes. It must
    /// never change for the same user. Default: the bytes of the id.
    ///
    /// A host that signs people in with passkeys already has one. With webauthn-rs it is the 16
    /// bytes of a UUID. See [`manual::handles`](crate::manual::handles).
    pub fn with_handle(self, handle: impl Into<Box<[u8]>>) -> Result<Self, Invalid> {
        let handle = handle.into();
        match handle.len() {
            1..=64 => Ok(Self { handle: Some(handle), ..self }),
            _ => Err(Invalid::new("a user handle has 1 to 64 bytes")),
        }
    }

    /// Returns the user handle.
    pub fn handle(&self) -> &[u8] {
        self.handle.as_deref().unwrap_or(self.id.as_str().as_bytes())
    }

    /// Rejects names that an authenticator's dialog would show wrongly, or not at all. A display
    /// name may be empty: then the name is shown.
    pub(crate) fn check_names(&self) -> Result<(), Invalid> {
        let is_shown = self.display_name.is_empty() || is_showable(&self.display_name);
        match is_showable(&self.name) && is_shown {
            true => Ok(()),
            false => Err(Invalid::new(
                "the account's name has a visible character, and none that controls or reorders text",
            )),
        }
    }

    /// Returns whether something that began at that time is void.
    pub(crate) fn voids(&self, began_at: SystemTime) -> bool {
        self.void_before.is_some_and(|void_before| began_at < void_before)
    }
}
