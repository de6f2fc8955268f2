use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::action::{ActionFlowBuilder, ActionRequest};
use crate::assertion::{Assertion, AssertionError, Expected, VerifiedAssertion, verify};
use crate::flow::{
    BudgetScope, Error, Event, Front, NotTaken, Purses, Refusal, Refused, Spent, Step, Taken, take,
};
use crate::host::{Advance, Caller, CredentialRepository, SignCounters};
use crate::model::{
    ActionProof, Challenge, ChallengeId, Credential, CredentialId, CredentialKind, RelyingParty, Requirement,
    UserId,
};
use crate::store::{Insertion, OneTimeStore, PendingAction, SlotKeys, SlotLabel, UserAction};

/// Browsers refuse a longer list of passkeys, and one of keys has every encrypted key in it.
const MOST_OFFERED: usize = 64;

/// User action signing with everything that the host brought to it. Cheap to clone; made by [`ActionFlow::builder`].
///
/// Put it behind HTTP with [`ActionRouter`](crate::ActionRouter) or [`ActionLayer`](crate::ActionLayer), and in front of mint with
/// [`UserActions`](crate::UserActions); or call its three methods from a transport of your own.
#[derive(Clone)]
pub struct ActionFlow(Arc<Inner>);

pub(super) struct Inner {
    pub(super) front: Front,
    pub(super) credentials: Arc<dyn CredentialRepository>,
    pub(super) counters: Arc<dyn SignCounters>,
    pub(super) pending: Arc<dyn OneTimeStore<PendingAction>>,
    pub(super) actions: Arc<dyn OneTimeStore<UserAction>>,
    pub(super) slot_keys: SlotKeys,
    pub(super) user_verification: Requirement,
    pub(super) challenge_lifetime: Duration,
    pub(super) action_lifetime: Duration,
    pub(super) challenges_of_user: Purses,
    pub(super) misses_of_user: Purses,
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

/// A user action that was signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedAction {
    /// What goes along with the request.
    pub proof: ActionProof,
    /// When it stops working.
    pub expires_at: SystemTime,
}

impl ActionFlow {
    /// Starts one. See [`ActionFlowBuilder`] for what it needs.
    pub fn builder() -> ActionFlowBuilder {
        ActionFlowBuilder::new()
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// A signed-in user names the request that they are about to make, and gets a challenge. `source` is where that came from, for
    /// the events.
    pub async fn begin(
        &self,
        caller: &Caller,
        request: &ActionRequest,
        relying_party: Arc<RelyingParty>,
        source: Option<&str>,
    ) -> Result<ActionChallenge, Error> {
        let refused = Refused { step: Step::BeginAction, user: Some(&caller.user), kind: None, source };
        self.pay(&self.0.challenges_of_user, caller, refused).await?;
        match self.open(caller, request, relying_party).await {
            Ok(challenge) => Ok(challenge),
            Err(error) => {
                let error = self.refuse(refused, error);
                if error.is_failure() {
                    self.0.challenges_of_user.give_back(caller.user.as_str()).await;
                }
                Err(error)
            }
        }
    }

    /// The challenge is spent, the proof verified, and the user action made.
    pub async fn complete(
        &self,
        caller: &Caller,
        challenge_id: &ChallengeId,
        assertion: &Assertion,
        source: Option<&str>,
    ) -> Result<SignedAction, Error> {
        let (step, user) = (Step::CompleteAction, &caller.user);
        let refused = Refused { step, user: Some(user), kind: Some(assertion.kind), source };
        self.pay(&self.0.misses_of_user, caller, refused).await?;
        let secret = challenge_secret(user, challenge_id);
        let slots = self.0.slot_keys.all(SlotLabel::ActionChallenge, &secret);
        let taken = take(&*self.0.pending, slots, self.now()).await;
        if !matches!(taken, Err(NotTaken::Missing)) {
            self.0.misses_of_user.give_back(user.as_str()).await;
        }
        let Taken { slot, record: pending } = taken
            .map_err(|missing| self.refuse(refused, missing.into_error(Error::invalid_action_challenge)))?;
        match self.close(&pending, assertion).await {
            Ok(signed) => {
                let (credential, expires_at) = (&assertion.credential_id, signed.expires_at);
                self.0.front.listener.tell(&Event::ActionSigned { user, credential, expires_at, source });
                Ok(signed)
            }
            Err(Refusal { error, challenge }) => {
                let error = self.refuse(refused, error);
                match challenge {
                    Spent::PutBack => Taken { slot, record: pending }.put_back(&*self.0.pending).await,
                    Spent::ForGood => {}
                }
                Err(error)
            }
        }
    }

    /// The user action is spent on the request that comes with it. Missing, foreign, spent, expired, and signed for another request are
    /// one error; only the first request that it was signed for gets an `Ok`.
    pub async fn redeem(
        &self,
        caller: &Caller,
        proof: &ActionProof,
        request: &ActionRequest,
        source: Option<&str>,
    ) -> Result<(), Error> {
        let (step, user) = (Step::RedeemAction, &caller.user);
        let refused = Refused { step, user: Some(user), kind: None, source };
        self.pay(&self.0.misses_of_user, caller, refused).await?;
        let secret = action_secret(&request.binding(user), proof);
        let slots = self.0.slot_keys.all(SlotLabel::UserAction, &secret);
        let taken = take(&*self.0.actions, slots, self.now()).await;
        if !matches!(taken, Err(NotTaken::Missing)) {
            self.0.misses_of_user.give_back(user.as_str()).await;
        }
        let Taken { record: UserAction { credential, .. }, .. } =
            taken.map_err(|missing| self.refuse(refused, missing.into_error(Error::invalid_action)))?;
        self.0.front.listener.tell(&Event::ActionRedeemed { user, credential: &credential, source });
        Ok(())
    }

    pub(super) fn front(&self) -> &Front {
        &self.0.front
    }

    pub(super) fn refuse(&self, refused: Refused<'_>, error: impl Into<Error>) -> Error {
        self.0.front.listener.refuse(refused, error)
    }

    fn now(&self) -> SystemTime {
        self.0.front.clock.now()
    }

    /// Spends one of the caller's budget. A guess pays before it looks, so that many at once are no way around.
    async fn pay(&self, purses: &Purses, caller: &Caller, refused: Refused<'_>) -> Result<(), Error> {
        let paid = purses.spend(caller.user.as_str(), self.now()).await;
        paid.map_err(|unpaid| self.0.front.listener.refuse_unpaid(refused, BudgetScope::User, unpaid))
    }

    async fn open(
        &self,
        caller: &Caller,
        request: &ActionRequest,
        relying_party: Arc<RelyingParty>,
    ) -> Result<ActionChallenge, Error> {
        let credentials = self.0.credentials.credentials(&caller.user).await.map_err(Error::host)?;
        let (challenge, challenge_id) = Challenge::mint_with_id()?;
        let pending = PendingAction {
            user: caller.user.clone(),
            challenge: challenge.clone(),
            binding: request.binding(&caller.user),
            relying_party: relying_party.clone(),
            user_verification: self.0.user_verification,
            expires_at: self.now() + self.0.challenge_lifetime,
            returns: 0,
        };
        let secret = challenge_secret(&caller.user, &challenge_id);
        let slot = self.0.slot_keys.newest(SlotLabel::ActionChallenge, &secret);
        match self.0.pending.insert(slot, pending).await? {
            Insertion::Created => Ok(ActionChallenge {
                challenge,
                challenge_id,
                credentials: credentials_that_sign(credentials, caller, &relying_party),
                relying_party,
                user_verification: self.0.user_verification,
            }),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }

    async fn close(&self, pending: &PendingAction, assertion: &Assertion) -> Result<SignedAction, Refusal> {
        let credential = self.credential(&pending.user, &assertion.credential_id).await?;
        let expected = Expected::new(&pending.challenge).with_user_verification(pending.user_verification);
        let verified = verify(&pending.relying_party, &expected, &credential, assertion).map_err(refusal)?;
        let proof = ActionProof::mint().map_err(|error| Refusal::put_back(error.into()))?;
        let expires_at = self.now() + self.0.action_lifetime;
        let action = UserAction { user: pending.user.clone(), credential: credential.id, expires_at };
        let slot = self.0.slot_keys.newest(SlotLabel::UserAction, &action_secret(&pending.binding, &proof));
        match self.0.actions.insert(slot, action).await.map_err(|error| Refusal::put_back(error.into()))? {
            Insertion::Created => {}
            Insertion::Duplicate => return Err(Refusal::put_back(Error::drawn_before())),
        }
        // Last of all: whoever tries again after a failure would come with a counter that has not grown. An action whose proof nobody
        // has is worth nothing.
        self.count(&verified).await?;
        Ok(SignedAction { proof, expires_at })
    }

    /// The user's own credential of that id.
    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Credential, Refusal> {
        let credentials = self.0.credentials.credentials(user).await;
        let credentials = credentials.map_err(|error| Refusal::put_back(Error::host(error)))?;
        let own = credentials.into_iter().find(|credential| credential.id == *id && credential.user == *user);
        own.ok_or_else(|| refusal(AssertionError::Credential))
    }

    /// Stores the signature counter of an authenticator that counts.
    async fn count(&self, verified: &VerifiedAssertion) -> Result<(), Refusal> {
        if verified.sign_count() == 0 {
            return Ok(());
        }
        let advance = self.0.counters.advance(verified.credential_id(), verified.sign_count()).await;
        match advance.map_err(|error| Refusal::put_back(Error::host(error)))? {
            Advance::Advanced => Ok(()),
            Advance::NotGreater => Err(refusal(AssertionError::Counter)),
        }
    }
}

impl fmt::Debug for ActionFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionFlow")
            .field("pending", &self.0.pending)
            .field("actions", &self.0.actions)
            .field("clock", &self.0.front.clock)
            .finish_non_exhaustive()
    }
}

fn refusal(error: AssertionError) -> Refusal {
    let challenge = if error.is_mendable() { Spent::PutBack } else { Spent::ForGood };
    Refusal { error: error.into(), challenge }
}

/// Whose challenge it is goes into its slot, so that nobody else can spend it. The length keeps the two parts apart.
fn challenge_secret(user: &UserId, id: &ChallengeId) -> Vec<u8> {
    let length = user.as_str().len() as u64;
    [&length.to_be_bytes(), user.as_str().as_bytes(), id.secret()].concat()
}

/// The request that it is for goes into the slot of a user action, so that no other request can spend it.
fn action_secret(binding: &[u8; 32], proof: &ActionProof) -> Vec<u8> {
    [binding.as_slice(), proof.secret()].concat()
}

/// The caller's active credentials of the kinds that sign, and of too many passkeys, or of too many keys, the newest.
fn credentials_that_sign(
    mut credentials: Vec<Credential>,
    caller: &Caller,
    relying_party: &RelyingParty,
) -> Vec<Credential> {
    credentials.retain(|credential| {
        credential.is_active() && credential.user == caller.user && signs_for(credential, relying_party)
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
