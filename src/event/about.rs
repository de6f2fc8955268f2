//! What an event is about.

use crate::event::{Change, Event};
use crate::model::{Credential, CredentialUuid, EnrolmentId, UndoToken};

impl<'a> Event<'a> {
    /// Returns the event's name, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Minted { .. } => "minted",
            Self::Exchanged { .. } => "exchanged",
            Self::Registered { .. } => "registered",
            Self::Unsettled { .. } => "unsettled",
            Self::AwaitingApproval { .. } => "awaiting_approval",
            Self::Approved { .. } => "approved",
            Self::RefusedByOwner { .. } => "refused_by_owner",
            Self::CheckCodesSpent { .. } => "check_codes_spent",
            Self::Lapsed { .. } => "lapsed",
            Self::Revoked { .. } => "revoked",
            Self::Undone { .. } => "undone",
            Self::CredentialChanged { .. } => "credential_changed",
            Self::ChangeUnsettled { .. } => "change_unsettled",
            Self::ActionSigned { .. } => "action_signed",
            Self::ActionRedeemed { .. } => "action_redeemed",
            Self::SignedIn { .. } => "signed_in",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Evicted { .. } => "evicted",
            Self::Answered { .. } => "answered",
        }
    }

    /// Returns the credential to tell the user about. It was [`Registered`](Self::Registered), or
    /// may have been stored, since it is [`Unsettled`](Self::Unsettled).
    pub fn added_credential(&self) -> Option<&'a Credential> {
        self.added().map(|(credential, _)| credential)
    }

    /// Returns the token that takes the [added credential](Self::added_credential) back, for a link
    /// in its notice. Put it behind the `#` of the link. Let the page send it with a `POST` when
    /// the person confirms. Mail scanners follow links, and servers log what stands before the `#`.
    pub fn undo_token(&self) -> Option<&'a UndoToken> {
        self.added()?.1
    }

    /// Returns the credential to tell a user about, and the change. The credential was
    /// [changed](Self::CredentialChanged) or [taken back](Self::Undone), or
    /// [may have been](Self::ChangeUnsettled).
    pub fn changed_credential(&self) -> Option<(&'a CredentialUuid, Change)> {
        match *self {
            Self::CredentialChanged { credential, change, .. }
            | Self::ChangeUnsettled { credential, change, .. } => Some((credential, change)),
            Self::Undone { credential, .. } => Some((credential, Change::Removed)),
            Self::Minted { .. }
            | Self::Exchanged { .. }
            | Self::Registered { .. }
            | Self::Unsettled { .. }
            | Self::AwaitingApproval { .. }
            | Self::Approved { .. }
            | Self::RefusedByOwner { .. }
            | Self::CheckCodesSpent { .. }
            | Self::Lapsed { .. }
            | Self::Revoked { .. }
            | Self::ActionSigned { .. }
            | Self::ActionRedeemed { .. }
            | Self::SignedIn { .. }
            | Self::Refused { .. }
            | Self::Throttled { .. }
            | Self::Evicted { .. }
            | Self::Answered { .. } => None,
        }
    }

    fn added(&self) -> Option<(&'a Credential, Option<&'a UndoToken>)> {
        match *self {
            Self::Registered { credential, undo, .. } | Self::Unsettled { credential, undo, .. } => {
                Some((credential, undo))
            }
            Self::Minted { .. }
            | Self::Exchanged { .. }
            | Self::AwaitingApproval { .. }
            | Self::Approved { .. }
            | Self::RefusedByOwner { .. }
            | Self::CheckCodesSpent { .. }
            | Self::Lapsed { .. }
            | Self::Revoked { .. }
            | Self::Undone { .. }
            | Self::CredentialChanged { .. }
            | Self::ChangeUnsettled { .. }
            | Self::ActionSigned { .. }
            | Self::ActionRedeemed { .. }
            | Self::SignedIn { .. }
            | Self::Refused { .. }
            | Self::Throttled { .. }
            | Self::Evicted { .. }
            | Self::Answered { .. } => None,
        }
    }

    /// Returns the enrolment that it is about, if known.
    pub fn enrolment(&self) -> Option<&'a EnrolmentId> {
        match *self {
            Self::Minted { enrolment, .. }
            | Self::Exchanged { enrolment, .. }
            | Self::Registered { enrolment, .. }
            | Self::Unsettled { enrolment, .. }
            | Self::AwaitingApproval { enrolment, .. }
            | Self::Approved { enrolment, .. }
            | Self::RefusedByOwner { enrolment, .. }
            | Self::CheckCodesSpent { enrolment, .. }
            | Self::Lapsed { enrolment, .. }
            | Self::Revoked { enrolment, .. }
            | Self::Undone { enrolment, .. } => Some(enrolment),
            Self::Refused { enrolment, .. } | Self::Evicted { enrolment, .. } => enrolment,
            Self::Throttled { .. }
            | Self::CredentialChanged { .. }
            | Self::ChangeUnsettled { .. }
            | Self::ActionSigned { .. }
            | Self::ActionRedeemed { .. }
            | Self::SignedIn { .. }
            | Self::Answered { .. } => None,
        }
    }
}
