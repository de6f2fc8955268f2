use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::event::{Asking, Step};
use crate::model::{Challenge, ChallengeId, RelyingParty, Requirement};
use crate::sign_in::SignInFlow;
use crate::store::{Slot, SlotLabel};

/// The data that a page needs to sign somebody in. As JSON it is a body for the page:
///
/// ```json
/// {
///   "challengeIdentifier": "…",
///   "publicKey": {
///     "challenge": "…", "rpId": "example.com", "timeout": 300000,
///     "userVerification": "required", "allowCredentials": []
///   }
/// }
/// ```
///
/// `PublicKeyCredential.parseRequestOptionsFromJSON` accepts `publicKey` unchanged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignInChallenge {
    /// The challenge to sign.
    pub challenge: Challenge,
    /// The handle to send back with the answer.
    pub challenge_id: ChallengeId,
    /// The relying party.
    pub relying_party: Arc<RelyingParty>,
    /// Whether the passkey has to verify the person.
    pub user_verification: Requirement,
    /// How long it can be answered.
    pub lifetime: Duration,
}

/// The content of a challenge id. Its holder can read all of that, and can't change it.
#[derive(Debug, Deserialize, Serialize)]
struct Handle {
    challenge: Challenge,
    relying_party: String,
    /// In microseconds since 1970.
    began_at: u64,
    expires_at: u64,
}

/// A challenge of ours that can be answered.
#[derive(Debug)]
pub(super) struct PendingSignIn {
    pub(super) challenge: Challenge,
    pub(super) began_at: SystemTime,
    pub(super) expires_at: SystemTime,
    /// The slot where it is spent.
    pub(super) slot: Slot,
}

impl SignInFlow {
    /// Step 1: creates a challenge for anybody. It stores nothing, so it has no budget.
    pub fn begin(&self, relying_party: &Arc<RelyingParty>) -> Result<SignInChallenge, Error> {
        let challenge =
            Challenge::mint().map_err(|error| self.site().refuse(Asking::new(Step::SignIn, None), error))?;
        let (now, lifetime) = (self.site().now(), self.0.policy.challenge_lifetime);
        let handle = Handle {
            challenge: challenge.clone(),
            relying_party: relying_party.id().to_owned(),
            began_at: micros(now),
            expires_at: micros(now + lifetime),
        };
        let challenge_id =
            ChallengeId::new(&*self.site().slot_keys().sign(SlotLabel::SignInChallenge, &handle));
        Ok(SignInChallenge {
            challenge,
            challenge_id,
            relying_party: relying_party.clone(),
            user_verification: self.0.policy.user_verification,
            lifetime,
        })
    }

    /// Reads a challenge id of ours that has not expired. Only the store knows whether it was
    /// spent.
    pub(super) fn pending(&self, id: &ChallengeId, relying_party: &RelyingParty) -> Option<PendingSignIn> {
        let (handle, slot) =
            self.site().slot_keys().read::<Handle>(SlotLabel::SignInChallenge, id.reveal())?;
        let is_alive = micros(self.site().now()) < handle.expires_at;
        let is_open = is_alive && handle.relying_party == relying_party.id();
        is_open.then(|| PendingSignIn {
            challenge: handle.challenge,
            began_at: UNIX_EPOCH + Duration::from_micros(handle.began_at),
            expires_at: UNIX_EPOCH + Duration::from_micros(handle.expires_at),
            slot,
        })
    }
}

fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
