//! Records as bytes, for stores that keep bytes.
//!
//! ```text
//! version (1)   which record   its fields, by postcard
//! ```
//!
//! The first byte is the version of this form. The second says which record it is, so a code's
//! grant is never read as something else. The fields follow in the order of their declaration, in
//! the form of [postcard](https://docs.rs/postcard). A pending registration takes about 150 bytes.
//! Bytes that do not read, to the last one, as the expected record are an [`UnreadableRecord`].
//!
//! Nothing is migrated, since a record lives for minutes. A record that a newer version wrote is
//! refused like a code that does not work. Its user asks for a new one.
//!
//! ```
//! use credential_code::store::{codec, CodeGrant};
//!
//! # fn example(grant: CodeGrant) -> Result<(), credential_code::error::StoreError> {
//! let bytes = codec::encode(&grant)?;
//! assert_eq!(codec::decode::<CodeGrant>(&bytes)?, grant);
//! # Ok(()) }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::store::Record;

pub(super) const VERSION: u8 = 1;

/// Writes a record as bytes. Fails if an instant in it is before 1970.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    write(record, R::TAG, R::NAME)
}

/// Reads a record from bytes.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<R, UnreadableRecord> {
    read(bytes, R::TAG, R::NAME)
}

pub(super) fn write(value: &impl Serialize, tag: u8, records: &'static str) -> Result<Vec<u8>, StoreError> {
    write_fields(&[VERSION, tag], value, records)
}

/// Writes the fields of a value behind the first bytes.
pub(super) fn write_fields(
    first: &[u8],
    value: &impl Serialize,
    records: &'static str,
) -> Result<Vec<u8>, StoreError> {
    // Most records fit.
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(first);
    postcard::to_extend(value, bytes).map_err(|error| StoreError::new(records, error))
}

pub(super) fn read<T: DeserializeOwned>(
    bytes: &[u8],
    tag: u8,
    records: &'static str,
) -> Result<T, UnreadableRecord> {
    let unreadable = |damage| UnreadableRecord { records, damage };
    match bytes {
        [VERSION, found, fields @ ..] if *found == tag => read_fields(fields, records),
        [VERSION, ..] => Err(unreadable(Damage::OtherRecord)),
        [version, ..] => Err(unreadable(Damage::Version(*version))),
        [] => Err(unreadable(Damage::Empty)),
    }
}

/// Reads the fields of a value, to the last byte.
pub(super) fn read_fields<T: DeserializeOwned>(
    fields: &[u8],
    records: &'static str,
) -> Result<T, UnreadableRecord> {
    match postcard::take_from_bytes(fields) {
        Ok((value, [])) => Ok(value),
        Ok((_, [_, ..])) => Err(UnreadableRecord { records, damage: Damage::TrailingBytes }),
        Err(error) => Err(UnreadableRecord { records, damage: Damage::Fields(error) }),
    }
}

/// The bytes are no record, or another one. The error repeats none of them.
#[derive(Debug, thiserror::Error)]
#[error("a record of `{records}` can't be read: {damage}")]
pub struct UnreadableRecord {
    records: &'static str,
    damage: Damage,
}

impl UnreadableRecord {
    /// Creates the error for a record that no key of the ring opens in its place.
    pub(super) fn sealed(records: &'static str) -> Self {
        Self { records, damage: Damage::Sealed }
    }

    /// Returns what it should have been: [`Record::NAME`], or `enrolments`.
    pub fn records(&self) -> &'static str {
        self.records
    }
}

#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("it is empty")]
    Empty,
    #[error("it is of version {0}, and this is version {VERSION}")]
    Version(u8),
    #[error("it is another record")]
    OtherRecord,
    #[error(
        "it does not open: it was moved or altered, or its key has left the ring; \
         if many do not, look whether all processes have the same ring"
    )]
    Sealed,
    #[error("something follows it")]
    TrailingBytes,
    #[error("{0}")]
    Fields(postcard::Error),
}
