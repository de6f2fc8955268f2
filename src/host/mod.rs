//! What a host brings: who is asking, who the users are, where credentials are kept, and which
//! relying parties there are.
//!
//! The traits are dyn-compatible and held as `Arc<dyn …>`, so that no type parameter of a host's
//! leaks into the flow. Expected outcomes are values (`None`, [`Addition::Duplicate`]); an `Err` is
//! a failure, which the caller sees as a 5xx without any detail: 503 if it is a
//! [`StoreError`](crate::error::StoreError), else 500. A method that matters for security has no
//! default body: a host has to decide. What a body does for a host is to select among credentials.
//!
//! They are `async` by [`macro@async_trait`], which an implementation names as well. An `Arc` and a
//! `Box` of an implementation are one too.
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
//!         let user = request.head.headers.get("x-gateway-user").ok_or(AuthError::Unauthenticated)?;
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
