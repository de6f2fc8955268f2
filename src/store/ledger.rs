use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::model::{Credential, Enrolment, EnrolmentId, Insertion, Opening, Stage, UserId};

/// A change of an enrolment. A member that is `None` leaves alone what was there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The new stage.
    pub stage: Stage,
    /// When the ledger may forget the enrolment.
    pub gone_at: SystemTime,
    /// When the new stage ends by itself.
    pub expires_at: Option<SystemTime>,
    /// Who entered the code.
    pub opening: Option<Arc<Opening>>,
    /// What was made.
    pub credential: Option<Arc<Credential>>,
    /// How many wrong check codes are left.
    pub attempts_left: Option<u8>,
}

impl Change {
    /// Creates a change of the stage alone.
    pub fn new(stage: Stage, gone_at: SystemTime) -> Self {
        Self { stage, gone_at, expires_at: None, opening: None, credential: None, attempts_left: None }
    }

    /// Makes the change. For ledgers that hold enrolments as values.
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

/// What became of an attempt to advance an enrolment.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Transition<E = Enrolment> {
    /// It was at one of the stages, and now is this.
    Made(E),
    /// It was at another stage, and still is.
    Elsewhere(E),
    /// The user has no such enrolment.
    Missing,
}

/// Keeps enrolments under their user and their id, and is where everybody who may end or advance
/// one meets: exchange, register, approve, refuse, revoke, undo.
///
/// 1. **One winner.** `advance` is one atomic step: of any number of racers from one stage to
///    others, one is [`Made`](Transition::Made). No look-up decides anything.
/// 2. **The owner's alone.** An enrolment is found under its own user, and under nobody else.
/// 3. **Bounded in time.** An enrolment may be forgotten from its
///    [`gone_at`](Enrolment::gone_at) on, and not earlier.
///
/// A ledger of your own is checked by `testing::ledger_contract`. An `Arc` and a `Box` of one are
/// one too.
#[async_trait]
pub trait EnrolmentLedger: fmt::Debug + Send + Sync + 'static {
    /// Enters a new enrolment. [`Insertion::Duplicate`] leaves the old one untouched.
    async fn enter(&self, enrolment: Enrolment) -> Result<Insertion, StoreError>;

    /// Changes an enrolment if it is at one of these stages, and returns what it is from then on.
    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError>;

    /// Returns the user's enrolment of that id. One that is gone may still be there.
    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError>;

    /// Returns the user's enrolments that are not gone at `now`, the newest first. Of more than
    /// [`MOST_LISTED`](Enrolment::MOST_LISTED) it returns the newest.
    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError>;
}
