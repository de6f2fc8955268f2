use std::cmp::Reverse;
use std::sync::Arc;

use crate::code::CodeFlow;
use crate::error::{Error, Reason};
use crate::event::{Asking, Event, Step};
use crate::model::{
    Challenge, ChallengeId, Code, Credential, CredentialId, CredentialKind, CredentialStatus, Fido2Policy,
    Insertion, Origin, OtpUrl, RelyingParty, User, UserId,
};
use crate::once::{Refusal, Sought};
use crate::store::{CodeGrant, OneTimeStore, PendingRegistration, SlotLabel};

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
    /// Where the request comes from, for miss budgets and events.
    pub source: Option<String>,
}

impl ExchangeRequest {
    /// Creates a request that says neither origin nor source.
    pub fn new(code: Code, kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { code, kind, relying_party, origin: None, source: None }
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
            let challenge = self.open(&grant.user, &request).await.map_err(Refusal::of_failures)?;
            self.site().tell(&Event::Exchanged {
                user: &grant.user,
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
    async fn open(&self, user: &UserId, request: &ExchangeRequest) -> Result<RegistrationChallenge, Error> {
        let Some(user) = self.site().active_user(user).await? else {
            return Err(Error::invalid_code(Reason::UserGone));
        };
        let exclude = match request.kind {
            CredentialKind::Fido2 => {
                let credentials = self.site().credentials().credentials(&user.id).await;
                passkeys_to_exclude(credentials.map_err(Error::host)?, &request.relying_party)
            }
            CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password
            | CredentialKind::Totp => Vec::new(),
        };
        let (challenge, challenge_id) = Challenge::mint_with_id()?;
        let pending = PendingRegistration {
            user: user.id.clone(),
            kind: request.kind,
            challenge: challenge.clone(),
            relying_party: request.relying_party.clone(),
            origin: request.origin.clone(),
            fido2: self.inner.fido2.clone(),
            expires_at: self.site().now() + self.inner.policy.challenge_lifetime,
            returns: 0,
            offered: None,
        };
        let keys = self.site().slot_keys();
        let slot = keys.newest(SlotLabel::Challenge, challenge_id.secret());
        let secrets = &self.inner.secrets;
        let otp_url = secrets.otp_url(request.kind, keys, slot, &challenge_id, &request.relying_party, &user);
        let store: &dyn OneTimeStore<PendingRegistration> = self.site().records();
        match store.insert(slot, pending).await? {
            Insertion::Created => Ok(RegistrationChallenge {
                kind: request.kind,
                user,
                relying_party: request.relying_party.clone(),
                challenge,
                challenge_id,
                fido2: self.inner.fido2.clone(),
                exclude,
                otp_url,
            }),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }
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
