//! A pointer to an implementation is an implementation.
//!
//! A macro, because `Arc` and `Box` have no trait in common for which each implementation could be written once. The
//! methods are spelled as `async_trait` spells them, so that a pointer boxes no second future.

use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::error::BoxError;
use crate::host::{
    Advance, AuthError, AuthRequest, Authenticator, Caller, CredentialRepository, RelyingParties,
    SignCounters, UserDirectory,
};
use crate::model::{Credential, CredentialId, Insertion, NewCredential, RelyingParty, User, UserId};

type Answer<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

macro_rules! forward {
    ($pointer:ident) => {
        impl<T: Authenticator + ?Sized> Authenticator for $pointer<T> {
            fn authenticate<'s, 'r, 'h, 'f>(
                &'s self,
                request: &'r AuthRequest<'h>,
            ) -> Answer<'f, Result<Caller, AuthError>>
            where
                's: 'f,
                'r: 'f,
                'h: 'f,
                Self: 'f,
            {
                (**self).authenticate(request)
            }
        }

        impl<T: UserDirectory + ?Sized> UserDirectory for $pointer<T> {
            fn user<'s, 'i, 'f>(&'s self, id: &'i UserId) -> Answer<'f, Result<Option<User>, BoxError>>
            where
                's: 'f,
                'i: 'f,
                Self: 'f,
            {
                (**self).user(id)
            }
        }

        impl<T: CredentialRepository + ?Sized> CredentialRepository for $pointer<T> {
            fn credentials<'s, 'u, 'f>(
                &'s self,
                user: &'u UserId,
            ) -> Answer<'f, Result<Vec<Credential>, BoxError>>
            where
                's: 'f,
                'u: 'f,
                Self: 'f,
            {
                (**self).credentials(user)
            }

            fn insert<'s, 'f>(&'s self, credential: NewCredential) -> Answer<'f, Result<Insertion, BoxError>>
            where
                's: 'f,
                Self: 'f,
            {
                (**self).insert(credential)
            }
        }

        impl<T: SignCounters + ?Sized> SignCounters for $pointer<T> {
            fn advance<'s, 'i, 'f>(
                &'s self,
                id: &'i CredentialId,
                count: u32,
            ) -> Answer<'f, Result<Advance, BoxError>>
            where
                's: 'f,
                'i: 'f,
                Self: 'f,
            {
                (**self).advance(id, count)
            }
        }

        impl<T: RelyingParties + ?Sized> RelyingParties for $pointer<T> {
            fn resolve<'s, 'r, 'f>(
                &'s self,
                request: &'r Parts,
            ) -> Answer<'f, Result<Option<Arc<RelyingParty>>, BoxError>>
            where
                's: 'f,
                'r: 'f,
                Self: 'f,
            {
                (**self).resolve(request)
            }
        }
    };
}

forward!(Arc);
forward!(Box);
