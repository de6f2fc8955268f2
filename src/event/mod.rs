//! Events: everything that happened, for the host's audit log, its metrics and its notices.
//!
//! ```
//! use credential_code::event::Event;
//!
//! /// What the host does with each event.
//! fn listen(event: &Event<'_>) {
//!     println!("{}", event.name());
//!     if let Some(credential) = event.added_credential() {
//!         println!("tell {} of {}", credential.user, credential.uuid);
//!     }
//! }
//! # let _ = credential_code::testing::site_builder(&Default::default()).events(listen);
//! ```

mod about;
mod listener;
#[cfg(feature = "tracing")]
mod log;
mod step;
mod unsettled;

use std::time::{Duration, SystemTime};

pub(crate) use self::listener::{Asking, Listener, name_in_span};
pub use self::step::Step;
pub(crate) use self::unsettled::Unsettled;
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
    /// Of one user: codes, beginnings without a code, user actions, or sign-ins.
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

/// The way in which a user changed a credential.
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

/// Something that happened, for the host's audit log, its metrics and its notifications. `Debug`
/// shows no secret. An event holds only one secret: the [undo token](Self::undo_token), for the
/// notice.
///
/// Act on [`added_credential`](Self::added_credential): tell the user, by another channel, that a
/// credential was added and how to remove it. NIST SP 800-63B-4 asks for that. It is how people
/// find out that somebody else used their code.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A code was minted.
    #[non_exhaustive]
    Minted {
        /// The user who minted it.
        user: &'a UserId,
        /// The enrolment that it begins.
        enrolment: &'a EnrolmentId,
        /// When the code expires.
        expires_at: SystemTime,
        /// The network source of the request, if the host tells it.
        source: Option<&'a str>,
    },
    /// A code was spent for a challenge.
    #[non_exhaustive]
    Exchanged {
        /// The user who minted the code.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The kind of credential to register.
        kind: CredentialKind,
        /// The id of the relying party.
        relying_party: &'a str,
        /// When the code would have expired.
        expires_at: SystemTime,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A credential was stored. The event is sent once, after the host stored it. See
    /// [`added_credential`](Self::added_credential).
    #[non_exhaustive]
    Registered {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The token that takes it back, for a link in the notice. `None` without
        /// [`management`](crate::site::SiteBuilder::management).
        undo: Option<&'a UndoToken>,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// Nobody knows whether a credential is stored: the host failed, or the caller hung up, before
    /// the host had answered. The credential may still be stored, under this id. Perhaps no other
    /// event ever reports it, so look it up.
    ///
    /// If somebody tries again in time, [`Registered`](Self::Registered) follows. Its `uuid` is
    /// that of the stored credential. A client that hangs up at the right moment can choose this
    /// event instead of the other. So tell the user about both.
    #[non_exhaustive]
    Unsettled {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The token that takes it back, if it is stored.
        undo: Option<&'a UndoToken>,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A credential was verified, and waits for its owner's approval. It is not stored.
    #[non_exhaustive]
    AwaitingApproval {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// When it is refused automatically.
        expires_at: SystemTime,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// The owner approved a credential. This event follows [`Registered`](Self::Registered), which
    /// says that the host stored it.
    #[non_exhaustive]
    Approved {
        /// The credential.
        credential: &'a Credential,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The network source of the owner's request.
        source: Option<&'a str>,
    },
    /// The owner refused a credential. The credential is gone.
    #[non_exhaustive]
    RefusedByOwner {
        /// The user who would have owned it.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The network source of the owner's request.
        source: Option<&'a str>,
    },
    /// A third wrong check code refused a credential. The credential is gone.
    #[non_exhaustive]
    CheckCodesSpent {
        /// The user who would have owned it.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// Nobody approved a credential in time. The event comes with the next look of the owner or of
    /// the client, or with a decision that is too late.
    #[non_exhaustive]
    Lapsed {
        /// The user who would have owned it.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
    },
    /// The owner ended an enrolment, or a newer one of theirs did. Nothing was added, and nothing
    /// will be.
    #[non_exhaustive]
    Revoked {
        /// The owner.
        user: &'a UserId,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// An undo token took back a credential.
    #[non_exhaustive]
    Undone {
        /// The user who owned it.
        user: &'a UserId,
        /// The credential.
        credential: &'a CredentialUuid,
        /// Its enrolment.
        enrolment: &'a EnrolmentId,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// The user changed one of their credentials. Tell them about this too: somebody else may have
    /// done it.
    #[non_exhaustive]
    CredentialChanged {
        /// The user who owns it, or owned it.
        user: &'a UserId,
        /// The credential.
        credential: &'a CredentialUuid,
        /// The kind of change.
        change: Change,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// The host was asked to change a credential and did not answer: it failed, or the caller hung
    /// up. The change may still be made. If somebody tries again, it may find nothing left to do,
    /// and then no other event follows. So tell the user about this one too.
    #[non_exhaustive]
    ChangeUnsettled {
        /// The user who owns it, or owned it.
        user: &'a UserId,
        /// The credential.
        credential: &'a CredentialUuid,
        /// The kind of change. An undo is a removal.
        change: Change,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A credential signed a user action. The action is not used yet.
    #[non_exhaustive]
    ActionSigned {
        /// The user who signed it.
        user: &'a UserId,
        /// The id of the credential that signed it.
        credential: &'a CredentialId,
        /// When the signed action expires.
        expires_at: SystemTime,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A signed user action was spent on its request.
    #[non_exhaustive]
    ActionRedeemed {
        /// The user who signed it.
        user: &'a UserId,
        /// The id of the credential that signed it.
        credential: &'a CredentialId,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A passkey signed a user in. The host still has to create the session.
    #[non_exhaustive]
    SignedIn {
        /// The user who is signed in.
        user: &'a UserId,
        /// The id of the passkey that signed.
        credential: &'a CredentialId,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A step was refused, or failed. The true reason is the error's source.
    #[non_exhaustive]
    Refused {
        /// The step.
        step: Step,
        /// The user who asked, or the owner of the code or the challenge, if known.
        user: Option<&'a UserId>,
        /// The enrolment, if known.
        enrolment: Option<&'a EnrolmentId>,
        /// The kind of credential to register, or of the one that should sign, if known.
        kind: Option<CredentialKind>,
        /// The reason.
        error: &'a Error,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A budget was exhausted: somebody guesses, or asks too often for codes, challenges or
    /// sign-ins.
    #[non_exhaustive]
    Throttled {
        /// The step.
        step: Step,
        /// The owner of the budget.
        scope: BudgetScope,
        /// How long until the budget has something again.
        retry_after: Duration,
        /// The user whose budget it was, if it was that of a user.
        user: Option<&'a UserId>,
        /// The network source of the request.
        source: Option<&'a str>,
    },
    /// A full store dropped a record too early: a code, a challenge, an approval or a user action
    /// of this user stopped working. Or a challenge that signed them in works again. Make the store
    /// larger.
    #[non_exhaustive]
    Evicted {
        /// The type of the record: [`Record::NAME`](crate::store::Record::NAME), or `enrolments`.
        records: &'static str,
        /// The user to whom it belonged.
        user: &'a UserId,
        /// Its enrolment. A user action and a sign-in have none.
        enrolment: Option<&'a EnrolmentId>,
    },
    /// A request over HTTP was answered, whatever its result. This event is for counters and
    /// histograms: another event says what happened. A caller who hangs up gets no answer.
    #[non_exhaustive]
    Answered {
        /// The step.
        step: Step,
        /// The kind of the refusal, if it was refused.
        refused: Option<ErrorKind>,
        /// The time from the request's head to its answer. A look that waits for a change takes
        /// long.
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
