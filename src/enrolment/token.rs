//! Tokens that the site signs and nobody keeps: base64url over what they say, by postcard, and an
//! HMAC of it under the key ring, with a label of their own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::encoding::base64url;
use crate::model::{EnrolmentId, OutcomeToken, UndoToken, UserId};
use crate::store::{SlotKeys, SlotLabel};

const MAC_LENGTH: usize = 32;
/// No token of ours is longer.
const LONGEST: usize = 1024;

/// What an undo token says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct UndoHandle {
    pub(crate) user: UserId,
    pub(crate) enrolment: EnrolmentId,
    pub(crate) expires_at: Seconds,
}

/// What an outcome token says.
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
    /// How long a notice may lie before it is read.
    pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    pub(crate) fn sign(&self, keys: &SlotKeys) -> UndoToken {
        UndoToken::new(sign(keys, SlotLabel::UndoToken, self))
    }

    /// Reads a token of ours that has not expired.
    pub(crate) fn read(keys: &SlotKeys, token: &UndoToken, now: SystemTime) -> Option<Self> {
        read::<Self>(keys, SlotLabel::UndoToken, token.reveal()).filter(|it| is_alive(it.expires_at, now))
    }
}

impl OutcomeHandle {
    pub(crate) fn sign(&self, keys: &SlotKeys) -> OutcomeToken {
        OutcomeToken::new(sign(keys, SlotLabel::OutcomeToken, self))
    }

    /// Reads a token of ours that has not expired.
    pub(crate) fn read(keys: &SlotKeys, token: &OutcomeToken, now: SystemTime) -> Option<Self> {
        read::<Self>(keys, SlotLabel::OutcomeToken, token.reveal()).filter(|it| is_alive(it.expires_at, now))
    }
}

fn is_alive(Seconds(expires_at): Seconds, now: SystemTime) -> bool {
    let Seconds(now) = Seconds::of(now);
    now < expires_at
}

fn sign(keys: &SlotKeys, label: SlotLabel, handle: &impl Serialize) -> String {
    let bytes = postcard::to_extend(handle, Vec::new());
    let mut bytes = bytes.expect("ids and a number always serialise");
    let mac = keys.newest(label, &bytes);
    bytes.extend_from_slice(mac.as_bytes());
    base64url::encode(&bytes)
}

fn read<T: DeserializeOwned>(keys: &SlotKeys, label: SlotLabel, token: &str) -> Option<T> {
    if token.len() > LONGEST {
        return None;
    }
    let bytes = base64url::decode(token).ok()?;
    let (handle, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
    let is_ours = keys.all(label, handle).any(|ours| bool::from(ours.as_bytes().as_slice().ct_eq(mac)));
    match postcard::take_from_bytes(handle) {
        Ok((handle, [])) if is_ours => Some(handle),
        Ok(_) | Err(_) => None,
    }
}
