use std::time::{Duration, SystemTime};

use crate::flow::{BudgetScope, Error};
use crate::model::{Credential, CredentialId, CredentialKind, UserId};

/// A step of the flow, or of signing a user action.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A signed-in user asks for a code.
    Mint,
    /// A code buys a challenge.
    Exchange,
    /// A challenge, answered, becomes a credential.
    Register,
    /// A signed-in user asks for the challenge of an action.
    BeginAction,
    /// The challenge of an action is answered.
    CompleteAction,
    /// A signed action is spent on its request.
    RedeemAction,
}

impl Step {
    /// The step's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mint => "mint",
            Self::Exchange => "exchange",
            Self::Register => "register",
            Self::BeginAction => "begin_action",
            Self::CompleteAction => "complete_action",
            Self::RedeemAction => "redeem_action",
        }
    }
}

/// What happened, for the host's audit log, its metrics and its notifications. No event holds a secret.
///
/// [`Registered`](Self::Registered) is the one to act on, and [`Unsettled`](Self::Unsettled) when the credential turns out to be there:
/// tell the user, by another channel, that a credential was added and how to remove it. NIST SP 800-63B-4 asks for that,
/// and it is how people find out that somebody else used their code.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A code was minted.
    #[non_exhaustive]
    Minted {
        /// Whose it is.
        user: &'a UserId,
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
        /// What is to be registered.
        kind: CredentialKind,
        /// For which relying party.
        relying_party: &'a str,
        /// When the code would have stopped working. With the user it tells which of their codes this was.
        expires_at: SystemTime,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// A credential was stored. Sent once, after the host stored it.
    #[non_exhaustive]
    Registered {
        /// The credential.
        credential: &'a Credential,
        /// Where the request came from.
        source: Option<&'a str>,
    },
    /// The host was asked to store a credential and did not answer: it failed, or the caller hung up. The credential may be
    /// there all the same. Look; if it is, this is the only event that tells of it.
    #[non_exhaustive]
    Unsettled {
        /// The credential.
        credential: &'a Credential,
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
    /// A step was refused, or failed. The true reason is the error's source.
    #[non_exhaustive]
    Refused {
        /// Which step.
        step: Step,
        /// Whose code or challenge it was, as far as it was known.
        user: Option<&'a UserId>,
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
    /// A full store dropped a record before its time: a code or a challenge of this user stopped working. Make the store larger.
    #[non_exhaustive]
    Evicted {
        /// Which records: [`Record::NAME`](crate::store::Record::NAME).
        records: &'static str,
        /// Whose it was.
        user: &'a UserId,
    },
}

/// Writes an event to the log.
#[cfg(feature = "tracing")]
pub(crate) fn trace(event: &Event<'_>) {
    use std::error::Error as _;

    match event {
        Event::Minted { user, source, .. } => {
            tracing::info!(%user, source, "a code was minted");
        }
        Event::Exchanged { user, kind, relying_party, source, .. } => {
            tracing::info!(%user, %kind, relying_party, source, "a code was exchanged");
        }
        Event::Registered { credential, source } => tracing::info!(
            user = %credential.user,
            kind = %credential.kind,
            uuid = %credential.uuid,
            relying_party = credential.relying_party_id,
            source,
            "a credential was registered"
        ),
        Event::Unsettled { credential, source } => tracing::warn!(
            user = %credential.user,
            kind = %credential.kind,
            uuid = %credential.uuid,
            source,
            "a credential may or may not have been stored"
        ),
        Event::ActionSigned { user, credential, source, .. } => {
            tracing::info!(%user, %credential, source, "a user action was signed");
        }
        Event::ActionRedeemed { user, credential, source } => {
            tracing::info!(%user, %credential, source, "a user action was redeemed");
        }
        Event::Refused { step, user, error, source, .. } => tracing::warn!(
            step = step.as_str(),
            user = user.map(tracing::field::display),
            error = %error.kind(),
            reason = error.source().map(tracing::field::display),
            source,
            "refused"
        ),
        Event::Throttled { step, scope, retry_after, user, source } => tracing::warn!(
            step = step.as_str(),
            ?scope,
            ?retry_after,
            user = user.map(tracing::field::display),
            source,
            "a budget is exhausted"
        ),
        Event::Evicted { records, user } => {
            tracing::warn!(records, %user, "a full store dropped a record before its time");
        }
    }
}

/// Without the feature `tracing`, events go to the host's listener alone.
#[cfg(not(feature = "tracing"))]
pub(crate) fn trace(_: &Event<'_>) {}
