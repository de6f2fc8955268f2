use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::error::Error;
use crate::model::{EnrolmentId, UserId};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// How many may wait at once.
const MOST: usize = 1_000;
/// How many of them may be clients, which may be strangers'.
const MOST_CLIENTS: usize = 500;
/// How many of them may wait for enrolments of one owner: so many owners, and as many clients.
const MOST_OF_OWNER: usize = 16;

/// When a caller who found no seat should come back.
const COME_BACK: Duration = Duration::from_secs(1);

/// The party for which a request waits. A client can't take the seats of the owner.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Asker {
    /// The owner of the enrolment.
    Owner(UserId),
    /// A client that made a credential for that owner.
    Client(UserId),
}

/// The requests that wait for an enrolment to change, with a bound in all and for each asker. A
/// waiter is a future of its own request. It has no task and no timer but its own.
#[derive(Debug, Default)]
pub(super) struct Waiters(Mutex<Rooms>);

#[derive(Debug, Default)]
struct Rooms {
    rooms: HashMap<EnrolmentId, Arc<Mutex<Room>>>,
    of_asker: HashMap<Asker, usize>,
    seats: usize,
    clients: usize,
}

/// The requests that wait for one enrolment.
#[derive(Debug, Default)]
struct Room {
    /// How many changes were announced.
    changes: u64,
    /// Whether one of them looks after it for all.
    is_led: bool,
    wakers: HashMap<usize, Waker>,
    seats: usize,
    next_seat: usize,
}

/// Changes a room, and wakes all in it, outside the lock. A waker may poll at once, and the polled
/// future looks into the room.
fn change(room: &Mutex<Room>, change: impl FnOnce(&mut Room)) {
    let mut room = lock(room);
    change(&mut room);
    let wakers = std::mem::take(&mut room.wakers);
    drop(room);
    wakers.into_values().for_each(Waker::wake);
}

/// Locks a mutex. No code under these locks panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    /// Gives a seat to a request that waits for that enrolment, if one is free.
    pub(super) fn seat(&self, asker: Asker, id: &EnrolmentId) -> Result<Seat<'_>, Error> {
        let mut rooms = lock(&self.0);
        let of_asker = rooms.of_asker.get(&asker).copied().unwrap_or(0);
        let is_client = usize::from(matches!(asker, Asker::Client(_)));
        if rooms.seats >= MOST || rooms.clients + is_client > MOST_CLIENTS || of_asker >= MOST_OF_OWNER {
            return Err(Error::too_many_attempts(COME_BACK));
        }
        rooms.seats += 1;
        rooms.clients += is_client;
        rooms.of_asker.insert(asker.clone(), of_asker + 1);
        let room = rooms.rooms.entry(id.clone()).or_default().clone();
        let mut inside = lock(&room);
        inside.seats += 1;
        inside.next_seat += 1;
        let number = inside.next_seat;
        drop(inside);
        Ok(Seat { waiters: self, asker, id: id.clone(), room, number })
    }

    /// Wakes the requests that wait for an enrolment, because it changed. They look up its state.
    pub(super) fn tell(&self, id: &EnrolmentId) {
        let room = lock(&self.0).rooms.get(id).cloned();
        if let Some(room) = room {
            change(&room, |room| room.changes += 1);
        }
    }
}

/// A place among the waiting requests, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat<'w> {
    waiters: &'w Waiters,
    asker: Asker,
    id: EnrolmentId,
    room: Arc<Mutex<Room>>,
    number: usize,
}

impl Seat<'_> {
    /// Returns how many changes were announced.
    pub(super) fn changes(&self) -> u64 {
        lock(&self.room).changes
    }

    /// Waits until more changes were announced than these.
    pub(super) async fn changed_since(&self, seen: u64) {
        self.until(|room| (room.changes != seen).then_some(())).await;
    }

    /// Waits until nobody else looks after the enrolment, and then does so.
    pub(super) async fn lead(&self) -> Leading<'_> {
        self.until(|room| (!room.is_led).then(|| room.is_led = true)).await;
        Leading(&self.room)
    }

    async fn until<T>(&self, look: impl Fn(&mut Room) -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut room = lock(&self.room);
            if let Some(seen) = look(&mut room) {
                return Poll::Ready(seen);
            }
            room.wakers.insert(self.number, cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut rooms = lock(&self.waiters.0);
        rooms.seats -= 1;
        rooms.clients -= usize::from(matches!(self.asker, Asker::Client(_)));
        if let Entry::Occupied(mut of_asker) = rooms.of_asker.entry(self.asker.clone()) {
            *of_asker.get_mut() -= 1;
            if *of_asker.get() == 0 {
                of_asker.remove();
            }
        }
        let mut room = lock(&self.room);
        room.wakers.remove(&self.number);
        room.seats -= 1;
        if room.seats == 0 {
            rooms.rooms.remove(&self.id);
        }
    }
}

/// The request that looks after an enrolment, until it is dropped.
#[derive(Debug)]
pub(super) struct Leading<'s>(&'s Mutex<Room>);

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        // One of the remaining requests takes over from now on.
        change(self.0, |room| room.is_led = false);
    }
}

#[cfg(test)]
#[path = "../../tests/unit/waiters.rs"]
mod tests;
