//! Encrypts records and parts of enrolments in shared stores. Without the key ring, nobody can read
//! or change them.
//!
//! ```text
//! nonce (24)   what is sealed, by postcard   tag (16)
//! ```
//!
//! The cipher is XChaCha20-Poly1305, an AEAD. Each key of the ring gives a key for it, by HMAC with
//! a label. The newest key seals, and all of them open. The associated data is the unencrypted
//! context: the version, which record or part it is, its slot, and its expiry. So data that was
//! moved, altered or sealed elsewhere does not open.
//!
//! Nonces are random. With 192 bits, two nonces of 2^80 records under one key collide with a chance
//! of 2^-33. The 96 bits of plain ChaCha20-Poly1305 or AES-GCM allow only 2^32 records for the same
//! chance. A busy site writes that many in a year.

use std::fmt;
use std::marker::PhantomData;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chacha20poly1305::{AeadInOut, Tag, XChaCha20Poly1305, XNonce};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::model::EnrolmentId;
use crate::random;
use crate::store::codec::{self, UnreadableRecord};
use crate::store::parts::{ENROLMENTS, Part};
use crate::store::{ClearRecord, Slot, SlotKeys};

const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

/// A record as a shared store keeps it. The store learns its kind, its expiry and roughly its
/// length.
#[derive(Clone, Deserialize, Serialize)]
#[serde(bound = "")]
pub struct Sealed<R> {
    pub(super) expires_at: SystemTime,
    bytes: Bytes,
    record: PhantomData<fn() -> R>,
}

impl<R: ClearRecord> Sealed<R> {
    pub(super) fn seal(seals: &Seals, slot: Slot, record: &R) -> Result<Self, StoreError> {
        let expires_at = record.expires_at();
        let bytes = seals.seal(&beside::<R>(slot, expires_at), record, R::NAME)?;
        Ok(Self { expires_at, bytes: bytes.into(), record: PhantomData })
    }

    pub(super) fn open(&self, seals: &Seals, slot: Slot) -> Result<R, UnreadableRecord> {
        seals.open(&beside::<R>(slot, self.expires_at), &self.bytes, R::NAME)
    }
}

impl<R: ClearRecord> fmt::Debug for Sealed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("records", &R::NAME)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The ciphers of a ring.
pub(super) struct Seals {
    newest: XChaCha20Poly1305,
    older: Vec<XChaCha20Poly1305>,
}

impl Seals {
    pub(super) fn new(keys: &SlotKeys) -> Self {
        let (newest, older) = keys.ciphers();
        Self { newest, older }
    }

    /// Seals a part of an enrolment of that owner.
    pub(super) fn seal_part<P: Part>(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        part: &P,
    ) -> Result<Vec<u8>, StoreError> {
        self.seal(&beside_part::<P>(owner, id), part, ENROLMENTS)
    }

    /// Opens a part of an enrolment of that owner.
    pub(super) fn open_part<P: Part>(
        &self,
        owner: Slot,
        id: &EnrolmentId,
        sealed: &[u8],
    ) -> Result<P, UnreadableRecord> {
        self.open(&beside_part::<P>(owner, id), sealed, ENROLMENTS)
    }

    fn seal(
        &self,
        beside: &[u8],
        value: &impl Serialize,
        records: &'static str,
    ) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_LENGTH] = random::bytes().map_err(|error| StoreError::new(records, error))?;
        let mut bytes = codec::write_fields(&nonce, value, records)?;
        let tag =
            self.newest.encrypt_inout_detached(&nonce.into(), beside, (&mut bytes[NONCE_LENGTH..]).into());
        // No record has 256 GiB.
        bytes.extend(tag.map_err(|_| StoreError::new(records, "it is too long"))?);
        Ok(bytes)
    }

    fn open<T: DeserializeOwned>(
        &self,
        beside: &[u8],
        sealed: &[u8],
        records: &'static str,
    ) -> Result<T, UnreadableRecord> {
        let framed = sealed.split_first_chunk::<NONCE_LENGTH>().and_then(|(nonce, rest)| {
            let (sealed, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
            Some((nonce, sealed, tag))
        });
        let Some((nonce, sealed, tag)) = framed else { return Err(UnreadableRecord::sealed(records)) };
        let mut clear = sealed.to_vec();
        // A cipher that refuses does not change the bytes: it checks the tag first.
        let mut opens = |seal: &XChaCha20Poly1305| {
            let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
            seal.decrypt_inout_detached(&nonce, beside, clear.as_mut_slice().into(), &tag).is_ok()
        };
        match opens(&self.newest) || self.older.iter().any(opens) {
            true => codec::read_fields(&clear, records),
            false => Err(UnreadableRecord::sealed(records)),
        }
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seals({})", 1 + self.older.len())
    }
}

/// Returns the associated data of a record.
fn beside<R: ClearRecord>(slot: Slot, expires_at: SystemTime) -> Vec<u8> {
    let since = expires_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    [&[codec::VERSION, R::TAG], slot.as_bytes().as_slice(), &since.to_be_bytes()].concat()
}

/// Returns the associated data of a part of an enrolment. It never changes.
fn beside_part<P: Part>(owner: Slot, id: &EnrolmentId) -> Vec<u8> {
    [&[codec::VERSION, P::TAG], owner.as_bytes().as_slice(), id.as_str().as_bytes()].concat()
}

#[cfg(test)]
#[path = "../../tests/unit/seal.rs"]
mod tests;
