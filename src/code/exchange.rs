use std::sync::Arc;

use crate::code::opening::{Offer, Terms, check_scope};
use crate::code::{BeginRequest, CodeFlow, RegistrationChallenge};
use crate::enrolment::{Enrolments, NotAdvanced};
use crate::error::{Error, ErrorKind, Reason};
use crate::event::{Asking, Event, Step};
use crate::model::{Code, CredentialKind, Insertion, Origin, RelyingParty, Stage};
use crate::once::{Refusal, Sought};
use crate::store::{Change, CodeGrant, OneTimeStore, PendingRegistration, SlotLabel};
use crate::together::both;

/// A code, and what it should buy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExchangeRequest {
    /// The code.
    pub code: Code,
    /// The kind of credential to register.
    pub kind: CredentialKind,
    /// The relying party. It is found from this request, never copied from the mint.
    pub relying_party: Arc<RelyingParty>,
    /// The origin of the request, if the request named one.
    pub origin: Option<Origin>,
    /// The network source of the request, for miss budgets, for events and for the code's owner.
    pub source: Option<String>,
    /// The host's own words for the place of the request, for the code's owner.
    pub place: Option<String>,
}

impl ExchangeRequest {
    /// Creates a request without origin, source and place.
    pub fn new(code: Code, kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { code, kind, relying_party, origin: None, source: None, place: None }
    }
}

impl CodeFlow {
    /// Step 2: spends the code, and returns a challenge.
    pub async fn exchange(&self, request: ExchangeRequest) -> Result<RegistrationChallenge, Error> {
        let ExchangeRequest { code, kind, relying_party, origin, source, place } = request;
        let request = BeginRequest { kind, relying_party, origin, source, place };
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Exchange, source).of(kind);
        self.check_kind(kind).map_err(|error| self.site().refuse(asking, error))?;
        let sought = Sought::<CodeGrant, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::Code, code.secret()),
            invalid: Error::invalid_code,
        };
        let exchanging = self.site().ceremony(asking).once(self.fee_of_guess(source), sought, async |code| {
            let grant = &code.record;
            check_scope(&grant.scope, kind, &request.relying_party).map_err(Refusal::unspent)?;
            let challenge = self.open(grant, &request).await.map_err(refusal)?;
            self.site().tell(&Event::Exchanged {
                user: &grant.user,
                enrolment: &grant.enrolment,
                kind,
                relying_party: request.relying_party.id(),
                expires_at: grant.expires_at,
                source,
            });
            Ok(challenge)
        });
        exchanging.await
    }

    /// Opens a registration.
    async fn open(&self, grant: &CodeGrant, request: &BeginRequest) -> Result<RegistrationChallenge, Error> {
        let site = self.site();
        let candidate = self.look_up(&grant.user, grant.began_at, request).await?;
        let candidate = candidate.map_err(Error::invalid_code)?;
        let terms = Terms {
            enrolment: &grant.enrolment,
            scope: &grant.scope,
            approval: grant.approval,
            began_at: grant.began_at,
            slot_of: |keys, _, id| keys.newest(SlotLabel::Challenge, id.secret()),
        };
        let Offer { slot, pending, challenge } = self.offer(candidate, request, terms)?;
        let store: &dyn OneTimeStore<PendingRegistration> = site.records();
        // The order does not matter: a challenge is worth nothing while nobody knows its id. An
        // earlier try that failed may have opened the enrolment, for this code alone.
        let opening = Some(request.opening(site.now()));
        let change = Change { opening, ..Enrolments::until(Stage::Opened, pending.expires_at) };
        let from = [Stage::Waiting, Stage::Opened];
        let advancing = site.enrolments().advance(&grant.user, &grant.enrolment, &from, change);
        let (inserted, advanced) = both(store.insert(slot, pending), advancing).await;
        match advanced {
            Ok(_) => {}
            Err(NotAdvanced::At(_) | NotAdvanced::Gone) => return Err(Error::invalid_code(Reason::Ended)),
            Err(NotAdvanced::Unknown(error)) => return Err(error.into()),
        }
        match inserted? {
            Insertion::Created => Ok(challenge),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }
}

/// Decides what remains of the code. A user with too many credentials may remove one. A user whose
/// name can't be shown may change it. Then the same code works.
fn refusal(error: Error) -> Refusal<CodeGrant> {
    if matches!(error.kind(), ErrorKind::TooManyCredentials | ErrorKind::InvalidRequest) {
        return Refusal::put_back(error);
    }
    Refusal::of_failures(error)
}
