use std::time::{Duration, SystemTime};

use crate::error::StoreError;
use crate::event::BudgetScope;
use crate::model::UserId;
use crate::once::{Purses, both};
use crate::store::Payment;

/// What a step costs: one from each purse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fee<'a>([Option<Charge<'a>>; 2]);

#[derive(Clone, Copy, Debug)]
struct Charge<'a> {
    purses: &'a Purses,
    name: &'a str,
    scope: BudgetScope,
}

/// Why nothing was paid.
#[derive(Debug)]
pub(crate) enum Unpaid {
    /// There is nothing left for a while.
    Exhausted { scope: BudgetScope, retry_after: Duration },
    /// Nobody can tell what is left.
    Unknown(StoreError),
}

impl<'a> Fee<'a> {
    /// Nothing: for steps whose records hold a budget of their own.
    pub(crate) fn none() -> Self {
        Self([None, None])
    }

    /// One of a user's budget.
    pub(crate) fn of_user(purses: &'a Purses, user: &'a UserId) -> Self {
        Self([Some(Charge { purses, name: user.as_str(), scope: BudgetScope::User }), None])
    }

    /// One of the budget of a source, if there is one.
    pub(crate) fn of_source(purses: &'a Purses, source: Option<&'a str>) -> Self {
        Self([source.map(|name| Charge { purses, name, scope: BudgetScope::Source }), None])
    }

    /// One guess: of the budget of the source, if there is one, and of everybody's.
    ///
    /// A wrong guess hits no record, so nothing can be counted on a code. What is counted are
    /// misses: a guess that finds a record gets its fee back, in
    /// [`once`](crate::once::Ceremony::once).
    pub(crate) fn of_guess(of_source: &'a Purses, of_flow: &'a Purses, source: Option<&'a str>) -> Self {
        let Self([source, _]) = Self::of_source(of_source, source);
        // Everybody's purse needs no name.
        Self([source, Some(Charge { purses: of_flow, name: "", scope: BudgetScope::Flow })])
    }

    /// Pays all of it, or nothing: first from the purse of the source. So one with nothing left costs
    /// everybody's purse nothing, not even for a moment. It stays paid unless it is given back, also
    /// when the caller hangs up. A refusal that is remembered costs no engine a call.
    pub(super) async fn pay(&self, now: SystemTime) -> Result<(), Unpaid> {
        for charge in self.0.iter().flatten() {
            if let Some(retry_after) = charge.purses.refused_for(charge.name, now) {
                return Err(Unpaid::Exhausted { scope: charge.scope, retry_after });
            }
        }
        let [first, second] = &self.0;
        pay(first, now).await?;
        let paid = pay(second, now).await;
        if paid.is_err() {
            give_back(first).await;
        }
        paid
    }

    pub(super) async fn give_back(&self) {
        let [first, second] = &self.0;
        both(give_back(first), give_back(second)).await;
    }
}

async fn pay(charge: &Option<Charge<'_>>, now: SystemTime) -> Result<(), Unpaid> {
    match charge {
        Some(charge) => charge.pay(now).await,
        None => Ok(()),
    }
}

async fn give_back(charge: &Option<Charge<'_>>) {
    if let Some(charge) = charge {
        charge.purses.give_back(charge.name).await;
    }
}

impl Charge<'_> {
    async fn pay(&self, now: SystemTime) -> Result<(), Unpaid> {
        match self.purses.spend(self.name, now).await.map_err(Unpaid::Unknown)? {
            Payment::Paid => Ok(()),
            Payment::Refused { retry_after } => Err(Unpaid::Exhausted { scope: self.scope, retry_after }),
        }
    }
}
