//! From a request to the flow, and back. The router and the layer are shells around [`respond`].
//!
//! Each request is parsed completely before anything is asked of the host or taken from a store: path, method, media type, body within
//! its limits, JSON, types. So malformed input spends nothing. Every answer is JSON and must not be stored by anybody.

mod answer;
mod body;
mod code;
mod credential_answer;
mod dispatch;
mod endpoint;
mod request;
mod wire;

pub(crate) use self::answer::{refusal, success};
pub use self::credential_answer::CredentialAnswer;
pub use self::dispatch::Mountable;
pub(crate) use self::dispatch::{Asked, Endpoints, respond};
pub(crate) use self::endpoint::{Mount, Route};
pub(crate) use self::request::{find_relying_party, read_json};
pub(crate) use self::wire::{RelyingPartyAnswer, read_base64url, read_credential_id};
