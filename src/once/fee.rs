use std::time::{Duration, SystemTime};

use crate::error::StoreError;
use crate::event::BudgetScope;
use crate::model::UserId;
use crate::once::Purses;
use crate::store::Payment;
use crate::together::both;

/// The price of a step: one from each purse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fee<'a> {
    charges: [Option<Charge<'a>>; 2],
    paid: Paid,
}

/// The moment when a guess is paid for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Paid {
    /// Before the look-up: a code is short.
    First,
    /// During the look-up: nobody finds an id of 256 bits by guessing.
    Meanwhile,
}

#[derive(Clone, Copy, Debug)]
struct Charge<'a> {
    purses: &'a Purses,
    name: &'a str,
    scope: BudgetScope,
}

/// The reason why nothing was paid.
#[derive(Debug)]
pub(crate) enum Unpaid {
    /// The budget is empty for a while.
    Exhausted { scope: BudgetScope, retry_after: Duration },
    /// The store could not say how much is left.
    Unknown(StoreError),
}

impl<'a> Fee<'a> {
    fn of(charges: [Option<Charge<'a>>; 2]) -> Self {
        Self { charges, paid: Paid::First }
    }

    /// Returns a fee of nothing, for steps whose records hold a budget of their own.
    pub(crate) fn none() -> Self {
        Self::of([None, None])
    }

    /// Returns a fee of one from a user's budget.
    pub(crate) fn of_user(purses: &'a Purses, user: &'a UserId) -> Self {
        Self::of([Some(Charge { purses, name: user.as_str(), scope: BudgetScope::User }), None])
    }

    /// Returns a fee of one from the budget of a source, if there is one.
    pub(crate) fn of_source(purses: &'a Purses, source: Option<&'a str>) -> Self {
        Self::of([source.map(|name| Charge { purses, name, scope: BudgetScope::Source }), None])
    }

    /// Returns a fee of one guess: from the budget of the source, if there is one, and from
    /// everybody's.
    ///
    /// A wrong guess finds no record, so no code can count it. The budget counts misses instead. A
    /// guess that finds a record gets its fee back, in [`once`](crate::once::Ceremony::once).
    pub(crate) fn of_guess(of_source: &'a Purses, of_flow: &'a Purses, source: Option<&'a str>) -> Self {
        let [source, _] = Self::of_source(of_source, source).charges;
        // The purse that all share needs no name.
        Self::of([source, Some(Charge { purses: of_flow, name: "", scope: BudgetScope::Flow })])
    }

    /// Makes it pay during the look-up.
    pub(crate) fn meanwhile(self) -> Self {
        Self { paid: Paid::Meanwhile, ..self }
    }

    pub(super) fn paid(&self) -> Paid {
        self.paid
    }

    /// Pays all of it, or nothing. It stays paid unless it is given back, even when the caller
    /// hangs up. A remembered refusal makes no call to the engine.
    pub(super) async fn pay(&self, now: SystemTime) -> Result<(), Unpaid> {
        for (place, charge) in self.charges.iter().flatten().enumerate() {
            if let Err(retry_after) = charge.purses.admit(charge.name, now) {
                // The payments before were let in, and ask nothing.
                self.charges
                    .iter()
                    .flatten()
                    .take(place)
                    .for_each(|admitted| admitted.purses.ask_again(admitted.name));
                return Err(charge.exhausted(retry_after));
            }
        }
        match &self.charges {
            [None, None] => Ok(()),
            [Some(charge), None] | [None, Some(charge)] => {
                let payment = charge.purses.spend(charge.name, now).await.map_err(Unpaid::Unknown)?;
                charge.check(payment)
            }
            [Some(first), Some(second)] => {
                let names = [first.name, second.name];
                let payments = Purses::spend_both([first.purses, second.purses], names, now).await;
                let [of_first, of_second] = payments.map_err(Unpaid::Unknown)?;
                first.check(of_first)?;
                second.check(of_second)
            }
        }
    }

    pub(super) async fn give_back(&self) {
        let [first, second] = &self.charges;
        both(give_back(first), give_back(second)).await;
    }
}

async fn give_back(charge: &Option<Charge<'_>>) {
    if let Some(charge) = charge {
        charge.purses.give_back(charge.name).await;
    }
}

impl Charge<'_> {
    fn check(&self, payment: Payment) -> Result<(), Unpaid> {
        match payment {
            Payment::Paid => Ok(()),
            Payment::Refused { retry_after } => Err(self.exhausted(retry_after)),
        }
    }

    fn exhausted(&self, retry_after: Duration) -> Unpaid {
        Unpaid::Exhausted { scope: self.scope, retry_after }
    }
}
