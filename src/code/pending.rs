//! The end of register where the owner is asked: the credential was verified, and waits.

use std::sync::Arc;
use std::time::SystemTime;

use crate::code::{CodeFlow, MOST_ATTEMPTS};
use crate::enrolment::{Enrolments, NotAdvanced, OutcomeHandle, Seconds};
use crate::error::{Error, Reason, StoreError};
use crate::event::Event;
use crate::model::{
    CheckCode, Credential, CredentialStatus, Enrolment, EnrolmentId, Insertion, OutcomeToken, Stage,
};
use crate::once::{Refusal, Taken};
use crate::store::{Awaited, Change, OneTimeStore, PendingApproval, PendingRegistration, Slot, SlotLabel};
use crate::together::both;

/// The result of a registration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Registration {
    /// The credential. It is not active while it waits for approval.
    pub credential: Credential,
    /// The enrolment to which it belongs.
    pub enrolment: EnrolmentId,
    /// The approval that the client waits for, if the owner is asked.
    pub approval: Option<AwaitedApproval>,
}

/// An approval that a client waits for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AwaitedApproval {
    /// When the credential is refused automatically.
    pub expires_at: SystemTime,
    /// The check code that the client shows and the owner types, if one is asked for.
    pub check_code: Option<CheckCode>,
    /// The token with which the client asks what happened to the credential.
    pub outcome: OutcomeToken,
}

impl CodeFlow {
    /// Lets a verified credential wait for its owner's approval. After that, the challenge works
    /// for this credential alone, and returns the same answer again.
    pub(super) async fn await_approval(
        &self,
        taken: &Taken<PendingRegistration>,
        credential: Credential,
        check_code: Option<CheckCode>,
        source: Option<&str>,
    ) -> Result<Registration, Refusal<PendingRegistration>> {
        let (site, pending) = (self.site(), &taken.record);
        let own = site.credentials().credential(&pending.user, &credential.id);
        let (own, room) = both(own, self.check_room(&pending.user)).await;
        if own.map_err(|error| Refusal::put_back(Error::host(error)))?.is_some() {
            return Err(Refusal::put_back(Error::duplicate()));
        }
        room.map_err(Refusal::put_back)?;
        let expires_at = site.now() + self.inner.policy.approval_lifetime;
        let status = CredentialStatus::Deactivated;
        let shown = Arc::new(Credential { status, ..credential.without_private_key() });
        let change = Change {
            credential: Some(shown.clone()),
            attempts_left: check_code.as_ref().map(|_| MOST_ATTEMPTS),
            ..Enrolments::until(Stage::Pending, expires_at)
        };
        let mut answered = PendingRegistration {
            awaited: Some(Awaited { check_code: check_code.clone(), expires_at }),
            ..pending.clone().offered_to(credential.id.clone())
        };
        let mut record = PendingApproval {
            user: pending.user.clone(),
            enrolment: pending.enrolment.clone(),
            credential,
            check_code,
            attempts_left: MOST_ATTEMPTS,
            began_at: pending.began_at,
            expires_at,
            returns: 0,
            offered: false,
        };
        // This comes first, so the credential that waits is the one that the owner sees. An earlier
        // try that failed may have advanced it, for this credential.
        let (user, enrolment) = (&pending.user, &pending.enrolment);
        match site.enrolments().advance(user, enrolment, &[Stage::Opened], change).await {
            Ok(_) => {}
            Err(NotAdvanced::At(found)) if waits_for(&found, &record.credential) => {
                // It keeps the expiry that the owner has seen.
                record.expires_at = found.expires_at;
                if let Some(awaited) = &mut answered.awaited {
                    awaited.expires_at = found.expires_at;
                }
            }
            Err(NotAdvanced::At(_) | NotAdvanced::Gone) => {
                return Err(Refusal::for_good(Error::invalid_challenge(Reason::Ended)));
            }
            Err(NotAdvanced::Unknown(error)) => return Err(Refusal::put_back(error)),
        }
        self.lay_approval(record).await.map_err(Refusal::put_back)?;
        let expires_at = answered.awaited.as_ref().map_or(expires_at, |awaited| awaited.expires_at);
        site.tell(&Event::AwaitingApproval { credential: &shown, enrolment, expires_at, source });
        let challenges: &dyn OneTimeStore<PendingRegistration> = site.records();
        // If this fails, a client that lost the answer is refused.
        let _ = challenges.insert(taken.slot, answered.clone()).await;
        Ok(self.awaiting(answered, Arc::unwrap_or_clone(shown)))
    }

    /// Answers a client that lost the answer, as before, while the credential waits.
    pub(super) async fn answer_again(
        &self,
        taken: &Taken<PendingRegistration>,
        credential: &Credential,
    ) -> Result<Registration, Refusal<PendingRegistration>> {
        let pending = &taken.record;
        let found = self.site().enrolments().find(&pending.user, &pending.enrolment).await;
        let waiting = found.map_err(Refusal::put_back)?.filter(|found| found.stage == Stage::Pending);
        let Some(shown) = waiting.and_then(|waiting| waiting.credential) else {
            return Err(Refusal::for_good(Error::invalid_challenge(Reason::Ended)));
        };
        if !shown.is(credential) {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::OtherCredential)));
        }
        Ok(self.awaiting(pending.clone(), Arc::unwrap_or_clone(shown)))
    }

    fn awaiting(&self, pending: PendingRegistration, credential: Credential) -> Registration {
        let approval = pending.awaited.map(|Awaited { check_code, expires_at }| {
            let handle = OutcomeHandle {
                user: pending.user,
                enrolment: pending.enrolment.clone(),
                expires_at: Seconds::of(expires_at + Enrolment::KEPT_FOR),
            };
            AwaitedApproval { expires_at, check_code, outcome: handle.sign(self.site().slot_keys()) }
        });
        Registration { credential, enrolment: pending.enrolment, approval }
    }

    /// Stores the waiting credential in the slot of its enrolment. It replaces the credential of an
    /// earlier try that failed.
    async fn lay_approval(&self, record: PendingApproval) -> Result<(), StoreError> {
        let slot = self.site().slot_keys().newest(SlotLabel::Approval, record.enrolment.as_str().as_bytes());
        let store: &dyn OneTimeStore<PendingApproval> = self.site().records();
        if store.insert(slot, record.clone()).await? == Insertion::Duplicate {
            store.take(slot, self.site().now()).await?;
            if store.insert(slot, record).await? == Insertion::Duplicate {
                return Err(StoreError::new("approvals", "a slot that was just emptied is taken"));
            }
        }
        Ok(())
    }

    /// Returns the slots where the credential of an enrolment may wait.
    pub(super) fn slots_of_approval(&self, enrolment: &EnrolmentId) -> impl Iterator<Item = Slot> {
        self.site().slot_keys().all(SlotLabel::Approval, enrolment.as_str().as_bytes())
    }
}

/// Returns whether an enrolment shows that very credential as the one that waits.
pub(super) fn waits_for(enrolment: &Enrolment, credential: &Credential) -> bool {
    enrolment.stage == Stage::Pending && shows(enrolment, credential)
}

/// Returns whether an enrolment shows exactly that credential: its name, and also what it says
/// about itself.
pub(super) fn shows(enrolment: &Enrolment, credential: &Credential) -> bool {
    enrolment.credential.as_ref().is_some_and(|shown| {
        shown.is(credential)
            && shown.name == credential.name
            && shown.digest == credential.digest
            && shown.fido2 == credential.fido2
    })
}
