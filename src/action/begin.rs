use std::sync::Arc;

use crate::action::{ActionFlow, ActionRequest, challenge_secret};
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::Caller;
use crate::model::{
    Challenge, ChallengeId, CredentialDescriptor, CredentialKind, Insertion, RelyingParty, Requirement,
    UserId,
};
use crate::once::Fee;
use crate::store::{OneTimeStore, PendingAction, SlotLabel};
use crate::together::both;

/// Browsers refuse a longer list of passkeys.
const MOST_PASSKEYS: usize = 64;
/// Published signers look for their own id in the list. So it has as many keys as a user may have
/// by default.
const MOST_KEYS: usize = 256;

/// A request to sign an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BeginRequest {
    /// The request that the user is about to make.
    pub action: ActionRequest,
    /// The relying party.
    pub relying_party: Arc<RelyingParty>,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl BeginRequest {
    /// Creates a request without a source.
    pub fn new(action: ActionRequest, relying_party: Arc<RelyingParty>) -> Self {
        Self { action, relying_party, source: None }
    }
}

/// The data that a client needs to sign an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActionChallenge {
    /// The challenge to sign.
    pub challenge: Challenge,
    /// The handle to send back with the answer.
    pub challenge_id: ChallengeId,
    /// The caller's passkeys for the relying party, which may sign.
    pub passkeys: Vec<CredentialDescriptor>,
    /// The caller's keys, which may sign.
    pub keys: Vec<CredentialDescriptor>,
    /// The relying party.
    pub relying_party: Arc<RelyingParty>,
    /// Whether the passkey has to verify the person.
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
        let (passkeys, keys) = self.credentials_that_sign(user, relying_party).await?;
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
                passkeys,
                keys,
                relying_party: relying_party.clone(),
                user_verification: self.0.policy.user_verification,
            }),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }

    /// Returns the newest of the user's passkeys and keys, with a bound on each.
    async fn credentials_that_sign(
        &self,
        user: &UserId,
        relying_party: &RelyingParty,
    ) -> Result<(Vec<CredentialDescriptor>, Vec<CredentialDescriptor>), Error> {
        let credentials = self.site().credentials();
        let passkeys = async {
            match cfg!(feature = "fido2") {
                true => credentials.passkeys(user, relying_party.id(), MOST_PASSKEYS).await,
                false => Ok(Vec::new()),
            }
        };
        let (passkeys, keys) = both(passkeys, credentials.keys(user, MOST_KEYS)).await;
        let (mut passkeys, mut keys) = (passkeys.map_err(Error::host)?, keys.map_err(Error::host)?);
        passkeys.retain(|passkey| passkey.kind == CredentialKind::Fido2);
        passkeys.truncate(MOST_PASSKEYS);
        keys.retain(|key| key.kind.signs() && key.kind != CredentialKind::Fido2);
        keys.truncate(MOST_KEYS);
        Ok((passkeys, keys))
    }
}
