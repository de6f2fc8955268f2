use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::{Credential, Enrolment, EnrolmentId, Insertion, Opening, Stage, UserId};

/// A change of an enrolment. A member that is `None` leaves the old value unchanged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The new stage.
    pub stage: Stage,
    /// When the ledger may forget the enrolment.
    pub gone_at: SystemTime,
    /// When the new stage ends automatically.
    pub expires_at: Option<SystemTime>,
    /// How the code was entered.
    pub opening: Option<Arc<Opening>>,
    /// The credential that was made.
    pub credential: Option<Arc<Credential>>,
    /// How many wrong check codes are still allowed.
    pub attempts_left: Option<u8>,
}

impl Change {
    /// Creates a change of the stage alone.
    pub fn new(stage: Stage, gone_at: SystemTime) -> Self {
        Self { stage, gone_at, expires_at: None, opening: None, credential: None, attempts_left: None }
    }

    /// Applies the change, for ledgers that hold enrolments as values.
    pub fn apply_to(self, enrolment: &mut Enrolment) {
        let Self { stage, gone_at, expires_at, opening, credential, attempts_left } = self;
        enrolment.stage = stage;
        enrolment.gone_at = gone_at;
        enrolment.expires_at = expires_at.unwrap_or(enrolment.expires_at);
        enrolment.opening = opening.or(enrolment.opening.take());
        enrolment.credential = credential.or(enrolment.credential.take());
        enrolment.attempts_left = attempts_left.or(enrolment.attempts_left);
    }
}

/// The outcome of an attempt to advance an enrolment.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Transition<E = Enrolment> {
    /// It was at one of the stages. This is its new state.
    Made(E),
    /// It was at another stage. This is its unchanged state.
    Elsewhere(E),
    /// The user has no such enrolment.
    Missing,
}

/// Keeps enrolments under their user and their id. All steps that may end or advance one compete
/// here: exchange, register, approve, refuse, revoke, undo.
///
/// 1. **One winner.** `advance` is one atomic step. Of any number of racers from one stage to
///    others, one gets [`Made`](Transition::Made). No look-up decides anything.
/// 2. **Only for the owner.** An enrolment is found under its own user, and under nobody else.
/// 3. **Bounded in time.** An enrolment may be forgotten from its [`gone_at`](Enrolment::gone_at)
///    on, and not earlier.
///
/// Check a ledger of your own with `testing::ledger_contract`. An `Arc` or a `Box` of a ledger is a
/// ledger too.
#[async_trait]
pub trait EnrolmentLedger: fmt::Debug + Send + Sync + 'static {
    /// Enters a new enrolment. [`Insertion::Duplicate`] leaves the old one untouched.
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError>;

    /// Changes an enrolment if it is at one of these stages, and returns its new state.
    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError>;

    /// Returns the user's enrolment with that id. One that may be forgotten may still be there.
    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError>;

    /// Returns the user's enrolments that are not gone at `now`, the newest first. It returns
    /// [`MOST_LISTED`](Enrolment::MOST_LISTED) at most.
    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError>;
}
