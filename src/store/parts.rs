//! The parts of an enrolment that ledgers keep as bytes. The rest of it are words and numbers, which
//! engines compare.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::model::{Credential, Opening};
use crate::store::codec::{self, UnreadableRecord};

/// What goes wrong with enrolments is told of under this name.
pub(super) const ENROLMENTS: &str = "enrolments";

/// What a ledger keeps of an enrolment as bytes: sealed in a shared one, by the [`codec`] in memory.
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

/// The session in which an enrolment began, as a keyed hash.
impl Part for [u8; 32] {
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
