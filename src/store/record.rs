use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{
    Challenge, Credential, CredentialId, CredentialKind, Fido2Policy, Origin, RelyingParty, Requirement,
    UserId,
};

/// What a [`OneTimeStore`](crate::store::OneTimeStore) keeps. Every record serialises, so a store
/// may keep them as bytes.
pub trait Record:
    Clone + fmt::Debug + DeserializeOwned + Serialize + Send + Sync + sealed::Sealed + 'static
{
    /// What the record is called: the name of a table or the prefix of a key.
    const NAME: &'static str;

    /// Returns the user that the record is about.
    fn user(&self) -> &UserId;

    /// Returns the instant from which on the record is worth nothing.
    fn expires_at(&self) -> SystemTime;
}

pub(super) mod sealed {
    use std::time::SystemTime;

    use crate::model::UserId;
    #[cfg(feature = "memory")]
    use crate::store::memory::{Shelf, Shelves};
    use crate::store::{CodeGrant, PendingAction, PendingRegistration, Record, UserAction};

    // Nobody outside is meant to name it.
    #[allow(unnameable_types)]
    pub trait Sealed: Sized {
        /// Which record it is, in the bytes of a [`codec`](crate::store::codec). No two have the
        /// same, and none ever changes.
        const TAG: u8;

        /// Returns where it lies in memory.
        #[cfg(feature = "memory")]
        fn shelf(shelves: &Shelves) -> &Shelf<Self>
        where
            Self: Record;
    }

    macro_rules! seal {
        ($record:ident, $tag:literal, $name:literal, $shelf:ident) => {
            impl Record for $record {
                const NAME: &'static str = $name;

                fn user(&self) -> &UserId {
                    &self.user
                }

                fn expires_at(&self) -> SystemTime {
                    self.expires_at
                }
            }

            impl Sealed for $record {
                const TAG: u8 = $tag;

                #[cfg(feature = "memory")]
                fn shelf(shelves: &Shelves) -> &Shelf<Self> {
                    &shelves.$shelf
                }
            }
        };
    }

    seal!(CodeGrant, 1, "codes", codes);
    seal!(PendingRegistration, 2, "pending_registrations", registrations);
    seal!(PendingAction, 3, "pending_actions", challenges);
    seal!(UserAction, 4, "user_actions", actions);
}

/// What a code is worth: one exchange, for this user, until then.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CodeGrant {
    /// Who minted the code.
    pub user: UserId,
    /// When the code stops working.
    pub expires_at: SystemTime,
    /// How often the grant was put back after a failure that was not the caller's.
    pub returns: u8,
}

impl CodeGrant {
    pub(crate) fn new(user: UserId, expires_at: SystemTime) -> Self {
        Self { user, expires_at, returns: 0 }
    }
}

/// What is remembered between exchange and register. Whatever was asked of the client is enforced
/// from here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingRegistration {
    /// Who will own the credential.
    pub user: UserId,
    /// The kind that the challenge was made for.
    pub kind: CredentialKind,
    /// What the credential signs. One of a kind that signs nothing has it for an id, and its client
    /// is not told before.
    pub challenge: Challenge,
    /// The relying party that exchange found, as it was then.
    pub relying_party: Arc<RelyingParty>,
    /// The origin that exchange was asked from, if it said.
    pub origin: Option<Origin>,
    /// What was asked of a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// When the challenge stops working.
    pub expires_at: SystemTime,
    /// How often the record was put back after a refusal that was not final.
    pub returns: u8,
    /// The credential that the repository failed to store, so that nobody knows whether it did.
    /// From then on the challenge is for it alone.
    pub offered: Option<CredentialId>,
}

impl PendingRegistration {
    /// The record after nobody could tell whether that credential was stored. A second credential
    /// for one code is refused from then on.
    pub(crate) fn offered_to(self, credential: &Credential) -> Self {
        Self { offered: Some(credential.id.clone()), ..self }
    }
}

/// What is remembered of a user action between its challenge and the signature.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingAction {
    /// Who will sign.
    pub user: UserId,
    /// What they sign.
    pub challenge: Challenge,
    /// The request that the signature is for: a hash of user, method, path and body.
    pub binding: [u8; 32],
    /// The relying party that was found when the challenge was made.
    pub relying_party: Arc<RelyingParty>,
    /// What was asked of a passkey.
    pub user_verification: Requirement,
    /// When the challenge stops working.
    pub expires_at: SystemTime,
    /// How often the record was put back after a refusal that was not final.
    pub returns: u8,
}

/// A user action that was signed: one request, by this user, until then. Which request is part of
/// the slot.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserAction {
    /// Who signed it.
    pub user: UserId,
    /// With what.
    pub credential: CredentialId,
    /// When the action stops working.
    pub expires_at: SystemTime,
}
