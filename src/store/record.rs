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

/// A type of record that a [`OneTimeStore`](crate::store::OneTimeStore) keeps. Every record
/// serialises, so a store may keep it as bytes.
pub trait Record:
    Clone + fmt::Debug + DeserializeOwned + Serialize + Send + Sync + private::Tagged + 'static
{
    /// The name of the record: the name of a table or the prefix of a key.
    const NAME: &'static str;

    /// Returns the instant from which on the record has no value.
    fn expires_at(&self) -> SystemTime;
}

/// An unencrypted record, as flows use it. Shared stores get it [`Sealed`].
pub trait ClearRecord: Record + private::Shelved {
    /// Returns the user that the record is about.
    fn user(&self) -> &UserId;

    /// Returns the enrolment to which the record belongs. A user action belongs to none.
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

    // It is public only for technical reasons: do not name it.
    #[allow(unnameable_types)]
    pub trait Tagged: Sized {
        /// The number of the record in the bytes of a [`codec`](crate::store::codec). No two
        /// records have the same number, and it never changes.
        const TAG: u8;
    }

    // It is public only for technical reasons: do not name it.
    #[allow(unnameable_types)]
    pub trait Shelved: Sized {
        /// Returns its shelf in memory.
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

/// The value of a code: one exchange, for this user, until it expires.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CodeGrant {
    /// The user who minted the code.
    pub user: UserId,
    /// The enrolment that the code begins.
    pub enrolment: EnrolmentId,
    /// The limits of what it may buy.
    pub scope: Scope,
    /// Whether the owner is asked before a credential is stored.
    pub approval: Approval,
    /// When the code was minted. If the host says when the user signed in: that time.
    pub began_at: SystemTime,
    /// When the code expires.
    pub expires_at: SystemTime,
    /// How often the grant was put back after a failure that was not the caller's.
    pub returns: u8,
}

/// The record between exchange and register, or between begin and create. Register enforces from it
/// what was asked of the client.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingRegistration {
    /// The user who will own the credential.
    pub user: UserId,
    /// The enrolment to which it belongs.
    pub enrolment: EnrolmentId,
    /// Whether the owner is asked before the credential is stored.
    pub approval: Approval,
    /// When the code was minted, or its minter signed in.
    pub began_at: SystemTime,
    /// The kind for which the challenge was made.
    pub kind: CredentialKind,
    /// The challenge that the credential signs. A kind that signs nothing uses it as the
    /// credential's id. The client does not learn it earlier.
    pub challenge: Challenge,
    /// The relying party that exchange found, in its state at that time.
    pub relying_party: Arc<RelyingParty>,
    /// The origin of the exchange, if the request named one.
    pub origin: Option<Origin>,
    /// The demands on a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// When the challenge expires.
    pub expires_at: SystemTime,
    /// How often the record was put back after a refusal that was not final.
    pub returns: u8,
    /// The credential that waits for approval, or that the repository may have stored although it
    /// failed. After that the challenge is for this credential alone.
    pub offered: Option<CredentialId>,
    /// The data that the client got about the approval that it waits for. The same answer is given
    /// again from it.
    pub awaited: Option<Awaited>,
}

/// The data that a client gets about an approval that it waits for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Awaited {
    /// The check code that the owner types, if one is asked for.
    pub check_code: Option<CheckCode>,
    /// When the approval is refused automatically.
    pub expires_at: SystemTime,
}

impl PendingRegistration {
    /// Returns the record after it became unclear whether that credential was stored. From then on,
    /// a second credential for the same code is refused.
    pub(crate) fn offered_to(self, credential: CredentialId) -> Self {
        Self { offered: Some(credential), ..self }
    }
}

/// A credential that was verified, and that the owner has not approved yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingApproval {
    /// The user who will own the credential, and who approves it.
    pub user: UserId,
    /// The enrolment to which it belongs.
    pub enrolment: EnrolmentId,
    /// The credential, as it will be stored.
    pub credential: Credential,
    /// The check code that the owner has to type, if one is asked for.
    pub check_code: Option<CheckCode>,
    /// How many wrong check codes are still allowed.
    pub attempts_left: u8,
    /// When the code was minted, or its minter signed in.
    pub began_at: SystemTime,
    /// When it is refused automatically.
    pub expires_at: SystemTime,
    /// How often the record was put back.
    pub returns: u8,
    /// Whether the repository failed to store the credential. Then nobody knows whether it is
    /// stored.
    pub offered: bool,
}

/// The record of a user action between its challenge and the signature.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PendingAction {
    /// The user who will sign.
    pub user: UserId,
    /// The challenge that they sign.
    pub challenge: Challenge,
    /// The request for which the signature is: a hash of user, method, path and body.
    pub binding: [u8; 32],
    /// The relying party that was found when the challenge was made.
    pub relying_party: Arc<RelyingParty>,
    /// The demand on a passkey.
    pub user_verification: Requirement,
    /// When the challenge was made. If the host says when the user signed in: that time.
    pub began_at: SystemTime,
    /// When the challenge expires.
    pub expires_at: SystemTime,
    /// How often the record was put back after a refusal that was not final.
    pub returns: u8,
}

/// A user action that was signed: one request, by this user, until it expires. The request is part
/// of the slot. The action of a sign-in is at the slot of its challenge, which nobody can spend
/// again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserAction {
    /// The user who signed it.
    pub user: UserId,
    /// The id of the credential that signed it.
    pub credential: CredentialId,
    /// The server's name for that credential. Another one may get the same id later.
    pub uuid: CredentialUuid,
    /// When its challenge was made, or its user signed in.
    pub began_at: SystemTime,
    /// When the action expires.
    pub expires_at: SystemTime,
}
