//! Everything that one code begins, under one id: its stage, the requests that wait for a change,
//! and the tokens that name it.
//!
//! ```text
//! waiting --exchange--> opened --register--> added --undo--> undone       (no approval asked)
//!                         |  \---register--> pending --approve--> added
//!                         |                     |-- refuse, time, three wrong check codes --> refused
//!                         |-- time --> expired
//! waiting, opened, pending --revoke--> revoked
//! ```
//!
//! An enrolment that a signed-in user begins without a code is `opened` from the start.
//!
//! 1. **The ledger decides.** Each step advances the enrolment from the allowed stages, in one
//!    atomic step of the [ledger](crate::store::EnrolmentLedger). A step that comes too late is
//!    refused, in whichever process.
//! 2. **Claimed, then stored.** Register and approve advance to `added` before they ask the
//!    repository. So after a revocation was answered, nothing is left to store.
//! 3. **Time is checked at each look.** An enrolment counts as expired by its time. An approval
//!    that lapsed becomes a refusal at the next look: by a reader, a waiter or an approver.

mod token;
mod waiters;

use std::fmt;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

pub(crate) use self::token::{OutcomeHandle, Seconds, UndoHandle};
pub(crate) use self::waiters::Asker;
use self::waiters::{Seat, Waiters};
use crate::clock::Clock;
use crate::error::{Error, StoreError};
use crate::event::{Event, Listener};
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use crate::store::{Change, EnrolmentLedger, Transition};

/// How often a ledger is asked that other processes change too.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// A request to be answered when an enrolment has left a stage (a long poll).
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The stage that is known already.
    pub(crate) after: Stage,
    /// How long to wait at most.
    pub(crate) longest: Duration,
}

impl Wait {
    /// The longest that anybody waits.
    pub const LONGEST: Duration = Duration::from_secs(25);

    /// Creates a request to wait no longer than that, and never longer than 25 seconds.
    pub fn new(after: Stage, longest: Duration) -> Self {
        Self { after, longest: longest.min(Self::LONGEST) }
    }
}

/// How the site learns of changes, for those who wait for them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changes {
    /// This process makes all of them.
    MadeHere,
    /// Other processes make some.
    MadeElsewhere,
}

/// The enrolments of a site.
pub(crate) struct Enrolments {
    ledger: Arc<dyn EnrolmentLedger>,
    changes: Changes,
    clock: Arc<dyn Clock>,
    listener: Listener,
    waiters: Waiters,
}

/// The reason why an enrolment was not advanced.
#[derive(Debug)]
pub(crate) enum NotAdvanced {
    /// It is at another stage, and not because of this step.
    At(Box<Enrolment>),
    /// It is gone.
    Gone,
    /// The ledger could not say.
    Unknown(StoreError),
}

impl From<NotAdvanced> for Error {
    /// Creates the error for an owner.
    fn from(error: NotAdvanced) -> Self {
        match error {
            NotAdvanced::At(enrolment) => Self::at_stage(enrolment.stage),
            NotAdvanced::Gone => Self::no_enrolment(),
            NotAdvanced::Unknown(error) => error.into(),
        }
    }
}

impl Enrolments {
    pub(crate) fn new(
        ledger: Arc<dyn EnrolmentLedger>,
        changes: Changes,
        clock: Arc<dyn Clock>,
        listener: Listener,
    ) -> Self {
        Self { ledger, changes, clock, listener, waiters: Waiters::default() }
    }

    /// Enters a new enrolment.
    pub(crate) async fn enter(&self, enrolment: Enrolment) -> Result<(), Error> {
        match self.ledger.enter(enrolment).await? {
            Insertion::Created => Ok(()),
            Insertion::Duplicate => Err(Error::drawn_before()),
        }
    }

    /// Advances an enrolment, and wakes those who wait.
    pub(crate) async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Enrolment, NotAdvanced> {
        let enrolment = self.claim(user, id, from, change).await?;
        self.waiters.tell(id);
        Ok(enrolment)
    }

    /// Advances an enrolment, and wakes nobody yet: the claim may fail.
    pub(crate) async fn claim(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Enrolment, NotAdvanced> {
        match self.ledger.advance(user, id, from, change).await.map_err(NotAdvanced::Unknown)? {
            Transition::Made(enrolment) => Ok(enrolment),
            Transition::Elsewhere(enrolment) => Err(NotAdvanced::At(Box::new(enrolment))),
            Transition::Missing => Err(NotAdvanced::Gone),
        }
    }

    /// Wakes those who wait, after a claim came true.
    pub(crate) fn tell(&self, enrolment: &EnrolmentId) {
        self.waiters.tell(enrolment);
    }

    /// Creates a change to a stage at which the enrolment ends now.
    pub(crate) fn end(&self, stage: Stage) -> Change {
        Change::new(stage, self.clock.now() + Enrolment::KEPT_FOR)
    }

    /// Creates a change to a stage that ends automatically at that time.
    pub(crate) fn until(stage: Stage, expires_at: SystemTime) -> Change {
        Change { expires_at: Some(expires_at), ..Change::new(stage, expires_at + Enrolment::KEPT_FOR) }
    }

    /// Returns the user's enrolment with that id, in its present state.
    pub(crate) async fn find(
        &self,
        user: &UserId,
        id: &EnrolmentId,
    ) -> Result<Option<Enrolment>, StoreError> {
        match self.ledger.find(user, id).await? {
            Some(enrolment) => self.as_of_now(enrolment).await,
            None => Ok(None),
        }
    }

    /// Returns the user's enrolments in their present state, the newest first.
    pub(crate) async fn of_user(&self, user: &UserId) -> Result<Vec<Enrolment>, StoreError> {
        let mut enrolments = Vec::new();
        for enrolment in self.ledger.enrolments(user, self.clock.now()).await? {
            enrolments.extend(self.as_of_now(enrolment).await?);
        }
        Ok(enrolments)
    }

    /// Returns the enrolment in its present state. An approval that lapsed becomes a refusal. The
    /// listener hears of it once, from the look that refuses it.
    async fn as_of_now(&self, mut enrolment: Enrolment) -> Result<Option<Enrolment>, StoreError> {
        let now = self.clock.now();
        if enrolment.gone_at <= now {
            return Ok(None);
        }
        if now < enrolment.expires_at {
            return Ok(Some(enrolment));
        }
        match enrolment.stage {
            Stage::Waiting | Stage::Opened => {
                enrolment.stage = Stage::Expired;
                Ok(Some(enrolment))
            }
            Stage::Pending => self.lapse(&enrolment).await,
            Stage::Added | Stage::Refused | Stage::Expired | Stage::Revoked | Stage::Undone => {
                Ok(Some(enrolment))
            }
        }
    }

    async fn lapse(&self, enrolment: &Enrolment) -> Result<Option<Enrolment>, StoreError> {
        let change = Change::new(Stage::Refused, enrolment.expires_at + Enrolment::KEPT_FOR);
        let (user, id) = (&enrolment.user, &enrolment.id);
        match self.ledger.advance(user, id, &[Stage::Pending], change).await? {
            Transition::Made(refused) => {
                self.listener.tell(&Event::Lapsed { user, enrolment: id });
                self.waiters.tell(id);
                Ok(Some(refused))
            }
            Transition::Elsewhere(enrolment) => Ok(Some(enrolment)),
            Transition::Missing => Ok(None),
        }
    }

    /// Waits until an enrolment has left a stage, within the requested time. A refusal says that
    /// too many wait already.
    pub(crate) async fn wait(&self, asker: Asker, known: Enrolment, wait: Wait) -> Result<Enrolment, Error> {
        if known.stage != wait.after {
            return Ok(known);
        }
        let seat = self.waiters.seat(asker, &known.id)?;
        let mut over = self.clock.sleep(wait.longest);
        let mut is_over = false;
        loop {
            // This is noted before the look, so no change falls in between.
            let seen = seat.changes();
            let Some(known) = self.find(&known.user, &known.id).await? else {
                return Err(Error::no_enrolment());
            };
            if is_over || known.stage != wait.after {
                return Ok(known);
            }
            let mut changed = pin!(seat.changed_since(seen));
            let mut watched = pin!(self.watch(&seat, &known));
            is_over = poll_fn(|cx| {
                if changed.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(false);
                }
                if pin!(&mut over).poll(cx).is_ready() {
                    return Poll::Ready(true);
                }
                watched.as_mut().poll(cx).map(|()| false)
            })
            .await;
        }
    }

    /// Looks at an enrolment for all who wait for it. It looks when the stage ends and, if other
    /// processes change it too, twice a second. One of those who wait does so. When that one
    /// leaves, the next does.
    async fn watch(&self, seat: &Seat<'_>, known: &Enrolment) {
        let _leading = seat.lead().await;
        let (user, id) = (&known.user, &known.id);
        let mut expires_at = known.stage.is_outstanding().then_some(known.expires_at);
        let mut stage = known.stage;
        loop {
            let now = self.clock.now();
            // It looks a little later than the expiry, since a timer may be early by its own clock.
            // If the expiry has passed already, it was looked at, and the ledger did not answer.
            let left = expires_at.map(|at| at.duration_since(now).ok().filter(|left| !left.is_zero()));
            let expiry = left.map(|left| left.map_or(ASKED_EVERY, |left| left + Duration::from_millis(10)));
            let pause = match (self.changes, expiry) {
                (Changes::MadeHere, None) => return pending().await,
                (Changes::MadeHere, Some(expiry)) => expiry,
                (Changes::MadeElsewhere, expiry) => expiry.unwrap_or(ASKED_EVERY).min(ASKED_EVERY),
            };
            self.clock.sleep(pause).await;
            // A ledger that fails is asked again.
            if let Ok(Some(found)) = self.find(user, id).await {
                expires_at = found.stage.is_outstanding().then_some(found.expires_at);
                if std::mem::replace(&mut stage, found.stage) != found.stage {
                    self.waiters.tell(id);
                }
            }
        }
    }
}

impl fmt::Debug for Enrolments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolments").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
