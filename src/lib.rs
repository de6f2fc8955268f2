#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Data flows from the top of this list to the bottom: a module uses those below it, never those above.
pub mod auth;

pub mod code;

pub mod action;

pub mod serve;

pub mod site;

mod once;

pub mod assertion;

pub mod attestation;

#[cfg(feature = "deprecated-kinds")]
#[cfg_attr(docsrs, doc(cfg(feature = "deprecated-kinds")))]
pub mod secret;
#[cfg(not(feature = "deprecated-kinds"))]
mod secret;

mod signed;

pub mod store;

pub mod host;

pub mod event;

pub mod error;

pub mod model;

pub mod crypto;

pub mod clock;
mod encoding;
mod random;

pub mod manual;
#[cfg(any(test, feature = "test-util"))]
pub mod testing;

// The names that people import first. Every other name has one path: its module's.
pub use self::action::{ActionFlow, ActionPolicy};
pub use self::auth::{AuthFlows, AuthLayer, AuthRouter};
pub use self::code::{CodeFlow, CodeLayer, CodePolicy, CodeRouter};
pub use self::model::RelyingParty;
pub use self::site::{Site, Storage};
