//! Events as lines of the log, for the feature `tracing`.

use std::error::Error;
use std::{fmt, iter};

use crate::error::ErrorKind;
use crate::event::Event;

/// An error with all its causes, down to the last one.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        iter::successors(self.0.source(), |&cause| cause.source())
            .try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// Writes an event to the log.
pub(crate) fn write(event: &Event<'_>) {
    match event {
        Event::Minted { user, enrolment, source, .. } => {
            tracing::info!(%user, %enrolment, source, "a code was minted");
        }
        Event::Exchanged { user, enrolment, kind, relying_party, source, .. } => {
            tracing::info!(%user, %enrolment, %kind, relying_party, source, "a code was exchanged");
        }
        Event::AwaitingApproval { credential, enrolment, source, .. } => tracing::info!(
            user = %credential.user,
            %enrolment,
            kind = %credential.kind,
            source,
            "a credential waits for approval"
        ),
        Event::Approved { credential, enrolment, source } => tracing::info!(
            user = %credential.user,
            %enrolment,
            uuid = %credential.uuid,
            source,
            "the owner approved a credential"
        ),
        Event::RefusedByOwner { user, enrolment, source } => {
            tracing::warn!(%user, %enrolment, source, "the owner refused a credential");
        }
        Event::CheckCodesSpent { user, enrolment, source } => {
            tracing::warn!(%user, %enrolment, source, "wrong check codes refused a credential");
        }
        Event::Lapsed { user, enrolment } => {
            tracing::info!(%user, %enrolment, "nobody approved a credential in time");
        }
        Event::Revoked { user, enrolment, source } => {
            tracing::info!(%user, %enrolment, source, "an enrolment was revoked");
        }
        Event::Undone { user, credential, enrolment, source } => {
            tracing::warn!(%user, %enrolment, uuid = %credential, source, "a credential was taken back");
        }
        Event::Registered { credential, enrolment, source, .. } => tracing::info!(
            user = %credential.user,
            %enrolment,
            kind = %credential.kind,
            uuid = %credential.uuid,
            relying_party = credential.relying_party_id,
            source,
            "a credential was registered"
        ),
        Event::Unsettled { credential, enrolment, source, .. } => tracing::warn!(
            user = %credential.user,
            %enrolment,
            kind = %credential.kind,
            uuid = %credential.uuid,
            source,
            "a credential may or may not have been stored"
        ),
        Event::CredentialChanged { user, credential, change, source } => {
            tracing::info!(%user, uuid = %credential, ?change, source, "a credential was changed");
        }
        Event::ChangeUnsettled { user, credential, change, source } => tracing::warn!(
            %user,
            uuid = %credential,
            ?change,
            source,
            "a credential may or may not have been changed"
        ),
        Event::ActionSigned { user, credential, source, .. } => {
            tracing::info!(%user, %credential, source, "a user action was signed");
        }
        Event::ActionRedeemed { user, credential, source } => {
            tracing::info!(%user, %credential, source, "a user action was redeemed");
        }
        Event::SignedIn { user, credential, source } => {
            tracing::info!(%user, %credential, source, "a passkey signed a user in");
        }
        Event::Refused { step, user, enrolment, error, source, .. } => tracing::warn!(
            step = step.as_str(),
            user = user.map(tracing::field::display),
            enrolment = enrolment.map(tracing::field::display),
            error = %error.kind(),
            reason = error.source().map(|reason| tracing::field::display(Causes(reason))),
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
        Event::Answered { step, refused, elapsed } => tracing::debug!(
            step = step.as_str(),
            refused = refused.map(ErrorKind::as_str),
            elapsed = elapsed.as_secs_f64(),
            "a request was answered"
        ),
        Event::Evicted { records, user, .. } => {
            tracing::warn!(records, %user, "a full store dropped a record before its time");
        }
    }
}
