use sha2::{Digest, Sha256};

use crate::encoding::canonical_json::{Ambiguous, canonical};
use crate::model::{Invalid, UserId};

const LONGEST_METHOD: usize = 32;
const LONGEST_PATH: usize = 2048;
const DOMAIN: &[u8] = b"credential-code/v1/action-request\0";

/// A request that an action signs, or that comes with an action: method, path, and the meaning of
/// the body.
///
/// ```
/// use credential_code::action::ActionRequest;
///
/// let path = "/auth/credentials/code";
/// let signed = ActionRequest::new("POST", path, br#"{"expiration":1772362800}"#).unwrap();
/// let made = ActionRequest::new("POST", path, br#"{ "expiration" : 1772362800 }"#).unwrap();
/// assert_eq!(signed, made);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionRequest {
    method: Box<str>,
    path: Box<str>,
    payload: Payload,
}

/// The meaning of a body, hashed.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Payload {
    Json([u8; 32]),
    Bytes([u8; 32]),
}

impl ActionRequest {
    /// Creates a request from its method, its full path (without a query) and its body. Rejects a
    /// JSON body that two readers could read differently, for example one with a duplicate member.
    pub fn new(method: &str, path: &str, body: &[u8]) -> Result<Self, Invalid> {
        if !(1..=LONGEST_METHOD).contains(&method.len())
            || !method.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            return Err(Invalid::new("a method is upper-case letters"));
        }
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'));
        if !path.starts_with('/') || path.len() > LONGEST_PATH || !is_plain {
            return Err(Invalid::new("a path starts with a slash and has no query"));
        }
        Ok(Self { method: method.into(), path: path.into(), payload: Payload::read(body)? })
    }

    /// Returns one hash for the request when this user makes it. Lengths are hashed too, so nothing
    /// can move from one part to the next.
    pub(super) fn binding(&self, user: &UserId) -> [u8; 32] {
        let (form, payload) = match &self.payload {
            Payload::Json(hash) => (&b"json"[..], hash),
            Payload::Bytes(hash) => (&b"bytes"[..], hash),
        };
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        for part in [user.as_str().as_bytes(), self.method.as_bytes(), self.path.as_bytes(), form, payload] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

impl Payload {
    /// Reads a body. Clients that send no body sign either nothing or an empty object.
    fn read(body: &[u8]) -> Result<Self, Invalid> {
        let body = if body.is_empty() { b"{}" } else { body };
        match canonical(body) {
            Ok(Some(spelling)) => Ok(Self::Json(Sha256::digest(spelling).into())),
            Ok(None) => Ok(Self::Bytes(Sha256::digest(body).into())),
            Err(Ambiguous) => Err(Invalid::new(
                "a body is JSON without duplicate members, nested at most 64 deep, or not JSON at all",
            )),
        }
    }
}
