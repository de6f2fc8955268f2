//! The two kinds that the published schema deprecates: `Totp` and `Password` (feature
//! `deprecated-kinds`).
//!
//! Both are secrets that the server shares with the person, unlike a key. A thief who gets one from
//! either side, or talks the person into typing it on another page, can sign in with it. They are
//! here for hosts that still need them, and refused until such a host lists them in
//! [`kinds`](crate::CodePolicy::kinds).
//!
//! 1. **The secret goes to the host once**, with the
//!    [`NewCredential`](crate::model::NewCredential), and to nobody else. A stored
//!    [`Credential`](crate::model::Credential), an event and an answer do not hold it.
//! 2. **No store sees a TOTP secret.** It is made of the challenge id, which no store has, under
//!    the slot key, which no store has.
//! 3. **A password is hashed off the async threads**, so many at a time and no more, and is wiped
//!    as soon as it is.
//!
//! ```
//! # #[cfg(feature = "deprecated-kinds")] {
//! use credential_code::model::CredentialKind;
//! use credential_code::secret::PasswordPolicy;
//! use credential_code::CodePolicy;
//!
//! let policy = CodePolicy::default()
//!     .kinds([CredentialKind::Fido2, CredentialKind::Password, CredentialKind::Totp])
//!     .passwords(PasswordPolicy::new(["password", "12345678", "example.com"]));
//! # drop(policy);
//! # }
//! ```

#[cfg(not(feature = "deprecated-kinds"))]
mod absent;
#[cfg(feature = "deprecated-kinds")]
mod error;
#[cfg(feature = "deprecated-kinds")]
mod hasher;
#[cfg(feature = "deprecated-kinds")]
mod policy;
#[cfg(feature = "deprecated-kinds")]
mod present;
#[cfg(feature = "deprecated-kinds")]
mod totp;

#[cfg(not(feature = "deprecated-kinds"))]
pub(crate) use self::absent::{PasswordPolicy, Secrets};
#[cfg(feature = "deprecated-kinds")]
pub use self::error::SecretError;
#[cfg(feature = "deprecated-kinds")]
pub(crate) use self::hasher::PasswordHasher;
#[cfg(feature = "deprecated-kinds")]
pub use self::policy::PasswordPolicy;
#[cfg(feature = "deprecated-kinds")]
pub(crate) use self::present::Secrets;
