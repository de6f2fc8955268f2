//! The requests that wait for a change.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::thread;

use super::{enrolment, now, race, user};
use crate::clock::{Clock, Sleep};
use crate::enrolment::{Changes, Enrolments, Wait};
use crate::event::Listener;
use crate::explore::{Law, Size};
use crate::model::{Enrolment, Stage};
use crate::store::{Change, MemoryLedger};

// Its seats are for the module of enrolments alone.
#[path = "../../../../src/enrolment/waiters.rs"]
mod seats;
use seats::{Asker, Waiters};

pub(super) const LAWS: [Law; 6] = [
    Law {
        name: "a waiter misses no change between its look and its wait",
        room: none_missed,
        size: Size::Large,
    },
    Law { name: "a request that waits is answered after the step", room: answered, size: Size::Large },
    Law { name: "every seat is given back", room: given_back, size: Size::Large },
    Law { name: "one leads at a time, and each leads in the end", room: handed_over, size: Size::Large },
    Law { name: "a waiter that leaves takes no lead with it", room: left_behind, size: Size::Large },
    Law {
        name: "a change reaches a room that another has left",
        room: told_after_leaving,
        size: Size::Large,
    },
];

fn asker() -> Asker {
    Asker::Owner(user("us-ada"))
}

fn none_missed() {
    let waiters = Arc::new(Waiters::default());
    let is_changed = Arc::new(AtomicBool::new(false));
    let waits = [(); 2].map(|()| {
        let (waiters, is_changed) = (waiters.clone(), is_changed.clone());
        thread::spawn(move || {
            let seat = waiters.seat(asker(), &enrolment(1)).unwrap();
            let mut looks = 0;
            loop {
                let seen = seat.changes();
                if is_changed.load(Ordering::SeqCst) {
                    return looks;
                }
                block_on(seat.changed_since(seen));
                looks += 1;
            }
        })
    });
    is_changed.store(true, Ordering::SeqCst);
    waiters.tell(&enrolment(1));
    for wait in waits {
        assert!(wait.join().unwrap() <= 1, "it was woken for nothing");
    }
}

/// A clock whose timers never end: only a change ends a wait.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(pending())
    }
}

fn answered() {
    let ledger = Arc::new(MemoryLedger::new(10));
    let enrolments = Enrolments::new(ledger, Changes::MadeHere, Arc::new(Still), Listener::new(|_| {}));
    let enrolments = Arc::new(enrolments);
    let waiting = Enrolment::new(enrolment(1), user("us-ada"), now(), now() + Duration::from_secs(60));
    block_on(enrolments.enter(waiting.clone())).unwrap();
    let waits = [(); 2].map(|()| {
        let (enrolments, known) = (enrolments.clone(), waiting.clone());
        thread::spawn(move || {
            let wait = Wait::new(Stage::Waiting, Wait::LONGEST);
            let asker = crate::enrolment::Asker::Owner(user("us-ada"));
            block_on(enrolments.wait(asker, known, wait)).unwrap().stage
        })
    });
    let change = Change::new(Stage::Opened, now() + Duration::from_secs(60));
    block_on(enrolments.advance(&waiting.user, &waiting.id, &[Stage::Waiting], change)).unwrap();
    assert_eq!(waits.map(|wait| wait.join().unwrap()), [Stage::Opened; 2]);
}

fn given_back() {
    let waiters = Arc::new(Waiters::default());
    race([1, 1, 2].map(|number| {
        let waiters = waiters.clone();
        move || {
            for _ in 0..2 {
                let seat = waiters.seat(asker(), &enrolment(number)).unwrap();
                waiters.tell(&enrolment(number));
                assert!(seat.changes() > 0, "two in one room do not share it");
            }
        }
    }));
    assert_eq!(format!("{waiters:?}"), format!("{:?}", Waiters::default()));
}

fn handed_over() {
    let waiters = Arc::new(Waiters::default());
    let leading = Arc::new(AtomicUsize::new(0));
    let led = race([(); 3].map(|()| {
        let (waiters, leading) = (waiters.clone(), leading.clone());
        move || {
            let seat = waiters.seat(asker(), &enrolment(1)).unwrap();
            let lead = block_on(seat.lead());
            assert_eq!(leading.fetch_add(1, Ordering::SeqCst), 0, "two lead");
            leading.fetch_sub(1, Ordering::SeqCst);
            drop(lead);
        }
    }));
    assert_eq!(led.len(), 3);
}

/// Two wait for a change and for the lead at once, as a request does. They leave at the change.
fn left_behind() {
    let waiters = Arc::new(Waiters::default());
    let is_changed = Arc::new(AtomicBool::new(false));
    let leavers = [(); 2].map(|()| {
        let (waiters, is_changed) = (waiters.clone(), is_changed.clone());
        thread::spawn(move || {
            let seat = waiters.seat(asker(), &enrolment(1)).unwrap();
            let seen = seat.changes();
            if is_changed.load(Ordering::SeqCst) {
                return;
            }
            let mut changed = pin!(seat.changed_since(seen));
            let mut leads = pin!(async {
                let _leading = seat.lead().await;
                pending::<()>().await;
            });
            block_on(poll_fn(|cx| match changed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => leads.as_mut().poll(cx),
            }));
        })
    });
    let stays = {
        let waiters = waiters.clone();
        thread::spawn(move || {
            let seat = waiters.seat(asker(), &enrolment(1)).unwrap();
            drop(block_on(seat.lead()));
        })
    };
    is_changed.store(true, Ordering::SeqCst);
    waiters.tell(&enrolment(1));
    for leaver in leavers {
        leaver.join().unwrap();
    }
    stays.join().unwrap();
}

fn told_after_leaving() {
    let waiters = Arc::new(Waiters::default());
    let is_changed = Arc::new(AtomicBool::new(false));
    let leaves = {
        let waiters = waiters.clone();
        thread::spawn(move || drop(waiters.seat(asker(), &enrolment(1)).unwrap()))
    };
    let waits = {
        let (waiters, is_changed) = (waiters.clone(), is_changed.clone());
        thread::spawn(move || {
            let seat = waiters.seat(asker(), &enrolment(1)).unwrap();
            let seen = seat.changes();
            if !is_changed.load(Ordering::SeqCst) {
                block_on(seat.changed_since(seen));
            }
        })
    };
    leaves.join().unwrap();
    is_changed.store(true, Ordering::SeqCst);
    waiters.tell(&enrolment(1));
    waits.join().unwrap();
    assert_eq!(format!("{waiters:?}"), format!("{:?}", Waiters::default()));
}
