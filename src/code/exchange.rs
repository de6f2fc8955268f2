use std::cmp::Reverse;
use std::sync::Arc;
use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::enrolment::{Enrolments, NotAdvanced};
use crate::error::{Error, ErrorKind, Reason};
use crate::event::{Asking, Event, Step};
use crate::model::{
    Challenge, ChallengeId, Code, Credential, CredentialId, CredentialKind, CredentialStatus, Fido2Policy,
    Insertion, Opening, Origin, OtpUrl, RelyingParty, Scope, Stage, User,
};
use crate::once::{Refusal, Sought, both};
use crate::store::{Change, CodeGrant, OneTimeStore, PendingRegistration, SlotLabel};

/// Browsers refuse a longer list.
const MOST_EXCLUDED: usize = 64;

/// A code, and what it should buy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExchangeRequest {
    /// The code.
    pub code: Code,
    /// What is to be registered.
    pub kind: CredentialKind,
    /// For which relying party: found from this request, never copied from the mint.
    pub relying_party: Arc<RelyingParty>,
    /// The origin that the request came from, if it said.
    pub origin: Option<Origin>,
    /// Where the request comes from, for miss budgets, for events and for the code's owner.
    pub source: Option<String>,
    /// The host's own words for where it comes from, for the code's owner.
    pub place: Option<String>,
}

impl ExchangeRequest {
    /// Creates a request that says neither origin nor source nor place.
    pub fn new(code: Code, kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { code, kind, relying_party, origin: None, source: None, place: None }
    }
}

/// What a client needs to make a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationChallenge {
    /// What to make.
    pub kind: CredentialKind,
    /// The user who will own the credential.
    pub user: User,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// What to sign. A kind that signs nothing leaves it alone: it will be the credential's id, and
    /// is not in the answer.
    pub challenge: Challenge,
    /// The handle to come back with.
    pub challenge_id: ChallengeId,
    /// What is asked of a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// The passkeys that the user has for this relying party: an authenticator that holds one of
    /// them should not make another.
    pub exclude: Vec<CredentialId>,
    /// What the authenticator app scans, for `Totp`.
    pub otp_url: Option<OtpUrl>,
}

impl CodeFlow {
    /// Step 2: spends the code, and returns a challenge.
    pub async fn exchange(&self, request: ExchangeRequest) -> Result<RegistrationChallenge, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Exchange, source).of(request.kind);
        self.check_kind(request.kind).map_err(|error| self.site().refuse(asking, error))?;
        let sought = Sought::<CodeGrant, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::Code, request.code.secret()),
            invalid: Error::invalid_code,
        };
        let exchanging = self.site().ceremony(asking).once(self.fee_of_guess(source), sought, async |code| {
            let grant = &code.record;
            check_scope(&grant.scope, &request).map_err(Refusal::unspent)?;
            let challenge = self.open(grant, &request).await.map_err(Refusal::of_failures)?;
            self.site().tell(&Event::Exchanged {
                user: &grant.user,
                enrolment: &grant.enrolment,
                kind: request.kind,
                relying_party: request.relying_party.id(),
                expires_at: grant.expires_at,
                source,
            });
            Ok(challenge)
        });
        exchanging.await
    }

    /// Opens a registration.
    async fn open(
        &self,
        grant: &CodeGrant,
        request: &ExchangeRequest,
    ) -> Result<RegistrationChallenge, Error> {
        let site = self.site();
        let user = site.active_user(&grant.user, grant.began_at).await?.map_err(Error::invalid_code)?;
        let exclude = match request.kind {
            CredentialKind::Fido2 => {
                let credentials = site.credentials().credentials(&user.id).await;
                passkeys_to_exclude(credentials.map_err(Error::host)?, &request.relying_party)
            }
            CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password
            | CredentialKind::Totp => Vec::new(),
        };
        let (challenge, challenge_id) = Challenge::mint_with_id()?;
        let (now, fido2) = (site.now(), self.fido2_policy(&grant.scope));
        let expires_at = now + self.inner.policy.challenge_lifetime;
        let pending = PendingRegistration {
            user: user.id.clone(),
            enrolment: grant.enrolment.clone(),
            approval: grant.approval,
            began_at: grant.began_at,
            kind: request.kind,
            challenge: challenge.clone(),
            relying_party: request.relying_party.clone(),
            origin: request.origin.clone(),
            fido2: fido2.clone(),
            expires_at,
            returns: 0,
            offered: None,
            awaited: None,
        };
        let keys = site.slot_keys();
        let slot = keys.newest(SlotLabel::Challenge, challenge_id.secret());
        let secrets = &self.inner.secrets;
        let otp_url = secrets.otp_url(request.kind, keys, slot, &challenge_id, &request.relying_party, &user);
        let store: &dyn OneTimeStore<PendingRegistration> = site.records();
        // A challenge whose id nobody knows is worth nothing, whichever is first. An earlier try
        // that failed may have opened the enrolment, for this code alone.
        let change =
            Change { opening: Some(opening(request, now)), ..Enrolments::until(Stage::Opened, expires_at) };
        let from = [Stage::Waiting, Stage::Opened];
        let advancing = site.enrolments().advance(&user.id, &grant.enrolment, &from, change);
        let (inserted, advanced) = both(store.insert(slot, pending), advancing).await;
        match advanced {
            Ok(_) => {}
            Err(NotAdvanced::At(_) | NotAdvanced::Gone) => return Err(Error::invalid_code(Reason::Ended)),
            Err(NotAdvanced::Unknown(error)) => return Err(error.into()),
        }
        match inserted? {
            Insertion::Created => Ok(RegistrationChallenge {
                kind: request.kind,
                user,
                relying_party: request.relying_party.clone(),
                challenge,
                challenge_id,
                fido2,
                exclude,
                otp_url,
            }),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }

    /// What is asked of a passkey: the policy, less what the scope says otherwise.
    fn fido2_policy(&self, scope: &Scope) -> Arc<Fido2Policy> {
        if scope.attachment.is_none() && scope.hints.is_empty() {
            return self.inner.fido2.clone();
        }
        let mut policy = Fido2Policy::clone(&self.inner.fido2);
        policy.attachment = scope.attachment.or(policy.attachment);
        if !scope.hints.is_empty() {
            policy.hints.clone_from(&scope.hints);
        }
        Arc::new(policy)
    }
}

/// What the code's owner is shown.
fn opening(request: &ExchangeRequest, at: SystemTime) -> Arc<Opening> {
    let (origin, source, place) = (request.origin.clone(), request.source.clone(), request.place.clone());
    Arc::new(Opening { origin, source, place, ..Opening::new(at, request.kind, request.relying_party.id()) })
}

/// Refuses what the code may not buy. The code is not spent by that.
fn check_scope(scope: &Scope, request: &ExchangeRequest) -> Result<(), Error> {
    let message = if !scope.has_kind(request.kind) {
        format!("This code adds no {}.", request.kind)
    } else if !scope.has_relying_party(request.relying_party.id()) {
        format!("This code adds nothing for {}.", request.relying_party.id())
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Forbidden, message))
}

/// The ids of the active passkeys of that relying party, of too many the newest.
fn passkeys_to_exclude(mut credentials: Vec<Credential>, relying_party: &RelyingParty) -> Vec<CredentialId> {
    credentials.retain(|credential| {
        credential.kind == CredentialKind::Fido2
            && credential.status == CredentialStatus::Active
            && credential.relying_party_id == relying_party.id()
    });
    if credentials.len() > MOST_EXCLUDED {
        credentials.sort_by_key(|credential| Reverse(credential.created_at));
        credentials.truncate(MOST_EXCLUDED);
    }
    credentials.into_iter().map(|credential| credential.id).collect()
}
