//! The parts that a host implements: it identifies callers, knows users, keeps credentials, and
//! lists relying parties.
//!
//! The traits are dyn-compatible and held as `Arc<dyn …>`, so no type parameter of a host's leaks
//! into the flow. Expected outcomes are values (`None`, [`Addition::Duplicate`]). An `Err` is a
//! failure, which the caller sees as a 5xx without any detail. It is 503 for a
//! [`StoreError`](crate::error::StoreError), else 500. A method that matters for security has no
//! default body, so a host has to decide. Default bodies only select among credentials.
//!
//! They are `async` by [`macro@async_trait`], which an implementation names as well. An `Arc` or a
//! `Box` of an implementation is an implementation too.
//!
//! ```
//! use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller, async_trait};
//! use credential_code::model::UserId;
//!
//! /// Trusts the header that a gateway sets, and that nobody else can send.
//! struct BehindGateway;
//!
//! #[async_trait]
//! impl Authenticator for BehindGateway {
//!     async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
//!         let user = request.head.headers.get("x-gateway-user");
//!         let user = user.ok_or(AuthError::Unauthenticated)?;
//!         let user = user.to_str().ok().and_then(|user| UserId::new(user).ok());
//!         user.map(Caller::new).ok_or(AuthError::Unauthenticated)
//!     }
//! }
//! ```

mod authenticator;
mod credentials;
mod forward;
mod relying_parties;
mod users;

pub use async_trait::async_trait;

pub use self::authenticator::{AuthError, AuthRequest, Authenticator, Caller};
pub use self::credentials::{
    Addition, Advance, Changed, CredentialManagement, CredentialRepository, Keep, PasskeyDirectory, Removal,
    SignCounters,
};
#[cfg(any(test, feature = "test-util"))]
pub(crate) use self::credentials::{is_key_that_signs, is_passkey_of, newest};
pub(crate) use self::forward::forward;
pub use self::relying_parties::{RelyingParties, RelyingPartyList};
pub use self::users::UserDirectory;
