//! Budgets: how many codes a user may mint, and how often anybody may guess.
//!
//! A wrong guess hits no record, so nothing can be counted on a code. What is counted are misses: for each source, and for the
//! whole flow. A guess pays before it looks, and gets its payment back when it hits, so that many guesses at once are no way around.

use std::time::SystemTime;

use crate::flow::purses::{Purses, Unpaid};

/// The two miss budgets.
#[derive(Debug)]
pub(crate) struct Attempts {
    pub(crate) of_source: Purses,
    pub(crate) of_flow: Purses,
}

/// The flow has one purse, which needs no name.
const FLOW: &str = "";

impl Attempts {
    /// Pays for one guess. It stays paid unless it is [forgiven](Attempt::forgive), also when the guesser hangs up.
    pub(crate) async fn begin<'a>(
        &'a self,
        source: Option<&'a str>,
        now: SystemTime,
    ) -> Result<Attempt<'a>, (BudgetScope, Unpaid)> {
        if let Some(source) = source {
            let paid = self.of_source.spend(source, now).await;
            paid.map_err(|unpaid| (BudgetScope::Source, unpaid))?;
        }
        if let Err(unpaid) = self.of_flow.spend(FLOW, now).await {
            if let Some(source) = source {
                self.of_source.give_back(source).await;
            }
            return Err((BudgetScope::Flow, unpaid));
        }
        Ok(Attempt { attempts: self, source })
    }
}

/// A guess that was paid for.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    source: Option<&'a str>,
}

impl Attempt<'_> {
    /// Gives the payment back: the guess hit, or it was not the guesser's fault that nobody could tell.
    pub(crate) async fn forgive(self) {
        if let Some(source) = self.source {
            self.attempts.of_source.give_back(source).await;
        }
        self.attempts.of_flow.give_back(FLOW).await;
    }
}

/// Whose budget it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BudgetScope {
    /// Misses of one source.
    Source,
    /// Misses of everybody.
    Flow,
    /// Codes of one user, or their user actions.
    User,
}
