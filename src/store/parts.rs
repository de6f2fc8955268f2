//! The parts of an enrolment that ledgers keep as bytes. The other parts are words and numbers,
//! which engines compare.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::model::{Credential, Opening};
use crate::store::codec::{self, UnreadableRecord};

/// The name under which errors about enrolments are reported.
pub(super) const ENROLMENTS: &str = "enrolments";

/// A part of an enrolment that a ledger keeps as bytes. A shared ledger gets it sealed, and the
/// ledger in memory keeps it by the [`codec`].
pub(super) trait Part: DeserializeOwned + Serialize {
    /// The number of the part. No record and no other part has the same number, and it never
    /// changes.
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

/// Writes a part of an enrolment. Fails if an instant in it is before 1970.
pub(super) fn encode_part<P: Part>(part: &P) -> Result<Vec<u8>, StoreError> {
    codec::write(part, P::TAG, ENROLMENTS)
}

/// Reads a part of an enrolment.
pub(super) fn decode_part<P: Part>(bytes: &[u8]) -> Result<P, UnreadableRecord> {
    codec::read(bytes, P::TAG, ENROLMENTS)
}
