//! Seats, and what the ones who sit there learn of changes.

use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use super::{Asker, MOST, MOST_CLIENTS, Waiters, lock};
use crate::model::{EnrolmentId, UserId};

fn user(number: usize) -> UserId {
    UserId::new(format!("us-{number}")).unwrap()
}

fn enrolment() -> EnrolmentId {
    EnrolmentId::mint().unwrap()
}

fn is_ready(future: Pin<&mut impl Future<Output = ()>>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_seat_that_is_taken_after_a_change_waits_for_the_next() {
    let (waiters, id) = (Waiters::default(), enrolment());
    let early = waiters.seat(Asker::Owner(user(1)), &id).unwrap();
    let before = early.changes();
    waiters.tell(&id);
    let late = waiters.seat(Asker::Owner(user(1)), &id).unwrap();
    let mut waits = pin!(late.changed_since(late.changes()));
    assert!(!is_ready(waits.as_mut()));
    assert!(is_ready(pin!(early.changed_since(before))), "a change was missed");
    waiters.tell(&id);
    assert!(is_ready(waits));
}

#[test]
fn every_seat_that_is_left_is_free_again() {
    let (waiters, id) = (Waiters::default(), enrolment());
    let client = |number| waiters.seat(Asker::Client(user(number)), &id);
    let owner = |number| waiters.seat(Asker::Owner(user(number)), &id);
    for _ in 0..2 {
        let mut seats: Vec<_> = (0..MOST_CLIENTS).map(|number| client(number).unwrap()).collect();
        assert!(client(MOST).is_err());
        seats.pop();
        seats.push(client(MOST).unwrap());
        seats.extend((MOST_CLIENTS..MOST).map(|number| owner(number).unwrap()));
        assert!(owner(MOST).is_err());
        seats.pop();
        seats.push(owner(MOST).unwrap());
    }
    let rooms = lock(&waiters.0);
    assert!(rooms.rooms.is_empty() && rooms.of_asker.is_empty(), "nothing is kept of those who left");
}
