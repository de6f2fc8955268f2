//! A credential that a signed-in user adds where they are, without a code.
//!
//! It is an enrolment like any other, which begins opened: its owner sees it, may revoke it, and
//! gets a token that undoes it. Its challenge lies in slots of its own, so that it is worth nothing
//! where a code's is asked for. Nobody is asked for approval: the owner does it.

use crate::code::opening::{Offer, Terms};
use crate::code::register::Closing;
use crate::code::{BeginRequest, CodeFlow, RegisterRequest, RegistrationChallenge};
use crate::error::{Error, Reason};
use crate::event::{Asking, Step, name_in_span};
use crate::host::Caller;
use crate::model::{Approval, Credential, CredentialKind, Enrolment, EnrolmentId, Insertion, Stage};
use crate::once::{Fee, Refusal, Sought, both};
use crate::store::{OneTimeStore, PendingRegistration, SlotLabel};

impl CodeFlow {
    /// Returns a challenge to a signed-in user.
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        request: BeginRequest,
    ) -> Result<RegistrationChallenge, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::BeginCredential, source).of(request.kind).by(&caller.user);
        self.check_own_kind(request.kind).map_err(|error| self.site().refuse(asking, error))?;
        let fee = Fee::of_user(&self.inner.begins_of_user, &caller.user);
        let opening = self.open_own(caller, &request);
        self.site().ceremony(asking).charged(fee, opening).await
    }

    async fn open_own(
        &self,
        caller: &Caller,
        request: &BeginRequest,
    ) -> Result<RegistrationChallenge, Error> {
        let (site, now) = (self.site(), self.site().now());
        let began_at = caller.began_at(now);
        request.check_scope(&caller.scope)?;
        let user = site.active_user(&caller.user, began_at).await?.map_err(Error::may_not_add)?;
        let enrolment = EnrolmentId::mint()?;
        let terms = Terms {
            enrolment: &enrolment,
            scope: &caller.scope,
            approval: Approval::NotAsked,
            began_at,
            label: SlotLabel::OwnChallenge,
        };
        let Offer { slot, pending, challenge } = self.offer(user, request, terms).await?;
        let mut opened = Enrolment::new(enrolment.clone(), caller.user.clone(), now, pending.expires_at);
        opened.stage = Stage::Opened;
        opened.opening = Some(request.opening(now));
        opened.session = site.session_of(caller);
        let store: &dyn OneTimeStore<PendingRegistration> = site.records();
        let (inserted, entered) = both(store.insert(slot, pending), site.enrolments().enter(opened)).await;
        entered?;
        name_in_span(&enrolment);
        match inserted? {
            Insertion::Created => Ok(challenge),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }

    /// Spends the challenge of a signed-in user, and stores the credential that answers it.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        request: RegisterRequest,
    ) -> Result<Credential, Error> {
        let kind = request.kind();
        let source = request.source.as_deref();
        let asking = Asking::new(Step::CreateCredential, source).of(kind).by(&caller.user);
        self.check_own_kind(kind).map_err(|error| self.site().refuse(asking, error))?;
        let sought = Sought::<PendingRegistration, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::OwnChallenge, request.challenge_id.secret()),
            invalid: Error::invalid_challenge,
        };
        let began_at = caller.began_at(self.site().now());
        let creating = self.site().ceremony(asking).once(Fee::none(), sought, async |taken| {
            let pending = &taken.record;
            if pending.user != caller.user {
                return Err(Refusal::unspent(Error::invalid_challenge(Reason::NotFound)));
            }
            // What began first counts: neither may be older than what the user declared void.
            let began_at = pending.began_at.min(began_at);
            let closing = Closing { approval: Approval::NotAsked, began_at, source };
            self.close(taken, &request.challenge_id, request.answer, closing).await
        });
        Ok(creating.await?.credential)
    }

    /// Refuses a kind that a signed-in user can't add. What has a secret is added with a code alone,
    /// as published.
    pub(crate) fn check_own_kind(&self, kind: CredentialKind) -> Result<(), Error> {
        match kind {
            CredentialKind::Fido2
            | CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey => self.check_kind(kind),
            CredentialKind::Password | CredentialKind::Totp => {
                Err(Error::invalid_request(format!("A {kind} is added with a code alone.")))
            }
        }
    }
}
