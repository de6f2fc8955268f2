//! Runs what requests share under a scheduler that chooses who runs next at each lock and atomic.
//!
//!     interleavings SCHEDULES [WORD]
//!
//! The files of the library are compiled as they are. Only their module `sync` is another one, and
//! each call of moka is a place where others may run. Every atomic is sequentially consistent here,
//! so nothing is learnt about weaker orderings.

// Much of the library has no caller here.
#![allow(dead_code, unexpected_cfgs, unused_imports)]

mod cache;
mod explore;
mod laws;

#[path = "../../../src/clock.rs"]
mod clock;
#[path = "../../../src/crypto/mod.rs"]
mod crypto;
#[path = "../../../src/encoding/mod.rs"]
mod encoding;
#[path = "../../../src/enrolment/mod.rs"]
mod enrolment;
#[path = "../../../src/error/mod.rs"]
mod error;
#[path = "../../../src/event/mod.rs"]
mod event;
#[path = "../../../src/host/mod.rs"]
mod host;
#[path = "../../../src/model/mod.rs"]
mod model;
#[path = "../../../src/once/mod.rs"]
mod once;
#[path = "../../../src/random.rs"]
mod random;
#[path = "../../../src/store/mod.rs"]
mod store;
#[path = "../../../src/together.rs"]
mod together;

/// The module of that name in the library, with the locks and atomics of shuttle. The cache is
/// here because `store/memory.rs` finds this crate under the name of moka.
mod sync {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, PoisonError, atomic};

    pub(crate) use crate::cache::Cache;
}

extern crate self as moka;
use moka_itself::{notification, policy};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let schedules = arguments.next().and_then(|count| count.parse().ok());
    let schedules = schedules.expect("the first argument is the number of schedules");
    let word = arguments.next().unwrap_or_default();
    for law in laws::all().filter(|law| law.name.contains(&word)) {
        law.explore(schedules);
    }
}
