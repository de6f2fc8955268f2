//! What holds in whichever order requests run.

mod ledger;
mod purses;
mod store;
mod waiters;

use std::time::{Duration, SystemTime};

use shuttle::future::block_on;
use shuttle::thread;

use crate::explore::Law;
use crate::model::{EnrolmentId, UserId};

pub(crate) fn all() -> impl Iterator<Item = Law> {
    store::LAWS.into_iter().chain(ledger::LAWS).chain(purses::LAWS).chain(waiters::LAWS)
}

/// The time at which everything here happens.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn enrolment(number: u8) -> EnrolmentId {
    EnrolmentId::of([number; 17])
}

/// Runs each of these on a thread of its own, and returns what they return.
fn race<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(racers: impl IntoIterator<Item = F>) -> Vec<T> {
    let threads: Vec<_> = racers.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|racer| racer.join().unwrap()).collect()
}
