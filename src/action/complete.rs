use std::time::SystemTime;

use crate::action::{ActionFlow, action_secret, challenge_secret};
use crate::assertion::{Assertion, AssertionError, Expected, VerifiedAssertion, verify};
use crate::error::{BoxError, Error};
use crate::event::{Asking, Event, Step};
use crate::host::{Advance, Caller};
use crate::model::{ActionProof, ChallengeId, Credential, CredentialId, Insertion, User, UserId};
use crate::once::{Refusal, Sought};
use crate::site::active;
use crate::store::{OneTimeStore, PendingAction, SlotLabel, UserAction};
use crate::together::both;

/// The signed challenge of an action.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompleteRequest {
    /// The handle of the challenge.
    pub challenge_id: ChallengeId,
    /// The proof by an existing credential.
    pub assertion: Assertion,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl CompleteRequest {
    /// Creates a request without a source.
    pub fn new(challenge_id: ChallengeId, assertion: Assertion) -> Self {
        Self { challenge_id, assertion, source: None }
    }
}

/// A user action that was signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedAction {
    /// The proof to send along with the request.
    pub proof: ActionProof,
    /// When it expires.
    pub expires_at: SystemTime,
}

/// The host's data about the caller, and about the credential that they name.
struct Looked {
    credential: Result<Option<Credential>, BoxError>,
    user: Result<Option<User>, Error>,
}

impl ActionFlow {
    /// Step 2: spends the challenge, verifies the proof, and creates the user action.
    pub async fn complete(&self, caller: &Caller, request: CompleteRequest) -> Result<SignedAction, Error> {
        let (user, source) = (&caller.user, request.source.as_deref());
        let asking = Asking::new(Step::CompleteAction, source).by(user).of(request.assertion.kind);
        let secret = challenge_secret(self.0.policy.user_verification, user, &request.challenge_id);
        let sought = Sought::<PendingAction, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::ActionChallenge, &secret),
            invalid: Error::invalid_action_challenge,
        };
        // These look-ups do not depend on the challenge, which is the caller's own.
        let look = self.look(user, &request.assertion.credential_id);
        let completing = self.site().ceremony(asking).once_while(sought, look, async |taken, looked| {
            let signed = self.close(&taken.record, &request.assertion, looked).await?;
            let (credential, expires_at) = (&request.assertion.credential_id, signed.expires_at);
            self.site().tell(&Event::ActionSigned { user, credential, expires_at, source });
            Ok(signed)
        });
        completing.await
    }

    async fn look(&self, user: &UserId, id: &CredentialId) -> Looked {
        let looks = both(self.site().credentials().credential(user, id), self.site().user(user));
        let (credential, user) = looks.await;
        Looked { credential, user }
    }

    async fn close(
        &self,
        pending: &PendingAction,
        assertion: &Assertion,
        looked: Looked,
    ) -> Result<SignedAction, Refusal<PendingAction>> {
        let stored = looked.credential.map_err(|error| Refusal::put_back(Error::host(error)))?;
        let is_own =
            |stored: &Credential| stored.id == assertion.credential_id && stored.user == pending.user;
        let credential = stored.filter(is_own).ok_or_else(|| refusal(AssertionError::Credential))?;
        let user = active(looked.user.map_err(Refusal::put_back)?, pending.began_at);
        let user = user.map_err(|reason| Refusal::for_good(Error::invalid_action_challenge(reason)))?;
        let expected = Expected::new(&pending.challenge)
            .with_user_verification(pending.user_verification)
            .with_user_handle(user.handle());
        let verified = verify(&pending.relying_party, &expected, &credential, assertion).map_err(refusal)?;
        let proof = ActionProof::mint().map_err(Refusal::put_back)?;
        let expires_at = self.site().now() + self.0.policy.action_lifetime;
        let action = UserAction {
            user: pending.user.clone(),
            credential: credential.id,
            uuid: credential.uuid,
            began_at: pending.began_at,
            expires_at,
        };
        let secret = action_secret(pending.user_verification, &pending.binding, &proof);
        let slot = self.site().slot_keys().newest(SlotLabel::UserAction, &secret);
        let store: &dyn OneTimeStore<UserAction> = self.site().records();
        match store.insert(slot, action).await.map_err(Refusal::put_back)? {
            Insertion::Created => {}
            Insertion::Duplicate => return Err(Refusal::put_back(Error::drawn_before())),
        }
        // This comes last: another try after a failure would come with a counter that has not
        // grown. An action is worth nothing while nobody has its proof.
        self.count(&verified).await?;
        Ok(SignedAction { proof, expires_at })
    }

    /// Stores the signature counter of an authenticator that counts.
    async fn count(&self, verified: &VerifiedAssertion) -> Result<(), Refusal<PendingAction>> {
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

fn refusal(error: AssertionError) -> Refusal<PendingAction> {
    if error.is_mendable() { Refusal::put_back(error) } else { Refusal::for_good(error) }
}
