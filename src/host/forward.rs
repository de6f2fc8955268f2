//! A pointer to an implementation is an implementation.
//!
//! A macro, because `Arc` and `Box` have no trait in common. It spells methods as `async_trait`
//! does, so that a pointer boxes no second future.

use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::error::BoxError;
use crate::host::{
    Advance, AuthError, AuthRequest, Authenticator, Caller, Changed, CredentialManagement,
    CredentialRepository, RelyingParties, Removal, SignCounters, UserDirectory,
};
use crate::model::{
    Credential, CredentialId, CredentialStatus, CredentialUuid, Insertion, NewCredential, RelyingParty, User,
    UserId,
};

macro_rules! forward {
    ($trait:ident { $($method:ident<$($borrow:lifetime),*>($($given:ident: $type:ty),*) -> $ok:ty, $error:ty;)* }) => {
        forward!(Arc, $trait { $($method<$($borrow),*>($($given: $type),*) -> $ok, $error;)* });
        forward!(Box, $trait { $($method<$($borrow),*>($($given: $type),*) -> $ok, $error;)* });
    };
    ($pointer:ident, $trait:ident { $($method:ident<$($borrow:lifetime),*>($($given:ident: $type:ty),*) -> $ok:ty, $error:ty;)* }) => {
        impl<T: $trait + ?Sized> $trait for $pointer<T> {
            $(fn $method<'s, $($borrow,)* 'f>(
                &'s self,
                $($given: $type),*
            ) -> Pin<Box<dyn Future<Output = Result<$ok, $error>> + Send + 'f>>
            where
                's: 'f,
                $($borrow: 'f,)*
                Self: 'f,
            {
                (**self).$method($($given),*)
            })*
        }
    };
}

pub(crate) use forward;

forward!(Authenticator { authenticate<'r, 'h>(request: &'r AuthRequest<'h>) -> Caller, AuthError; });
forward!(UserDirectory { user<'i>(id: &'i UserId) -> Option<User>, BoxError; });
forward!(CredentialRepository {
    credentials<'u>(user: &'u UserId) -> Vec<Credential>, BoxError;
    insert<>(credential: NewCredential) -> Insertion, BoxError;
});
forward!(CredentialManagement {
    set_status<'u, 'i>(user: &'u UserId, uuid: &'i CredentialUuid, status: CredentialStatus) -> Changed, BoxError;
    rename<'u, 'i, 'n>(user: &'u UserId, uuid: &'i CredentialUuid, name: &'n str) -> Changed, BoxError;
    remove<'u, 'i>(user: &'u UserId, uuid: &'i CredentialUuid) -> Removal, BoxError;
});
forward!(SignCounters { advance<'i>(id: &'i CredentialId, count: u32) -> Advance, BoxError; });
forward!(RelyingParties { resolve<'r>(request: &'r Parts) -> Option<Arc<RelyingParty>>, BoxError; });
