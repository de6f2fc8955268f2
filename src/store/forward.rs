//! A pointer to a store is a store. This is a macro, written out in full, for the same reasons as
//! with the host's traits.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::host::forward;
use crate::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use crate::store::{
    Budget, Change, EnrolmentLedger, Entry, EntryChange, OneTimeStore, Payment, PurseStore, Record,
    SharedLedger, SharedStore, Slot, Transition,
};

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'f>>;

macro_rules! pointers {
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
    )* };
}

pointers!(Arc Box);

forward!(PurseStore {
    spend<>(purse: Slot, budget: Budget, now: SystemTime) -> Payment, StoreError;
    give_back<>(purse: Slot, budget: Budget) -> (), StoreError;
    spend_both<>(charges: [(Slot, Budget); 2], now: SystemTime) -> [Payment; 2], StoreError;
});
forward!(EnrolmentLedger {
    enter<>(enrolment: Enrolment) -> Insertion, StoreError;
    advance<'u, 'i, 't>(user: &'u UserId, id: &'i EnrolmentId, from: &'t [Stage], change: Change) -> Transition, StoreError;
    find<'u, 'i>(user: &'u UserId, id: &'i EnrolmentId) -> Option<Enrolment>, StoreError;
    enrolments<'u>(user: &'u UserId, now: SystemTime) -> Vec<Enrolment>, StoreError;
});
forward!(SharedLedger {
    enter<>(entry: Entry) -> Insertion, StoreError;
    advance<'i, 't>(owner: Slot, id: &'i EnrolmentId, from: &'t [Stage], change: EntryChange) -> Transition<Entry>, StoreError;
    find<'i>(owner: Slot, id: &'i EnrolmentId) -> Option<Entry>, StoreError;
    entries<>(owner: Slot, now: SystemTime) -> Vec<Entry>, StoreError;
});
