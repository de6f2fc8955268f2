#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Data flows from the top of this list to the bottom: a module uses those below it, and never one
// above.
pub mod action;
pub mod assertion;
pub mod attestation;
pub mod auth;
#[cfg(feature = "webauthn-rs")]
#[cfg_attr(docsrs, doc(cfg(feature = "webauthn-rs")))]
pub mod bridge;
pub mod clock;
pub mod code;
pub mod crypto;
mod encoding;
mod enrolment;
pub mod error;
pub mod event;
pub mod host;
pub mod manage;
pub mod model;
mod once;
mod random;
#[cfg(feature = "deprecated-kinds")]
#[cfg_attr(docsrs, doc(cfg(feature = "deprecated-kinds")))]
pub mod secret;
#[cfg(not(feature = "deprecated-kinds"))]
mod secret;
pub mod serve;
pub mod sign_in;
mod signed;
pub mod site;
pub mod store;
mod together;

pub mod manual;
#[cfg(any(test, feature = "test-util"))]
pub mod testing;

// The names that people import first. Every other name has one path: its module's.
pub use self::action::{ActionFlow, ActionPolicy};
pub use self::auth::{AuthFlows, AuthLayer, AuthRouter};
pub use self::code::{CodeFlow, CodeLayer, CodePolicy, CodeRouter};
pub use self::model::RelyingParty;
pub use self::site::{Site, Storage};

/// The OpenAPI 3.1 document of every endpoint, as JSON.
///
/// Its paths are those of the default mount `/auth`, as [`AuthRouter`] serves them. All names in it
/// begin with `CredentialCode`, so that none collides with a name of yours. Serve it as it is, with
/// `application/json`. Or merge it into your own document. With [utoipa] that is one call:
/// `host.merge(serde_json::from_str(credential_code::OPENAPI)?)`. For another mount,
/// change the keys of `paths` first.
///
/// ```
/// let document: serde_json::Value = serde_json::from_str(credential_code::OPENAPI)?;
/// assert!(document["paths"]["/auth/credentials/code"]["post"].is_object());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [utoipa]: https://docs.rs/utoipa
pub const OPENAPI: &str = include_str!("openapi.json");
