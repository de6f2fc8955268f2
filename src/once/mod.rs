//! The one ceremony behind every step: pay → take → act → tell → put back.
//!
//! 1. **Pay.** A guess pays its [fee] (rate limit), so many guesses at once can't evade the
//!    budget. A guess at a code pays before the look-up. A guess at an id of 256 bits has no
//!    chance, so it pays during the look-up. It is answered when both are done. A request that
//!    needs a signed-in user pays while the user is looked up. If nothing is left, there is no
//!    look-up.
//! 2. **Take.** The record is taken from its store, once. Its expiry is checked at the time of the
//!    take, since paying for a code may have taken long. A guess that finds a record gets its fee
//!    back, while the step goes on. So does a guess whose outcome nobody could tell.
//! 3. **Act.** The step does its work on what was taken.
//! 4. **Tell.** The listener hears of each refusal once. The step itself tells of its success.
//! 5. **Put back.** A refusal says what [remains](Remains) of the record. A record that is put back
//!    keeps its expiry.
//!
//! A caller who hangs up between take and the answer has spent the record.

mod fee;
mod put_back;
mod rate_limit;

use std::time::SystemTime;

use self::fee::Paid;
pub(crate) use self::fee::{Fee, Unpaid};
pub(crate) use self::put_back::{Refusal, Remains, Returns, Taken};
pub(crate) use self::rate_limit::{PurseKeeper, Purses};
use crate::clock::Clock;
use crate::error::{BoxError, Error, Reason, StoreError, StoreErrorKind};
use crate::event::{Asking, Listener};
use crate::store::{OneTimeStore, Record, Slot};
use crate::together::{both, meanwhile};

/// The tools that every step needs.
#[derive(Clone, Copy)]
pub(crate) struct Ceremony<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) listener: &'a Listener,
    pub(crate) clock: &'a dyn Clock,
}

/// The slots where a record may be, and the refusal if it is in none of them.
#[derive(Debug)]
pub(crate) struct Sought<'a, R: Record, S> {
    pub(crate) store: &'a dyn OneTimeStore<R>,
    pub(crate) slots: S,
    pub(crate) invalid: fn(BoxError) -> Error,
}

impl Ceremony<'_> {
    /// Pays, and acts. The fee comes back if the step failed without the caller's fault.
    pub(crate) async fn charged<T>(
        self,
        fee: Fee<'_>,
        act: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.charged_while(fee, std::future::ready(Ok(())), async |()| act.await).await
    }

    /// Pays while a question is asked, and acts on its answer. A caller who can't pay learns no
    /// answer.
    pub(crate) async fn charged_while<Q, T>(
        self,
        fee: Fee<'_>,
        question: impl Future<Output = Result<Q, Error>>,
        act: impl AsyncFnOnce(Q) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let answer = meanwhile(fee.pay(self.clock.now()), question).await;
        let done = match answer.map_err(|(unpaid, _)| self.refuse_unpaid(unpaid))? {
            Ok(answer) => act(answer).await,
            Err(error) => Err(error),
        };
        match done {
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

    /// Pays, and acts. The fee comes back unless the caller made a mistake.
    pub(crate) async fn guessed<T>(
        self,
        fee: Fee<'_>,
        act: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let done = self.charged(fee, act).await;
        if done.is_ok() {
            fee.give_back().await;
        }
        done
    }

    /// Pays, takes a record, and acts on it.
    pub(crate) async fn once<R: Returns, S: Iterator<Item = Slot>, T>(
        self,
        fee: Fee<'_>,
        sought: Sought<'_, R, S>,
        act: impl AsyncFnOnce(&Taken<R>) -> Result<T, Refusal<R>>,
    ) -> Result<T, Error> {
        let store = sought.store;
        let taken = match fee.paid() {
            Paid::First => {
                let paid = fee.pay(self.clock.now()).await;
                paid.map_err(|unpaid| self.refuse_unpaid(unpaid))?;
                take(store, sought.slots, self.clock.now()).await
            }
            Paid::Meanwhile => {
                let now = self.clock.now();
                match meanwhile(fee.pay(now), take(store, sought.slots, now)).await {
                    Ok(taken) => taken,
                    Err((unpaid, taken)) => {
                        if let Some(Ok(taken)) = taken {
                            taken.put_back(Remains::Unspent, store).await;
                        }
                        return Err(self.refuse_unpaid(unpaid));
                    }
                }
            }
        };
        self.settle(fee, store, taken, sought.invalid, act).await
    }

    /// Takes a record while an independent question is asked, and acts on both.
    pub(crate) async fn once_while<R: Returns, S: Iterator<Item = Slot>, Q, T>(
        self,
        sought: Sought<'_, R, S>,
        question: impl Future<Output = Q>,
        act: impl AsyncFnOnce(&Taken<R>, Q) -> Result<T, Refusal<R>>,
    ) -> Result<T, Error> {
        let (taken, answer) = both(take(sought.store, sought.slots, self.clock.now()), question).await;
        let act = async |taken: &Taken<R>| act(taken, answer).await;
        self.settle(Fee::none(), sought.store, taken, sought.invalid, act).await
    }

    /// Acts on the taken record, and gives the fee back unless it is a miss.
    async fn settle<R: Returns, T>(
        self,
        fee: Fee<'_>,
        store: &dyn OneTimeStore<R>,
        taken: Result<Taken<R>, NotTaken>,
        invalid: fn(BoxError) -> Error,
        act: impl AsyncFnOnce(&Taken<R>) -> Result<T, Refusal<R>>,
    ) -> Result<T, Error> {
        let taken = match taken {
            Ok(taken) => taken,
            Err(none) => {
                if !none.is_miss() {
                    fee.give_back().await;
                }
                return Err(self.listener.refuse(self.asking, none.into_error(invalid)));
            }
        };
        let asking = self.asking.by(taken.record.user()).within(taken.record.enrolment());
        // Both start before either is awaited, so a caller who hangs up drops neither.
        let ((), acted) = both(fee.give_back(), act(&taken)).await;
        match acted {
            Ok(done) => Ok(done),
            Err(Refusal { error, remains }) => {
                let error = self.listener.refuse(asking, error);
                taken.put_back(remains, store).await;
                Err(error)
            }
        }
    }

    fn refuse_unpaid(&self, unpaid: Unpaid) -> Error {
        match unpaid {
            Unpaid::Exhausted { scope, retry_after } => {
                self.listener.throttle(self.asking, scope, retry_after)
            }
            Unpaid::Unknown(error) => self.listener.refuse(self.asking, error.into()),
        }
    }
}

/// Takes a record from the first of the slots that has one.
async fn take<R: Record>(
    store: &dyn OneTimeStore<R>,
    slots: impl Iterator<Item = Slot>,
    now: SystemTime,
) -> Result<Taken<R>, NotTaken> {
    let mut missed = Missed::No;
    for slot in slots {
        match store.take(slot, now).await {
            Ok(Some(record)) => return Ok(Taken { slot, record }),
            Ok(None) => missed = Missed::UnderAKey,
            Err(error) => {
                return Err(match error.kind() {
                    StoreErrorKind::Unreadable => NotTaken::Unreadable(error),
                    StoreErrorKind::Failed => NotTaken::Failed(error, missed),
                });
            }
        }
    }
    Err(NotTaken::Missing)
}

/// Whether a look-up under another key of the ring found nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Missed {
    No,
    UnderAKey,
}

/// The reason why there is no record.
#[derive(Debug)]
enum NotTaken {
    /// There was no record: a miss.
    Missing,
    /// There was a record, but it can't be used.
    Unreadable(StoreError),
    /// The store could not say.
    Failed(StoreError, Missed),
}

impl NotTaken {
    /// Returns whether the guess stays paid. During a key rotation a store may fail at the second
    /// key. That does not forgive a miss at the first.
    fn is_miss(&self) -> bool {
        match self {
            Self::Missing | Self::Failed(_, Missed::UnderAKey) => true,
            Self::Unreadable(_) | Self::Failed(_, Missed::No) => false,
        }
    }

    /// Returns the error for the caller. `invalid` creates the one refusal for everything that does
    /// not work.
    fn into_error(self, invalid: fn(BoxError) -> Error) -> Error {
        match self {
            Self::Missing => invalid(Reason::NotFound.into()),
            Self::Unreadable(error) => invalid(error.into()),
            Self::Failed(error, _) => error.into(),
        }
    }
}
