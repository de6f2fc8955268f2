//! The two kinds that the published schema deprecates: `Totp` and `Password` (feature `deprecated-kinds`).
//!
//! Both are secrets that the server shares with the person, unlike a key: whoever steals one from either side, or talks the person into
//! typing it on another page, can sign in with it. They are here for hosts that still need them, and refused until such a host
//! lists them in [`kinds`](crate::flow::CodeFlowBuilder::kinds).
//!
//! 1. **The secret goes to the host once**, with the [`NewCredential`](crate::NewCredential), and to nobody else. A stored
//!    [`Credential`](crate::Credential), an event and an answer do not hold it.
//! 2. **No store sees a TOTP secret.** It is made of the challenge id, which no store has, under the slot key, which no store has.
//! 3. **A password is hashed off the async threads**, so many at a time and no more, and is wiped as soon as it is.
//!
//! ```
//! use credential_code::secret::PasswordPolicy;
//! use credential_code::testing::flow_builder;
//! use credential_code::CredentialKind;
//!
//! let flow = flow_builder(&Default::default())
//!     .kinds([CredentialKind::Fido2, CredentialKind::Password, CredentialKind::Totp])
//!     .passwords(PasswordPolicy::new(["password", "12345678", "example.com"]))
//!     .build()
//!     .unwrap();
//! # drop(flow);
//! ```

mod error;
mod hasher;
mod policy;
mod totp;

pub use self::error::SecretError;
pub(crate) use self::hasher::PasswordHasher;
pub use self::policy::PasswordPolicy;
pub(crate) use self::totp::{otp_url, verify_one_time_password};
