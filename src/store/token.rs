//! Tokens that a site signs and nobody stores. A token is base64url over its content, by postcard,
//! and an HMAC of that. The HMAC uses the key ring, with a label of its own.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use crate::encoding::base64url;
use crate::store::{Slot, SlotKeys, SlotLabel};

const MAC_LENGTH: usize = 32;
/// No token of ours is longer.
const LONGEST: usize = 1024;

impl SlotKeys {
    /// Writes a token.
    pub(crate) fn sign(&self, label: SlotLabel, handle: &impl Serialize) -> Arc<str> {
        let bytes = postcard::to_extend(handle, Vec::new());
        let mut bytes = bytes.expect("ids and numbers always serialise");
        let mac = self.newest(label, &bytes);
        bytes.extend_from_slice(mac.as_bytes());
        base64url::encode_shared::<LONGEST>(&bytes)
    }

    /// Reads a token of ours, whichever key of the ring signed it. Returns it with a slot of its
    /// own.
    pub(crate) fn read<T: DeserializeOwned>(&self, label: SlotLabel, token: &str) -> Option<(T, Slot)> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = base64url::decode(token).ok()?;
        let (handle, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        let is_signature = |ours: &Slot| bool::from(ours.as_bytes().as_slice().ct_eq(mac));
        let slot = self.all(label, handle).find(is_signature)?;
        match postcard::take_from_bytes(handle) {
            Ok((handle, [])) => Some((handle, slot)),
            Ok(_) | Err(_) => None,
        }
    }
}
