use crate::action::{ActionFlow, ActionRequest, action_secret};
use crate::error::{Error, Reason};
use crate::event::{Asking, Event, Step};
use crate::host::Caller;
use crate::model::{ActionProof, Credential, UserId};
use crate::once::{Fee, Refusal, Sought};
use crate::store::{SlotLabel, UserAction};
use crate::together::both;

/// A request, with the user action that was signed for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedeemRequest {
    /// The proof that came with the request.
    pub proof: ActionProof,
    /// The request.
    pub action: ActionRequest,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl RedeemRequest {
    /// Creates a request without a source.
    pub fn new(proof: ActionProof, action: ActionRequest) -> Self {
        Self { proof, action, source: None }
    }
}

impl ActionFlow {
    /// Step 3: spends the user action on the request that comes with it.
    ///
    /// There is one error for an action that is missing, foreign, spent, expired, or signed for
    /// another request. Only the first request for which it was signed gets an `Ok`.
    pub async fn redeem(&self, caller: &Caller, request: RedeemRequest) -> Result<(), Error> {
        let (user, source) = (&caller.user, request.source.as_deref());
        let asking = Asking::new(Step::RedeemAction, source).by(user);
        let asked = self.0.policy.user_verification;
        let secret = action_secret(asked, &request.action.binding(user), &request.proof);
        let sought = Sought::<UserAction, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::UserAction, &secret),
            invalid: Error::invalid_action,
        };
        let redeeming = self.site().ceremony(asking).once(Fee::none(), sought, async |taken| {
            let action = &taken.record;
            let credential = &action.credential;
            self.check_redeemable(user, action).await.map_err(Refusal::for_good)?;
            self.site().tell(&Event::ActionRedeemed { user, credential, source });
            Ok(())
        });
        redeeming.await
    }

    /// Rejects an action whose user or credential may no longer be used.
    async fn check_redeemable(&self, user: &UserId, action: &UserAction) -> Result<(), Error> {
        let stored = self.site().credentials().credential(user, &action.credential);
        let (active, stored) = both(self.site().active_user(user, action.began_at), stored).await;
        active?.map_err(Error::invalid_action)?;
        let signs =
            |stored: &Credential| stored.uuid == action.uuid && stored.user == *user && stored.is_active();
        match stored.map_err(Error::host)?.is_some_and(|stored| signs(&stored)) {
            true => Ok(()),
            false => Err(Error::invalid_action(Reason::CredentialGone)),
        }
    }
}
