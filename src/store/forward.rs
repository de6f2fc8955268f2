//! A pointer to a store is a store. A macro, and spelled out, for the same reasons as with the
//! host's traits.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::model::Insertion;
use crate::store::{Budget, OneTimeStore, Payment, PurseStore, Record, SharedStore, Slot};

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'f>>;

macro_rules! forward {
    ($($pointer:ident)*) => { $(
        impl<R: Record, S: OneTimeStore<R> + ?Sized> OneTimeStore<R> for $pointer<S> {
            fn insert<'s: 'f, 'f>(&'s self, slot: Slot, record: R) -> Answer<'f, Insertion> where Self: 'f {
                (**self).insert(slot, record)
            }

            fn take<'s: 'f, 'f>(&'s self, slot: Slot, now: SystemTime) -> Answer<'f, Option<R>> where Self: 'f {
                (**self).take(slot, now)
            }
        }

        impl<S: SharedStore + ?Sized> SharedStore for $pointer<S> {
            fn clock(&self) -> Arc<dyn Clock> {
                (**self).clock()
            }
        }

        impl<S: PurseStore + ?Sized> PurseStore for $pointer<S> {
            fn spend<'s: 'f, 'f>(&'s self, purse: Slot, budget: Budget, now: SystemTime) -> Answer<'f, Payment>
            where
                Self: 'f,
            {
                (**self).spend(purse, budget, now)
            }

            fn give_back<'s: 'f, 'f>(&'s self, purse: Slot, budget: Budget) -> Answer<'f, ()> where Self: 'f {
                (**self).give_back(purse, budget)
            }
        }
    )* };
}

forward!(Arc Box);
