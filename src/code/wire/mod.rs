//! Bodies: the shapes that go over the wire, and their parsing into the flow's types. A file for
//! each step.
//!
//! Requests are read strictly: one object, no unknown, duplicate or `null` members, nothing behind
//! it.

mod exchange;
mod mint;
mod register;

pub(super) use self::exchange::read_exchange;
pub(crate) use self::exchange::write_challenge;
pub(super) use self::mint::{read_mint, write_minted};
pub use self::register::CredentialAnswer;
pub(crate) use self::register::read_register;
pub(super) use self::register::write_registration;
