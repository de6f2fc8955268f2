//! The one ceremony behind every step: pay → take → act → tell → put back.
//!
//! 1. **Pay.** A guess pays its [fee](fee) before it looks, so that many guesses at once are no way
//!    around the budget (rate limit). A request that a signed-in user may make pays in the same
//!    way.
//! 2. **Take.** The record is taken from its store, once, by the time that it is then: paying may
//!    have taken long. A guess that hits gets its fee back. So does a guess whose outcome nobody
//!    could tell.
//! 3. **Act.** The step does its work on what was taken.
//! 4. **Tell.** The listener hears of each refusal once. The step itself tells of its success.
//! 5. **Put back.** A refusal says what [remains](Remains) of the record. Whatever is put back
//!    keeps its expiry.
//!
//! A caller who hangs up between take and the answer has spent the record.

mod both;
mod fee;
mod put_back;
mod rate_limit;

use std::time::SystemTime;

pub(crate) use self::both::both;
pub(crate) use self::fee::{Fee, Unpaid};
pub(crate) use self::put_back::{Refusal, Remains, Returns, Taken};
pub(crate) use self::rate_limit::{PurseKeeper, Purses};
use crate::clock::Clock;
use crate::error::{BoxError, Error, Reason, StoreError, StoreErrorKind};
use crate::event::{Asking, Listener};
use crate::store::{OneTimeStore, Record, Slot};

/// What every step needs.
#[derive(Clone, Copy)]
pub(crate) struct Ceremony<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) listener: &'a Listener,
    pub(crate) clock: &'a dyn Clock,
}

/// Where a record may lie, and what the caller is told if it lies nowhere.
#[derive(Debug)]
pub(crate) struct Sought<'a, R: Record, S> {
    pub(crate) store: &'a dyn OneTimeStore<R>,
    pub(crate) slots: S,
    pub(crate) invalid: fn(BoxError) -> Error,
}

impl Ceremony<'_> {
    /// Pays, and acts. The fee comes back if the step failed by no fault of the caller's.
    pub(crate) async fn charged<T>(
        self,
        fee: Fee<'_>,
        act: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.pay(&fee).await?;
        match act.await {
            Ok(done) => Ok(done),
            Err(error) => {
                let error = self.listener.refuse(self.asking, error);
                if error.is_failure() {
                    fee.give_back().await;
                }
                Err(error)
            }
        }
    }

    /// Pays, takes a record, and acts on it.
    pub(crate) async fn once<R: Returns, S: Iterator<Item = Slot>, T>(
        self,
        fee: Fee<'_>,
        sought: Sought<'_, R, S>,
        act: impl AsyncFnOnce(&Taken<R>) -> Result<T, Refusal<R>>,
    ) -> Result<T, Error> {
        self.pay(&fee).await?;
        let taken = take(sought.store, sought.slots, self.clock.now()).await;
        if !matches!(taken, Err(NotTaken::Missing)) {
            fee.give_back().await;
        }
        let taken =
            taken.map_err(|none| self.listener.refuse(self.asking, none.into_error(sought.invalid)))?;
        let asking = self.asking.by(taken.record.user()).within(taken.record.enrolment());
        match act(&taken).await {
            Ok(done) => Ok(done),
            Err(Refusal { error, remains }) => {
                let error = self.listener.refuse(asking, error);
                taken.put_back(remains, sought.store).await;
                Err(error)
            }
        }
    }

    async fn pay(&self, fee: &Fee<'_>) -> Result<(), Error> {
        fee.pay(self.clock.now()).await.map_err(|unpaid| match unpaid {
            Unpaid::Exhausted { scope, retry_after } => {
                self.listener.throttle(self.asking, scope, retry_after)
            }
            Unpaid::Unknown(error) => self.listener.refuse(self.asking, error.into()),
        })
    }
}

/// Takes a record from the first of the slots that has one.
async fn take<R: Record>(
    store: &dyn OneTimeStore<R>,
    slots: impl Iterator<Item = Slot>,
    now: SystemTime,
) -> Result<Taken<R>, NotTaken> {
    for slot in slots {
        match store.take(slot, now).await {
            Ok(Some(record)) => return Ok(Taken { slot, record }),
            Ok(None) => {}
            Err(error) => return Err(NotTaken::from(error)),
        }
    }
    Err(NotTaken::Missing)
}

/// Why there is no record.
#[derive(Debug)]
enum NotTaken {
    /// There was none: a miss.
    Missing,
    /// There was one, which is worth nothing.
    Unreadable(StoreError),
    /// Nobody can tell.
    Failed(StoreError),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Unreadable => Self::Unreadable(error),
            StoreErrorKind::Failed => Self::Failed(error),
        }
    }
}

impl NotTaken {
    /// What the caller is told. `invalid` makes the one refusal of whatever does not work.
    fn into_error(self, invalid: fn(BoxError) -> Error) -> Error {
        match self {
            Self::Missing => invalid(Reason::NotFound.into()),
            Self::Unreadable(error) => invalid(error.into()),
            Self::Failed(error) => error.into(),
        }
    }
}
