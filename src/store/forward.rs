//! A pointer to a store is a store. A macro for the same reason as that of the host's traits.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::model::Insertion;
use crate::store::{Budget, OneTimeStore, Payment, PurseStore, Record, SharedStore, Slot};

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<R: Record, S: OneTimeStore<R> + ?Sized> OneTimeStore<R> for $pointer<S> {
            async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
                (**self).insert(slot, record).await
            }

            async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
                (**self).take(slot, now).await
            }
        }

        impl<S: SharedStore + ?Sized> SharedStore for $pointer<S> {
            fn clock(&self) -> Arc<dyn Clock> {
                (**self).clock()
            }
        }

        #[async_trait]
        impl<S: PurseStore + ?Sized> PurseStore for $pointer<S> {
            async fn spend(
                &self,
                purse: Slot,
                budget: Budget,
                now: SystemTime,
            ) -> Result<Payment, StoreError> {
                (**self).spend(purse, budget, now).await
            }

            async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
                (**self).give_back(purse, budget).await
            }
        }
    };
}

forward!(Arc);
forward!(Box);
