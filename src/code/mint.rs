use std::time::SystemTime;

use crate::code::{CodeFlow, Expiration};
use crate::error::{Error, ErrorKind};
use crate::event::{Asking, Event, Step};
use crate::host::Caller;
use crate::model::{Code, Insertion};
use crate::once::Fee;
use crate::store::{CodeGrant, OneTimeStore, SlotLabel};

/// Two codes in a row that are both outstanding already would be a broken generator, and not bad
/// luck.
const MOST_TRIES: usize = 4;

/// What a user who asks for a code says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MintRequest {
    /// When the code should stop working.
    pub expiration: Expiration,
    /// Where the request comes from, for the events.
    pub source: Option<String>,
}

impl MintRequest {
    /// Creates a request without a source.
    pub fn new(expiration: Expiration) -> Self {
        Self { expiration, source: None }
    }
}

/// A code, and when it stops working.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MintedCode {
    /// The code.
    pub code: Code,
    /// When it stops working.
    pub expires_at: SystemTime,
}

impl CodeFlow {
    /// Step 1: makes a code for a signed-in user.
    pub async fn mint(&self, caller: &Caller, request: MintRequest) -> Result<MintedCode, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Mint, source).by(&caller.user);
        let expires_at = self.code_expiry(&request).map_err(|error| self.site().refuse(asking, error))?;
        let fee = Fee::of_user(&self.inner.codes_of_user, &caller.user);
        let minted = self.site().ceremony(asking).charged(fee, self.grant(caller, expires_at)).await?;
        self.site().tell(&Event::Minted { user: &caller.user, expires_at, source });
        Ok(minted)
    }

    async fn grant(&self, caller: &Caller, expires_at: SystemTime) -> Result<MintedCode, Error> {
        let Some(user) = self.site().active_user(&caller.user).await? else {
            return Err(Error::new(ErrorKind::Forbidden, "This user may not add credentials."));
        };
        let store: &dyn OneTimeStore<CodeGrant> = self.site().records();
        let grant = CodeGrant::new(user.id, expires_at);
        for _ in 0..MOST_TRIES {
            let code = self.code_format().mint()?;
            let slot = self.site().slot_keys().newest(SlotLabel::Code, code.secret());
            match store.insert(slot, grant.clone()).await? {
                Insertion::Created => return Ok(MintedCode { code, expires_at }),
                Insertion::Duplicate => {}
            }
        }
        Err(Error::host("every new code was outstanding already".into()))
    }
}
