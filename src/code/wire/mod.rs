//! Bodies: the shapes on the wire, and their parsing into the flow's types. Each step has a file.
//!
//! Requests are read strictly: one object, nothing behind it, and no unknown, duplicate or `null`
//! members.

mod exchange;
mod mint;
mod register;

pub(super) use self::exchange::read_exchange;
pub(crate) use self::exchange::write_challenge;
pub(super) use self::mint::{read_mint, write_minted};
pub use self::register::CredentialAnswer;
pub(crate) use self::register::read_register;
pub(super) use self::register::write_registration;
