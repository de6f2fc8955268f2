use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{
    Approval, Challenge, CheckCode, Credential, CredentialId, CredentialKind, CredentialUuid, EnrolmentId,
    Fido2Policy, Origin, RelyingParty, Requirement, Scope, UserId,
};
use crate::store::Sealed;

/// What a [`OneTimeStore`](crate::store::OneTimeStore) keeps. Every record serialises, so a store
/// may keep them as bytes.
pub trait Record:
    Clone + fmt::Debug + DeserializeOwned + Serialize + Send + Sync + private::Tagged + 'static
{
    /// What the record is called: the name of a table or the prefix of a key.
    const NAME: &'static str;

    /// Returns the instant from which on the record is worth nothing.
    fn expires_at(&self) -> SystemTime;
}

/// A record in clear, as flows use it. Shared stores get it [`Sealed`].
pub trait ClearRecord: Record + private::Shelved {
    /// Returns the user that the record is about.
    fn user(&self) -> &UserId;

    /// Returns the enrolment that the record is a part of. A user action is part of none.
    fn enrolment(&self) -> Option<&EnrolmentId>;
}

impl<R: ClearRecord> Record for Sealed<R> {
    const NAME: &'static str = R::NAME;

    fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

pub(super) mod private {
    use std::time::SystemTime;

    use crate::model::{EnrolmentId, UserId};
    #[cfg(feature = "memory")]
    use crate::store::memory::{Shelf, Shelves};
    use crate::store::{
        ClearRecord, CodeGrant, PendingAction, PendingApproval, PendingRegistration, Record, Sealed,
        UserAction,
    };

    // Nobody outside is meant to name it.
    #[allow(unnameable_types)]
    pub trait Tagged: Sized {
        /// Which record it is, in the bytes of a [`codec`](crate::store::codec). No two have the
        /// same, and none ever changes.
        const TAG: u8;
    }

    // Nobody outside is meant to name it.
    #[allow(unnameable_types)]
    pub trait Shelved: Sized {
        /// Returns where it lies in memory.
        #[cfg(feature = "memory")]
        fn shelf(shelves: &Shelves) -> &Shelf<Self>
        where
            Self: ClearRecord;
    }

    impl<R: ClearRecord> Tagged for Sealed<R> {
        const TAG: u8 = 128 + R::TAG;
    }

    macro_rules! clear {
        ($record:ident, $tag:literal, $name:literal, $shelf:ident, $enrolment:expr) => {
            impl Record for $record {
                const NAME: &'static str = $name;

                fn expires_at(&self) -> SystemTime {
                    self.expires_at
                }
            }

            impl ClearRecord for $record {
                fn user(&self) -> &UserId {
                    &self.user
                }

                fn enrolment(&self) -> Option<&EnrolmentId> {
                    const ENROLMENT: fn(&$record) -> Option<&EnrolmentId> = $enrolment;
                    ENROLMENT(self)
                }
            }

            impl Tagged for $record {
                const TAG: u8 = $tag;
            }

            impl Shelved for $record {
                #[cfg(feature = "memory")]
                fn shelf(shelves: &Shelves) -> &Shelf<Self> {
                    &shelves.$shelf
                }
            }
        };
    }

    clear!(CodeGrant, 1, "codes", codes, |grant| Some(&grant.enrolment));
    clear!(PendingRegistration, 2, "pending_registrations", registrations, |pending| Some(
        &pending.enrolment
    ));
    clear!(PendingAction, 3, "pending_actions", challenges, |_| None);
    clear!(UserAction, 4, "user_actions", actions, |_| None);
    clear!(PendingApproval, 5, "pending_approvals", approvals, |pending| Some(&pending.enrolment));
}

/// What a code is worth: one exchange, for this user, until then.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CodeGrant {
    /// Who minted the code.
    pub user: UserId,
    /// What the code begins.
    pub enrolment: EnrolmentId,
    /// What it may buy.
    pub scope: Scope,
    /// Whether the owner is asked before a credential is stored.
    pub approval: Approval,
    /// When the code was minted, or its minter signed in, if the host says when.
    pub began_at: SystemTime,
    /// When the code stops working.
    pub expires_at: SystemTime,
    /// How often the grant was put back after a failure that was not the caller's.
    pub returns: u8,
}

/// What is remembered between exchange and register, or between begin and create. What was asked of
/// the client is enforced from here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingRegistration {
    /// Who will own the credential.
    pub user: UserId,
    /// What it is part of.
    pub enrolment: EnrolmentId,
    /// Whether the owner is asked before the credential is stored.
    pub approval: Approval,
    /// When the code was minted, or its minter signed in.
    pub began_at: SystemTime,
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
    /// The credential that waits for approval, or that the repository failed to store, so that
    /// nobody knows whether it did. From then on the challenge is for it alone.
    pub offered: Option<CredentialId>,
    /// What the client was told of the approval that it waits for, for the same answer again.
    pub awaited: Option<Awaited>,
}

/// What a client is told of an approval that it waits for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Awaited {
    /// What the owner types, if a check code is asked for.
    pub check_code: Option<CheckCode>,
    /// When the approval is refused by itself.
    pub expires_at: SystemTime,
}

impl PendingRegistration {
    /// The record after nobody could tell whether that credential was stored. A second credential
    /// for one code is refused from then on.
    pub(crate) fn offered_to(self, credential: CredentialId) -> Self {
        Self { offered: Some(credential), ..self }
    }
}

/// A credential that was verified, and that the owner has yet to approve.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingApproval {
    /// Who will own the credential, and who approves.
    pub user: UserId,
    /// What it is part of.
    pub enrolment: EnrolmentId,
    /// The credential, as it will be stored.
    pub credential: Credential,
    /// What the owner has to type, if a check code is asked for.
    pub check_code: Option<CheckCode>,
    /// How many wrong check codes are left.
    pub attempts_left: u8,
    /// When the code was minted, or its minter signed in.
    pub began_at: SystemTime,
    /// When it is refused by itself.
    pub expires_at: SystemTime,
    /// How often the record was put back.
    pub returns: u8,
    /// Whether the repository failed to store the credential, so that nobody knows whether it did.
    pub offered: bool,
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
    /// When the challenge was made, or its user signed in, if the host says when.
    pub began_at: SystemTime,
    /// When the challenge stops working.
    pub expires_at: SystemTime,
    /// How often the record was put back after a refusal that was not final.
    pub returns: u8,
}

/// A user action that was signed: one request, by this user, until then. Which request is part of
/// the slot. That of a sign-in is at the slot of its challenge, which nobody can spend again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserAction {
    /// Who signed it.
    pub user: UserId,
    /// With what.
    pub credential: CredentialId,
    /// The server's name for that: another credential may get the same id later.
    pub uuid: CredentialUuid,
    /// When its challenge was made, or its user signed in.
    pub began_at: SystemTime,
    /// When the action stops working.
    pub expires_at: SystemTime,
}
