use std::time::SystemTime;

use crate::flow::{BudgetScope, CodeExpiry, CodeFlow, Error, ErrorKind, Event, Refused, Step};
use crate::host::Caller;
use crate::model::Code;
use crate::store::{CodeGrant, Insertion, SlotLabel};

/// Two codes in a row that are both outstanding already would be a broken generator, and not bad luck.
const MOST_TRIES: usize = 4;

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
    /// Step 1: a code for a signed-in user. `source` is where the request came from, for the events.
    pub async fn mint(
        &self,
        caller: &Caller,
        expiry: CodeExpiry,
        source: Option<&str>,
    ) -> Result<MintedCode, Error> {
        let user = Some(&caller.user);
        let refused = Refused { step: Step::Mint, user, kind: None, source };
        let paid = self.0.codes_of_user.spend(caller.user.as_str(), self.now()).await;
        paid.map_err(|unpaid| self.0.front.listener.refuse_unpaid(refused, BudgetScope::User, unpaid))?;
        match self.mint_for_active(caller, expiry).await {
            Ok(minted) => {
                self.tell(&Event::Minted { user: &caller.user, expires_at: minted.expires_at, source });
                Ok(minted)
            }
            Err(error) => {
                let error = self.refuse(refused, error);
                if error.is_failure() {
                    self.0.codes_of_user.give_back(caller.user.as_str()).await;
                }
                Err(error)
            }
        }
    }

    async fn mint_for_active(&self, caller: &Caller, expiry: CodeExpiry) -> Result<MintedCode, Error> {
        let Some(user) = self.active_user(&caller.user).await? else {
            return Err(Error::new(ErrorKind::Forbidden, "This user may not add credentials."));
        };
        let grant = CodeGrant::new(user.id, expiry.time());
        for _ in 0..MOST_TRIES {
            let code = self.0.code_format.mint()?;
            let slot = self.0.slot_keys.newest(SlotLabel::Code, code.secret());
            match self.0.codes.insert(slot, grant.clone()).await? {
                Insertion::Created => return Ok(MintedCode { code, expires_at: expiry.time() }),
                Insertion::Duplicate => {}
            }
        }
        Err(Error::host("every new code was outstanding already".into()))
    }
}
