//! A credential that a signed-in user adds in the current application, without a code.
//!
//! It is an enrolment like any other, and begins as opened. Its owner sees it, may revoke it, and
//! gets a token that undoes it. Its challenge is in slots of its own, so it is worth nothing where
//! the challenge of a code is expected. Nobody is asked for approval: the owner acts here.

use crate::code::opening::{Offer, Terms, check_scope};
use crate::code::register::Closing;
use crate::code::{BeginRequest, CodeFlow, RegisterRequest, RegistrationChallenge};
use crate::error::Error;
use crate::event::{Asking, Step, name_in_span};
use crate::host::Caller;
use crate::model::{
    Approval, ChallengeId, Credential, CredentialKind, Enrolment, EnrolmentId, Insertion, Stage, UserId,
};
use crate::once::{Fee, Refusal, Sought};
use crate::store::{OneTimeStore, PendingRegistration, SlotLabel};
use crate::together::both;

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
        check_scope(&caller.scope, request.kind, &request.relying_party)?;
        let candidate = self.look_up(&caller.user, began_at, request).await?;
        let candidate = candidate.map_err(Error::may_not_add)?;
        let enrolment = EnrolmentId::mint()?;
        let terms = Terms {
            enrolment: &enrolment,
            scope: &caller.scope,
            approval: Approval::NotAsked,
            began_at,
            slot_of: |keys, user, id| keys.newest(SlotLabel::OwnChallenge, &own_secret(user, id)),
        };
        let Offer { slot, pending, challenge } = self.offer(candidate, request, terms)?;
        let mut opened = Enrolment::new(enrolment.clone(), caller.user.clone(), now, pending.expires_at);
        opened.stage = Stage::Opened;
        opened.opening = Some(request.opening(now));
        opened.session = site.session_of(caller);
        let store: &dyn OneTimeStore<PendingRegistration> = site.records();
        let (inserted, entered) = both(store.insert(slot, pending), site.enrolments().enter(opened)).await;
        entered?;
        name_in_span(&enrolment);
        let laid = match inserted {
            Ok(Insertion::Created) => self.supersede(&caller.user, request.source.as_deref()).await,
            Ok(Insertion::Duplicate) => Err(Error::drawn_before()),
            Err(error) => Err(error.into()),
        };
        if laid.is_err() {
            self.withdraw(&caller.user, &enrolment).await;
        }
        laid.map(|()| challenge)
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
        let secret = own_secret(&caller.user, &request.challenge_id);
        let sought = Sought::<PendingRegistration, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::OwnChallenge, &secret),
            invalid: Error::invalid_challenge,
        };
        let began_at = caller.began_at(self.site().now());
        let creating = self.site().ceremony(asking).once(Fee::none(), sought, async |taken| {
            let pending = &taken.record;
            // Another session of the same user may have begun it.
            check_scope(&caller.scope, pending.kind, &pending.relying_party).map_err(Refusal::unspent)?;
            // The earlier of the two counts. Neither may be older than the time before which the
            // user declared everything void.
            let began_at = pending.began_at.min(began_at);
            let closing = Closing { approval: Approval::NotAsked, began_at, source };
            self.close(taken, &request.challenge_id, request.answer, closing).await
        });
        Ok(creating.await?.credential)
    }

    /// Rejects a kind that a signed-in user can't add. A kind with a secret can be added only with
    /// a code, as published.
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

/// Puts the user of the challenge into its slot, so nobody else can spend it. The length keeps the
/// parts apart.
fn own_secret(user: &UserId, id: &ChallengeId) -> Vec<u8> {
    let length = user.as_str().len() as u64;
    [&length.to_be_bytes()[..], user.as_str().as_bytes(), id.secret()].concat()
}
