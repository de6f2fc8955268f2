//! What happened, for the host's audit log, its metrics and its notices.

mod listener;
#[cfg(feature = "tracing")]
mod log;
mod step;

use std::time::{Duration, SystemTime};

pub(crate) use self::listener::{Asking, Listener, name_in_span};
pub use self::step::Step;
use crate::error::{Error, ErrorKind};
use crate::model::{
    Credential, CredentialId, CredentialKind, CredentialUuid, EnrolmentId, UndoToken, UserId,
};

/// The owner of the budget (rate limit).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BudgetScope {
    /// Misses of one source.
    Source,
    /// Misses of everybody.
    Flow,
    /// Codes of one user, what they begin without one, their user actions, or their sign-ins.
    User,
}

impl BudgetScope {
    /// Returns the scope's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Flow => "flow",
            Self::User => "user",
        }
    }
}

/// What a user changed of a credential.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// It may be used again.
    Activated,
    /// It may not be used.
    Deactivated,
    /// It has another name.
    Renamed,
    /// It is gone.
    Removed,
}

/// What happened, for the host's audit log, its metrics and its notifications. `Debug` shows no
/// secret. The one that an event holds is the [undo token](Self::undo_token), for the notice.
///
/// [`added_credential`](Self::added_credential) is the one to act on: tell the user, by another
/// channel, that a credential was added and how to remove it. NIST SP 800-63B-4 asks for that, and
/// it is how people find out that somebody else used their code.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A code was minted.
    #[non_exhaustive]
    Minted {
        /// Whose it is.
        user: &'a UserId,
        /// What it begins.
        enrolment: &'a EnrolmentId,
        /// When it stops working.
        expires_at: SystemTime,
        /// Where the request came from, if the host said how to tell.
        source: Option<&'a str>,
    },
    /// A code was spent for a challenge.
    #[non_exhaustive]
    Exchanged {
        /// Whose code it was.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// What is to be registered.
        kind: CredentialKind,
        /// For which relying party.
        relying_party: &'a str,
        /// When the code would have stopped working.
        expires_at: SystemTime,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A credential was stored. Sent once, after the host stored it. See
    /// [`added_credential`](Self::added_credential).
    #[non_exhaustive]
    Registered {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// What takes it back, for a link in the notice. `None` without
        /// [`management`](crate::site::SiteBuilder::management).
        undo: Option<&'a UndoToken>,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// The host was asked to store a credential and did not answer: it failed, or the caller hung
    /// up. The credential may be there all the same, under this id, and no other event may ever
    /// tell of it: look. If somebody tries again in time, [`Registered`](Self::Registered) follows,
    /// and the `uuid` in it is the one that is stored. A client that hangs up at the right moment
    /// can choose this event instead of the other, so tell the user of both.
    #[non_exhaustive]
    Unsettled {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// What takes it back, if it is there.
        undo: Option<&'a UndoToken>,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A credential was verified, and waits for its owner's approval. It is not stored.
    #[non_exhaustive]
    AwaitingApproval {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// When it is refused by itself.
        expires_at: SystemTime,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// The owner approved a credential. It follows [`Registered`](Self::Registered), which tells
    /// that the host stored it.
    #[non_exhaustive]
    Approved {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// Where the owner's request came from.
        source: Option<&'a str>,
    },
    /// The owner refused a credential, which is gone.
    #[non_exhaustive]
    RefusedByOwner {
        /// Whose it would have been.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// Where the owner's request came from.
        source: Option<&'a str>,
    },
    /// A third wrong check code refused a credential, which is gone.
    #[non_exhaustive]
    CheckCodesSpent {
        /// Whose it would have been.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// Nobody approved a credential in time. It is told at the next look of the owner or of the
    /// client, or at an approval that comes too late.
    #[non_exhaustive]
    Lapsed {
        /// Whose it would have been.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
    },
    /// The owner ended an enrolment, or a newer code of theirs did. Nothing was added, and nothing
    /// will be.
    #[non_exhaustive]
    Revoked {
        /// Whose it is.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// An undo token took back a credential.
    #[non_exhaustive]
    Undone {
        /// Whose it was.
        user: &'a UserId,
        /// The credential.
        credential: &'a CredentialUuid,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// The user changed a credential of theirs. Tell them, too: it may not have been them.
    #[non_exhaustive]
    CredentialChanged {
        /// Whose it is, or was.
        user: &'a UserId,
        /// The credential.
        credential: &'a CredentialUuid,
        /// What was changed.
        change: Change,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A credential signed a user action, which has yet to be used.
    #[non_exhaustive]
    ActionSigned {
        /// Whose action it is.
        user: &'a UserId,
        /// What signed it.
        credential: &'a CredentialId,
        /// When it stops working.
        expires_at: SystemTime,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A signed user action was spent on the request that it is for.
    #[non_exhaustive]
    ActionRedeemed {
        /// Whose action it was.
        user: &'a UserId,
        /// What had signed it.
        credential: &'a CredentialId,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A passkey signed a user in. The host has yet to make the session.
    #[non_exhaustive]
    SignedIn {
        /// Who is signed in.
        user: &'a UserId,
        /// What signed.
        credential: &'a CredentialId,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A step was refused, or failed. The true reason is the error's source.
    #[non_exhaustive]
    Refused {
        /// Which step.
        step: Step,
        /// Whose code or challenge it was, as far as it was known.
        user: Option<&'a UserId>,
        /// Its enrolment, as far as it was known.
        enrolment: Option<&'a EnrolmentId>,
        /// What was to be registered, as far as it was known.
        kind: Option<CredentialKind>,
        /// Why.
        error: &'a Error,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A budget was exhausted: somebody guesses, or asks for too many codes.
    #[non_exhaustive]
    Throttled {
        /// Which step.
        step: Step,
        /// Whose budget.
        scope: BudgetScope,
        /// When there is some again.
        retry_after: Duration,
        /// Who asked for too many codes.
        user: Option<&'a UserId>,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A full store dropped a record before its time: a code or a challenge of this user stopped
    /// working. Make the store larger.
    #[non_exhaustive]
    Evicted {
        /// Which records: [`Record::NAME`](crate::store::Record::NAME).
        records: &'static str,
        /// Whose it was.
        user: &'a UserId,
        /// Its enrolment. A user action and a sign-in have none.
        enrolment: Option<&'a EnrolmentId>,
    },
    /// A request over HTTP was answered, whatever came of it. It is for counters and histograms: what
    /// happened is told by another event. A caller who hangs up gets no answer.
    #[non_exhaustive]
    Answered {
        /// Which step.
        step: Step,
        /// Why it was refused, if it was.
        refused: Option<ErrorKind>,
        /// How long it took, from its head to its answer. A look that waits for a change waits long.
        elapsed: Duration,
    },
}

impl Change {
    /// Returns the change's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Renamed => "renamed",
            Self::Removed => "removed",
        }
    }
}

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
            Self::ActionSigned { .. } => "action_signed",
            Self::ActionRedeemed { .. } => "action_redeemed",
            Self::SignedIn { .. } => "signed_in",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Evicted { .. } => "evicted",
            Self::Answered { .. } => "answered",
        }
    }

    /// Returns the credential that the user is to be told of: one that was
    /// [`Registered`](Self::Registered), or that may have been, since it is
    /// [`Unsettled`](Self::Unsettled).
    pub fn added_credential(&self) -> Option<&'a Credential> {
        self.added().map(|(credential, _)| credential)
    }

    /// Returns what takes the [added credential](Self::added_credential) back, for a link in its
    /// notice. Put it behind the `#` of the link, and let the page send it on with a `POST` when
    /// the person says so: mail scanners follow links, and servers log what is before the `#`.
    pub fn undo_token(&self) -> Option<&'a UndoToken> {
        self.added()?.1
    }

    /// Returns the credential that a user is to be told of because it was
    /// [changed](Self::CredentialChanged) or [taken back](Self::Undone), and how.
    pub fn changed_credential(&self) -> Option<(&'a CredentialUuid, Change)> {
        match *self {
            Self::CredentialChanged { credential, change, .. } => Some((credential, change)),
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
            | Self::ActionSigned { .. }
            | Self::ActionRedeemed { .. }
            | Self::SignedIn { .. }
            | Self::Refused { .. }
            | Self::Throttled { .. }
            | Self::Evicted { .. }
            | Self::Answered { .. } => None,
        }
    }

    /// Returns the enrolment that it is about, as far as that was known.
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
            | Self::ActionSigned { .. }
            | Self::ActionRedeemed { .. }
            | Self::SignedIn { .. }
            | Self::Answered { .. } => None,
        }
    }
}
