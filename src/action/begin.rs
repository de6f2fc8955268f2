use std::cmp::Reverse;
use std::sync::Arc;

use crate::action::{ActionFlow, ActionRequest, challenge_secret};
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::Caller;
use crate::model::{
    Challenge, ChallengeId, Credential, CredentialKind, Insertion, RelyingParty, Requirement, UserId,
};
use crate::once::Fee;
use crate::store::{OneTimeStore, PendingAction, SlotLabel};

/// Browsers refuse a longer list of passkeys, and one of keys has every encrypted key in it.
const MOST_OFFERED: usize = 64;

/// A wish to sign an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BeginRequest {
    /// The request that the user is about to make.
    pub action: ActionRequest,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// Where the wish comes from, for the events.
    pub source: Option<String>,
}

impl BeginRequest {
    /// Creates a request without a source.
    pub fn new(action: ActionRequest, relying_party: Arc<RelyingParty>) -> Self {
        Self { action, relying_party, source: None }
    }
}

/// What a client needs to sign an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActionChallenge {
    /// What to sign.
    pub challenge: Challenge,
    /// The handle to come back with.
    pub challenge_id: ChallengeId,
    /// The caller's credentials that may sign: of passkeys, those of the relying party.
    pub credentials: Vec<Credential>,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// Whether the person has to be verified by their passkey.
    pub user_verification: Requirement,
}

impl ActionFlow {
    /// Step 1: a signed-in user names the request that they are about to make, and gets a
    /// challenge.
    pub async fn begin(&self, caller: &Caller, request: BeginRequest) -> Result<ActionChallenge, Error> {
        let asking = Asking::new(Step::BeginAction, request.source.as_deref()).by(&caller.user);
        let fee = Fee::of_user(&self.0.challenges_of_user, &caller.user);
        let opening = self.open(caller, &request.action, &request.relying_party);
        self.site().ceremony(asking).charged(fee, opening).await
    }

    async fn open(
        &self,
        caller: &Caller,
        action: &ActionRequest,
        relying_party: &Arc<RelyingParty>,
    ) -> Result<ActionChallenge, Error> {
        let (user, now) = (&caller.user, self.site().now());
        let credentials = self.site().credentials().credentials(user).await.map_err(Error::host)?;
        let (challenge, challenge_id) = Challenge::mint_with_id()?;
        let pending = PendingAction {
            user: user.clone(),
            challenge: challenge.clone(),
            binding: action.binding(user),
            relying_party: relying_party.clone(),
            user_verification: self.0.policy.user_verification,
            began_at: caller.began_at(now),
            expires_at: now + self.0.policy.challenge_lifetime,
            returns: 0,
        };
        let secret = challenge_secret(self.0.policy.user_verification, user, &challenge_id);
        let slot = self.site().slot_keys().newest(SlotLabel::ActionChallenge, &secret);
        let store: &dyn OneTimeStore<PendingAction> = self.site().records();
        match store.insert(slot, pending).await? {
            Insertion::Created => Ok(ActionChallenge {
                challenge,
                challenge_id,
                credentials: credentials_that_sign(credentials, user, relying_party),
                relying_party: relying_party.clone(),
                user_verification: self.0.policy.user_verification,
            }),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }
}

/// The user's active credentials of the kinds that sign, and of too many passkeys, or of too many
/// keys, the newest.
fn credentials_that_sign(
    mut credentials: Vec<Credential>,
    user: &UserId,
    relying_party: &RelyingParty,
) -> Vec<Credential> {
    credentials.retain(|credential| {
        credential.is_active() && credential.user == *user && signs_for(credential, relying_party)
    });
    credentials.sort_by_key(|credential| Reverse(credential.created_at));
    let (mut passkeys, mut keys) = (0, 0);
    credentials.retain(|credential| {
        let newer = if credential.kind == CredentialKind::Fido2 { &mut passkeys } else { &mut keys };
        *newer += 1;
        *newer <= MOST_OFFERED
    });
    credentials
}

fn signs_for(credential: &Credential, relying_party: &RelyingParty) -> bool {
    match credential.kind {
        CredentialKind::Key | CredentialKind::PasswordProtectedKey => true,
        CredentialKind::Fido2 => cfg!(feature = "fido2") && credential.relying_party_id == relying_party.id(),
        CredentialKind::RecoveryKey | CredentialKind::Password | CredentialKind::Totp => false,
    }
}
