use std::sync::Arc;

use crate::clock::Clock;
use crate::flow::{Event, Listener};
use crate::model::UserId;
use crate::store::{MemoryStore, OneTimeStore, Record};

/// A default store, which tells the host of records that it had to drop while they were still worth something.
pub(super) fn in_memory<R: Record>(
    capacity: u64,
    clock: &Arc<dyn Clock>,
    listener: &Listener,
    user: fn(&R) -> &UserId,
) -> Arc<dyn OneTimeStore<R>> {
    let (clock, listener) = (clock.clone(), listener.clone());
    Arc::new(MemoryStore::with_eviction_listener(capacity, move |record: &R| {
        if clock.now() < record.expires_at() {
            listener.tell(&Event::Evicted { records: R::NAME, user: user(record) });
        }
    }))
}
