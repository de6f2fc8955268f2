//! The ledger in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use shuttle::future::block_on;

use super::{enrolment, now, race, user};
use crate::explore::{Law, Size};
use crate::model::{Enrolment, Insertion, Stage};
use crate::store::{Change, EnrolmentLedger, MemoryLedger, Transition};

pub(super) const LAWS: [Law; 3] = [
    Law {
        name: "one of three steps advances an enrolment from one stage",
        room: one_winner,
        size: Size::Small,
    },
    Law { name: "of two enrolments with one id, one is entered", room: entered_once, size: Size::Small },
    Law { name: "a full ledger keeps an enrolment or tells of it", room: kept_or_told, size: Size::Large },
];

fn waiting(number: u8, of: &str) -> Enrolment {
    Enrolment::new(enrolment(number), user(of), now(), now() + Duration::from_secs(60))
}

fn enter(ledger: &MemoryLedger, enrolment: Enrolment) -> Insertion {
    block_on(ledger.enter(enrolment)).unwrap()
}

fn one_winner() {
    let ledger = Arc::new(MemoryLedger::new(10));
    assert_eq!(enter(&ledger, waiting(1, "us-ada")), Insertion::Created);
    let moved = race([Stage::Opened, Stage::Revoked, Stage::Expired].map(|stage| {
        let ledger = ledger.clone();
        move || {
            let change = Change::new(stage, now() + Duration::from_secs(60));
            let from = [Stage::Waiting];
            (stage, block_on(ledger.advance(&user("us-ada"), &enrolment(1), &from, change)).unwrap())
        }
    }));
    let won: Vec<_> = moved.iter().filter(|(_, moved)| matches!(moved, Transition::Made(_))).collect();
    let [(winner, _)] = won[..] else { panic!("{won:?}") };
    for (stage, moved) in &moved {
        match moved {
            Transition::Made(made) => assert_eq!(made.stage, *stage),
            Transition::Elsewhere(found) => assert_eq!(found.stage, *winner),
            Transition::Missing => panic!("it was entered"),
        }
    }
}

fn entered_once() {
    let ledger = Arc::new(MemoryLedger::new(10));
    let entered = race([1, 2].map(|seconds| {
        let ledger = ledger.clone();
        move || {
            let created_at = now() - Duration::from_secs(seconds);
            (created_at, enter(&ledger, Enrolment { created_at, ..waiting(1, "us-ada") }))
        }
    }));
    let created: Vec<_> = entered.iter().filter(|(_, entered)| *entered == Insertion::Created).collect();
    let [(created_at, _)] = created[..] else { panic!("{created:?}") };
    let found = block_on(ledger.find(&user("us-ada"), &enrolment(1))).unwrap();
    assert_eq!(found.map(|found| found.created_at), Some(*created_at));
}

fn kept_or_told() {
    const USERS: [&str; 3] = ["us-ada", "us-bob", "us-cy"];
    let told = Arc::new(AtomicUsize::new(0));
    let hears = told.clone();
    let ledger = Arc::new(MemoryLedger::with_listener(2, move |_, _| {
        hears.fetch_add(1, Ordering::Relaxed);
    }));
    race(USERS.map(|of| {
        let ledger = ledger.clone();
        move || {
            for number in [1, 2] {
                assert_eq!(enter(&ledger, waiting(number, of)), Insertion::Created);
            }
        }
    }));
    let kept = USERS.map(|of| block_on(ledger.enrolments(&user(of), now())).unwrap().len());
    let kept: usize = kept.iter().sum();
    assert_eq!(kept + told.load(Ordering::Relaxed), 6);
    // The count of the ledger is that of its enrolments.
    assert_eq!(format!("{ledger:?}"), format!("MemoryLedger {{ held: {kept}, .. }}"));
}
