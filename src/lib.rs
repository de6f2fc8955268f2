//! Lets the users of a web service add a passkey or a key with a one-time code. It works where they
//! have no credential yet: on another device, in another browser, on another domain.
//!
//! In the application where they are signed in, users mint a code such as `A7U-KY6-9PT`. Elsewhere
//! they exchange it for a challenge, and register a new credential by answering it. The crate is a
//! router to mount or a [tower] layer. You bring users, credentials and authentication as traits.
//!
//! ```
//! use credential_code::testing::MemoryHost;
//! use credential_code::{CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let site = Site::builder()
//!     .host(MemoryHost::default()) // yours, in production
//!     .relying_party(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?)
//!     .events(|event| println!("{event:?}"))
//!     .build()?;
//! let flow = CodeFlow::new(&site, CodePolicy::default())?;
//! let router = CodeRouter::new(flow);
//! let app: axum::Router = axum::Router::new().nest_service("/auth/credentials", router);
//! # drop(app);
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! | to do this | use |
//! | --- | --- |
//! | set up what all flows share | [`Site`], [`Storage`], [`RelyingParty`], the traits of [`host`] |
//! | let users add a credential by a code | [`CodeFlow`], [`CodePolicy`], [`CodeRouter`], [`CodeLayer`] |
//! | ask for a signature by an existing credential | [`ActionFlow`], [`action::UserActions`] |
//! | let users manage what they have | [`manage`] |
//! | sign users in with their passkeys | [`sign_in`] |
//! | serve all flows under one mount | [`AuthFlows`], [`AuthRouter`], [`AuthLayer`] |
//! | hear of everything that happens | [`event::Event`], [`error::Error`] |
//! | share records between processes | [`store`] |
//! | test your host | `testing`, with the feature `test-util` |
//!
//! # To read
//!
//! The [`manual`] has a page for each question. Begin with [integrate](manual::integrate), and read
//! the [checklist](manual::checklist) before production. The [threat model](manual::threat_model)
//! says what the crate defends, and what it does not.
//!
//! # Features
//!
//! The default features are `axum-core`, `fido2` and `memory`. A feature adds something, and never
//! changes what is accepted. `aws-lc-rs` checks signatures with AWS-LC. `postgres`, `sqlite` and
//! `redis` are shared stores. `webauthn-rs` is a bridge to the passkeys that webauthn-rs keeps, and
//! a second engine. `tracing` creates spans and events. `deprecated-kinds` are passwords and
//! one-time passwords.
//!
//! [tower]: https://docs.rs/tower

#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Data flows from the top of this list to the bottom: a module uses the modules below it, and never
// one above.
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
mod sync;
mod together;

pub mod manual;
#[cfg(any(test, feature = "test-util"))]
pub mod testing;

// The names that people import first. Every other name has one path: that of its module.
pub use self::action::{ActionFlow, ActionPolicy};
pub use self::auth::{AuthFlows, AuthLayer, AuthRouter};
pub use self::code::{CodeFlow, CodeLayer, CodePolicy, CodeRouter};
pub use self::model::RelyingParty;
pub use self::site::{Site, Storage};

/// The OpenAPI 3.1 document of every endpoint, as JSON.
///
/// Its paths are those of the default mount `/auth`, which [`AuthRouter`] serves. All names in it
/// begin with `CredentialCode`, so none collides with a name of yours. Serve it unchanged, as
/// `application/json`. Or merge it into your own document. With [utoipa] that is one call:
/// `host.merge(serde_json::from_str(credential_code::OPENAPI)?)`. For another mount, change the
/// keys of `paths` first.
///
/// ```
/// let document: serde_json::Value = serde_json::from_str(credential_code::OPENAPI)?;
/// assert!(document["paths"]["/auth/credentials/code"]["post"].is_object());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [utoipa]: https://docs.rs/utoipa
pub const OPENAPI: &str = include_str!("openapi.json");

/// The README's examples are tested, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(test, target_os = "linux"))]
#[path = "../tests/unit/wiping.rs"]
mod wiping;
