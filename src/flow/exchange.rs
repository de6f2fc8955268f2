use std::cmp::Reverse;
use std::sync::Arc;

use crate::flow::{CodeFlow, Error, Event, NotTaken, Reason, Refused, Step, Taken, take};
use crate::model::{
    Challenge, ChallengeId, Code, Credential, CredentialId, CredentialKind, CredentialStatus, Fido2Policy,
    Origin, OtpUrl, RelyingParty, User,
};
use crate::store::{CodeGrant, Insertion, PendingRegistration, SlotLabel};

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
    /// For which relying party: found from the request, never copied from whoever minted the code.
    pub relying_party: Arc<RelyingParty>,
    /// The origin that the request came from, if it said.
    pub origin: Option<Origin>,
}

impl ExchangeRequest {
    /// A request that says no origin.
    pub fn new(code: Code, kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { code, kind, relying_party, origin: None }
    }
}

/// What a client needs to make a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationChallenge {
    /// What to make.
    pub kind: CredentialKind,
    /// For whom.
    pub user: User,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// What to sign. A kind that signs nothing leaves it alone: it will be the credential's id, and is not in the answer.
    pub challenge: Challenge,
    /// The handle to come back with.
    pub challenge_id: ChallengeId,
    /// What is asked of a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// The passkeys that the user has for this relying party: an authenticator that holds one of them should not make another.
    pub exclude: Vec<CredentialId>,
    /// What the authenticator app scans, for `Totp`.
    pub otp_url: Option<OtpUrl>,
}

impl CodeFlow {
    /// Step 2: the code is spent, and a challenge comes back. `source` is where the request came from, for miss budgets and events.
    pub async fn exchange(
        &self,
        request: ExchangeRequest,
        source: Option<&str>,
    ) -> Result<RegistrationChallenge, Error> {
        let refused = Refused { step: Step::Exchange, user: None, kind: Some(request.kind), source };
        self.check_kind(request.kind).map_err(|error| self.refuse(refused, error))?;
        let attempt = self.begin_attempt(refused).await?;
        let slots = self.0.slot_keys.all(SlotLabel::Code, request.code.secret());
        let taken = take(&*self.0.codes, slots, self.now()).await;
        if !matches!(taken, Err(NotTaken::Missing)) {
            attempt.forgive().await;
        }
        let Taken { slot, record: grant } =
            taken.map_err(|missing| self.refuse(refused, missing.into_error(Error::invalid_code)))?;

        let refused = Refused { user: Some(&grant.user), ..refused };
        match self.open_registration(&grant, &request).await {
            Ok(challenge) => {
                self.tell(&Event::Exchanged {
                    user: &grant.user,
                    kind: request.kind,
                    relying_party: request.relying_party.id(),
                    expires_at: grant.expires_at,
                    source,
                });
                Ok(challenge)
            }
            Err(error) => {
                let error = self.refuse(refused, error);
                if error.is_failure() {
                    Taken { slot, record: grant }.put_back(&*self.0.codes).await;
                }
                Err(error)
            }
        }
    }

    /// Refuses a kind that the host did not allow, before anything is spent.
    pub(crate) fn check_kind(&self, kind: CredentialKind) -> Result<(), Error> {
        if self.0.kinds.contains(&kind) {
            return Ok(());
        }
        let allowed: Vec<_> = self.0.kinds.iter().map(|kind| kind.as_str()).collect();
        Err(Error::invalid_request(format!(
            "credentialKind {kind} is not allowed here, but these are: {}",
            allowed.join(", ")
        )))
    }

    async fn open_registration(
        &self,
        grant: &CodeGrant,
        request: &ExchangeRequest,
    ) -> Result<RegistrationChallenge, Error> {
        let Some(user) = self.active_user(&grant.user).await? else {
            return Err(Error::invalid_code(Reason::UserGone));
        };
        let exclude = match request.kind {
            CredentialKind::Fido2 => {
                let credentials = self.0.credentials.credentials(&user.id).await.map_err(Error::host)?;
                passkeys_to_exclude(credentials, &request.relying_party)
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
            fido2: self.0.fido2.clone(),
            expires_at: self.now() + self.0.challenge_lifetime,
            returns: 0,
            offered: None,
        };
        let slot = self.0.slot_keys.newest(SlotLabel::Challenge, challenge_id.secret());
        let otp_url = self.otp_url(request.kind, slot, &challenge_id, &request.relying_party, &user);
        match self.0.pending.insert(slot, pending).await? {
            Insertion::Created => Ok(RegistrationChallenge {
                kind: request.kind,
                user,
                relying_party: request.relying_party.clone(),
                challenge,
                challenge_id,
                fido2: self.0.fido2.clone(),
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
