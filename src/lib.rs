#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Data flows from the top of this list to the bottom: a module uses those below it, never those above. Only `host` and `store` use each
// other, since a store may be a host's repository too.
pub mod action;

pub mod layer;

pub mod router;

mod http;

pub mod flow;

pub mod assertion;

pub mod attestation;

#[cfg(feature = "deprecated-kinds")]
#[cfg_attr(docsrs, doc(cfg(feature = "deprecated-kinds")))]
pub mod secret;

mod ceremony;

pub mod host;

pub mod store;

pub mod model;

pub mod crypto;

pub mod clock;
mod encoding;
mod random;

pub mod manual;
#[cfg(any(test, feature = "test-util"))]
pub mod testing;

/// What the [host's traits](host) are made async with.
pub use async_trait::async_trait;

// The names that people import first.
pub use self::action::{ActionFlow, ActionLayer, ActionRouter, UserActions};
pub use self::flow::{CodeFlow, Error, ErrorKind, Event};
pub use self::host::{
    Advance, AuthError, AuthRequest, Authenticator, Caller, CredentialRepository, RelyingParties,
    SignCounters, UserDirectory,
};
pub use self::http::CredentialAnswer;
pub use self::layer::CodeLayer;
pub use self::model::{
    Credential, CredentialId, CredentialKind, CredentialUuid, NewCredential, Origin, RelyingParty, User,
    UserId,
};
pub use self::router::CodeRouter;
pub use self::store::{BoxError, Budget, Insertion, OneTimeStore};
