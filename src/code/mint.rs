use std::time::SystemTime;

use crate::code::{CodeFlow, Expiration};
use crate::enrolment::NotAdvanced;
use crate::error::Error;
use crate::event::{Asking, Event, Step, name_in_span};
use crate::host::Caller;
use crate::model::{Code, Enrolment, EnrolmentId, Insertion, Stage, UserId};
use crate::once::Fee;
use crate::store::{CodeGrant, OneTimeStore, SlotLabel};
use crate::together::both;

/// Two codes in a row that are both outstanding already mean a broken generator, and not bad luck.
const MOST_TRIES: usize = 4;

/// The request of a user who asks for a code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MintRequest {
    /// When the code should expire.
    pub expiration: Expiration,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl MintRequest {
    /// Creates a request without a source.
    pub fn new(expiration: Expiration) -> Self {
        Self { expiration, source: None }
    }
}

/// A code, and when it expires.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MintedCode {
    /// The code.
    pub code: Code,
    /// The enrolment that it begins. Its owner follows and ends it under this id.
    pub enrolment: EnrolmentId,
    /// When it expires.
    pub expires_at: SystemTime,
}

impl CodeFlow {
    /// Step 1: creates a code for a signed-in user.
    pub async fn mint(&self, caller: &Caller, request: MintRequest) -> Result<MintedCode, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Mint, source).by(&caller.user);
        let expires_at = self.code_expiry(&request).map_err(|error| self.site().refuse(asking, error))?;
        let fee = Fee::of_user(&self.inner.codes_of_user, &caller.user);
        let began_at = caller.began_at(self.site().now());
        let user = self.site().active_user(&caller.user, began_at);
        let minting = self.site().ceremony(asking).charged_while(fee, user, async |user| {
            let user = user.map_err(Error::may_not_add)?;
            user.check_names()?;
            self.grant(caller, user.id, expires_at, began_at, source).await
        });
        let minted = minting.await?;
        let MintedCode { enrolment, expires_at, .. } = &minted;
        name_in_span(enrolment);
        self.site().tell(&Event::Minted { user: &caller.user, enrolment, expires_at: *expires_at, source });
        Ok(minted)
    }

    async fn grant(
        &self,
        caller: &Caller,
        user: UserId,
        expires_at: SystemTime,
        began_at: SystemTime,
        source: Option<&str>,
    ) -> Result<MintedCode, Error> {
        let (site, now) = (self.site(), self.site().now());
        let latest = caller.scope.longest_life.and_then(|life| now.checked_add(life));
        let expires_at = latest.map_or(expires_at, |latest| expires_at.min(latest));
        let (code, id) = self.code_format().mint_with_enrolment()?;
        let grant = CodeGrant {
            user,
            enrolment: id.clone(),
            scope: caller.scope.clone(),
            approval: self.inner.policy.approval,
            began_at,
            expires_at,
            returns: 0,
        };
        let mut enrolment = Enrolment::new(id.clone(), caller.user.clone(), now, expires_at);
        enrolment.session = site.session_of(caller);
        // Neither is worth anything yet: nobody knows the code.
        let (laid, entered) = both(self.lay(code, grant), site.enrolments().enter(enrolment)).await;
        if laid.is_err() && entered.is_ok() {
            // The future is boxed, like the ones below. A rare case should not make every mint
            // larger.
            Box::pin(self.withdraw(&caller.user, &id)).await;
        }
        let code = laid?;
        entered?;
        if self.inner.policy.outstanding_per_user.is_some()
            && let Err(error) = Box::pin(self.supersede(&caller.user, source)).await
        {
            Box::pin(self.withdraw(&caller.user, &id)).await;
            return Err(error);
        }
        Ok(MintedCode { code, enrolment: id, expires_at })
    }

    /// Hides from its owner a code, or a challenge, that no client has. If that fails as well, it
    /// expires.
    pub(super) async fn withdraw(&self, user: &UserId, enrolment: &EnrolmentId) {
        let change = self.site().enrolments().end(Stage::Revoked);
        let _ =
            self.site().enrolments().advance(user, enrolment, &[Stage::Waiting, Stage::Opened], change).await;
    }

    /// Stores the grant of a code in its slot. If the slot is taken, it draws another code.
    async fn lay(&self, mut code: Code, grant: CodeGrant) -> Result<Code, Error> {
        let store: &dyn OneTimeStore<CodeGrant> = self.site().records();
        for _ in 0..MOST_TRIES {
            let slot = self.site().slot_keys().newest(SlotLabel::Code, code.secret());
            match store.insert(slot, grant.clone()).await? {
                Insertion::Created => return Ok(code),
                Insertion::Duplicate => code = self.code_format().mint_with_enrolment()?.0,
            }
        }
        Err(Error::host("every new code was outstanding already".into()))
    }

    /// Revokes a user's oldest enrolments, if more are outstanding than allowed. Each of several
    /// mints at once counts after it entered its own, in the one order of the ledger. So no more
    /// than the allowed number remain, and of two at once the later one.
    pub(super) async fn supersede(&self, user: &UserId, source: Option<&str>) -> Result<(), Error> {
        let Some(most) = self.inner.policy.outstanding_per_user else { return Ok(()) };
        let enrolments = self.site().enrolments().of_user(user).await?;
        let outstanding = enrolments.iter().filter(|it| it.stage.is_outstanding());
        for older in outstanding.skip(most) {
            match self.end(user, &older.id, source).await {
                Ok(_) | Err(NotAdvanced::At(_) | NotAdvanced::Gone) => {}
                Err(NotAdvanced::Unknown(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
