//! The parts of an enrolment that ledgers keep as bytes, in the form of a [`codec`]. The rest of it
//! are words and numbers, which engines compare.

#[cfg(feature = "redis")]
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::model::{Credential, Opening};
use crate::store::codec::{self, UnreadableRecord};

/// What goes wrong with enrolments is told of under this name.
pub(super) const ENROLMENTS: &str = "enrolments";

/// What a ledger keeps of an enrolment as bytes.
pub(super) trait Part: DeserializeOwned + Serialize {
    /// Which part it is. No record and no other part has the same, and none ever changes.
    const TAG: u8;
}

impl Part for Opening {
    const TAG: u8 = 101;
}

impl Part for Credential {
    const TAG: u8 = 102;
}

/// What never changes of an enrolment: when its code was minted, and in which session.
#[cfg(feature = "redis")]
pub(super) type Beginning = (SystemTime, Option<[u8; 32]>);

#[cfg(feature = "redis")]
impl Part for Beginning {
    const TAG: u8 = 103;
}

/// Writes a part of an enrolment. It fails if an instant in it lies before 1970.
pub(super) fn encode_part<P: Part>(part: &P) -> Result<Vec<u8>, StoreError> {
    codec::write(part, P::TAG, ENROLMENTS)
}

/// Reads a part of an enrolment.
pub(super) fn decode_part<P: Part>(bytes: &[u8]) -> Result<P, UnreadableRecord> {
    codec::read(bytes, P::TAG, ENROLMENTS)
}
