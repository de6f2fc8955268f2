//! A pointer to an implementation is an implementation.
//!
//! It is a macro, because `Arc` and `Box` have no trait in common. It spells methods as
//! `async_trait` does, so a pointer boxes no second future. A method that waits for nothing stands
//! behind a semicolon.

use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::error::BoxError;
use crate::host::{
    Addition, Advance, AuthError, AuthRequest, Authenticator, Caller, Changed, CredentialManagement,
    CredentialRepository, Keep, PasskeyDirectory, RelyingParties, Removal, SignCounters, UserDirectory,
};
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialStatus, CredentialUuid, NewCredential,
    RelyingParty, User, UserId,
};

macro_rules! forward {
    ($trait:ident { $($method:ident<$($borrow:lifetime),*>($($given:ident: $type:ty),*) -> $ok:ty, $error:ty;)* $(; $plain:ident -> $answer:ty;)? }) => {
        forward!(Arc, $trait { $($method<$($borrow),*>($($given: $type),*) -> $ok, $error;)* $(; $plain -> $answer;)? });
        forward!(Box, $trait { $($method<$($borrow),*>($($given: $type),*) -> $ok, $error;)* $(; $plain -> $answer;)? });
    };
    ($pointer:ident, $trait:ident { $($method:ident<$($borrow:lifetime),*>($($given:ident: $type:ty),*) -> $ok:ty, $error:ty;)* $(; $plain:ident -> $answer:ty;)? }) => {
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
            $(fn $plain(&self) -> $answer {
                (**self).$plain()
            })?
        }
    };
}

pub(crate) use forward;

forward!(Authenticator { authenticate<'r, 'h>(request: &'r AuthRequest<'h>) -> Caller, AuthError; });
forward!(UserDirectory { user<'i>(id: &'i UserId) -> Option<User>, BoxError; });
forward!(CredentialRepository {
    credentials<'u>(user: &'u UserId) -> Vec<Credential>, BoxError;
    insert<>(credential: NewCredential, most: usize) -> Addition, BoxError;
    credential<'u, 'i>(user: &'u UserId, id: &'i CredentialId) -> Option<Credential>, BoxError;
    passkeys<'u, 'p>(user: &'u UserId, relying_party_id: &'p str, most: usize) -> Vec<CredentialDescriptor>, BoxError;
    keys<'u>(user: &'u UserId, most: usize) -> Vec<CredentialDescriptor>, BoxError;
    count<'u>(user: &'u UserId, most: usize) -> usize, BoxError;
});
forward!(CredentialManagement {
    set_status<'u, 'i>(user: &'u UserId, uuid: &'i CredentialUuid, status: CredentialStatus, keep: Keep) -> Changed, BoxError;
    rename<'u, 'i, 'n>(user: &'u UserId, uuid: &'i CredentialUuid, name: &'n str) -> Changed, BoxError;
    remove<'u, 'i>(user: &'u UserId, uuid: &'i CredentialUuid, keep: Keep) -> Removal, BoxError;
});
forward!(PasskeyDirectory { passkey<'i>(id: &'i CredentialId) -> Option<Credential>, BoxError; });
forward!(SignCounters { advance<'i>(id: &'i CredentialId, count: u32) -> Advance, BoxError; });
forward!(RelyingParties {
    resolve<'r>(request: &'r Parts) -> Option<Arc<RelyingParty>>, BoxError;
    ; listed -> &[Arc<RelyingParty>];
});
