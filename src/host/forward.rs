//! A pointer to an implementation is an implementation. A macro, because `Arc` and `Box` have no trait in common
//! that this crate could write the five implementations for once.

use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;

use crate::error::BoxError;
use crate::host::{
    Advance, AuthError, AuthRequest, Authenticator, Caller, CredentialRepository, RelyingParties,
    SignCounters, UserDirectory,
};
use crate::model::{Credential, CredentialId, Insertion, NewCredential, RelyingParty, User, UserId};

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<T: Authenticator + ?Sized> Authenticator for $pointer<T> {
            async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
                (**self).authenticate(request).await
            }
        }

        #[async_trait]
        impl<T: UserDirectory + ?Sized> UserDirectory for $pointer<T> {
            async fn user(&self, id: &UserId) -> Result<Option<User>, BoxError> {
                (**self).user(id).await
            }
        }

        #[async_trait]
        impl<T: CredentialRepository + ?Sized> CredentialRepository for $pointer<T> {
            async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
                (**self).credentials(user).await
            }

            async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
                (**self).insert(credential).await
            }
        }

        #[async_trait]
        impl<T: SignCounters + ?Sized> SignCounters for $pointer<T> {
            async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
                (**self).advance(id, count).await
            }
        }

        #[async_trait]
        impl<T: RelyingParties + ?Sized> RelyingParties for $pointer<T> {
            async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError> {
                (**self).resolve(request).await
            }
        }
    };
}

forward!(Arc);
forward!(Box);
