//! The two kinds that the published schema deprecates: `Totp` and `Password` (feature
//! `deprecated-kinds`).
//!
//! Unlike a key, both are secrets that the server shares with the person. A thief can sign in with
//! one. The thief may get it from either side, or make the person type it on another page. These
//! kinds exist for hosts that still need them. They are refused until a host lists them in
//! [`kinds`](crate::CodePolicy::kinds).
//!
//! 1. **The secret goes to the host once**, with the
//!    [`NewCredential`](crate::model::NewCredential), and to nobody else. A stored
//!    [`Credential`](crate::model::Credential), an event and an answer do not hold it.
//! 2. **No store sees a TOTP secret.** It is derived from the challenge id under the slot key. No
//!    store has either of them.
//! 3. **A password is hashed off the async threads**, with a bound on how many at a time. It is
//!    wiped right after that.
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
