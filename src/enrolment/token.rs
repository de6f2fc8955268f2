//! Tokens that name an enrolment. The site signs them, and nobody stores them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::model::{EnrolmentId, OutcomeToken, UndoToken, UserId};
use crate::store::{SlotKeys, SlotLabel};

/// The content of an undo token.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct UndoHandle {
    pub(crate) user: UserId,
    pub(crate) enrolment: EnrolmentId,
    pub(crate) expires_at: Seconds,
}

/// The content of an outcome token.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct OutcomeHandle {
    pub(crate) user: UserId,
    pub(crate) enrolment: EnrolmentId,
    pub(crate) expires_at: Seconds,
}

/// A time in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Seconds(u64);

impl Seconds {
    pub(crate) fn of(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

impl UndoHandle {
    /// How long a notice may wait before it is read.
    pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    pub(crate) fn sign(&self, keys: &SlotKeys) -> UndoToken {
        UndoToken::new(keys.sign(SlotLabel::UndoToken, self))
    }

    /// Reads a token of ours that has not expired.
    pub(crate) fn read(keys: &SlotKeys, token: &UndoToken, now: SystemTime) -> Option<Self> {
        let (handle, _) = keys.read::<Self>(SlotLabel::UndoToken, token.reveal())?;
        is_alive(handle.expires_at, now).then_some(handle)
    }
}

impl OutcomeHandle {
    pub(crate) fn sign(&self, keys: &SlotKeys) -> OutcomeToken {
        OutcomeToken::new(keys.sign(SlotLabel::OutcomeToken, self))
    }

    /// Reads a token of ours that has not expired.
    pub(crate) fn read(keys: &SlotKeys, token: &OutcomeToken, now: SystemTime) -> Option<Self> {
        let (handle, _) = keys.read::<Self>(SlotLabel::OutcomeToken, token.reveal())?;
        is_alive(handle.expires_at, now).then_some(handle)
    }
}

fn is_alive(Seconds(expires_at): Seconds, now: SystemTime) -> bool {
    let Seconds(now) = Seconds::of(now);
    now < expires_at
}
