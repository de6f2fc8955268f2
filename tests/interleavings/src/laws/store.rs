//! The store in memory.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread;

use super::{enrolment, now, race, user};
use crate::explore::{Law, Size};
use crate::model::{Approval, Insertion, Scope};
use crate::store::{CodeGrant, MemoryStore, OneTimeStore, Slot};

pub(super) const LAWS: [Law; 4] = [
    Law { name: "a record is taken by one of three", room: taken_once, size: Size::Small },
    Law { name: "of two insertions at one slot, one is created", room: created_once, size: Size::Small },
    Law { name: "a refused insertion leaves the record untouched", room: untouched, size: Size::Small },
    Law { name: "insert and take neither lose nor double a record", room: none_lost, size: Size::Large },
];

const SLOT: Slot = Slot::from_bytes([7; 32]);

/// So large that nothing is evicted.
fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(1_000))
}

fn grant(number: u8) -> CodeGrant {
    CodeGrant {
        user: user("us-ada"),
        enrolment: enrolment(number),
        scope: Scope::default(),
        approval: Approval::default(),
        began_at: now(),
        expires_at: now() + Duration::from_secs(60),
        returns: 0,
    }
}

fn insert(store: &MemoryStore, number: u8) -> Insertion {
    block_on(store.insert(SLOT, grant(number))).unwrap()
}

fn take(store: &MemoryStore) -> Option<CodeGrant> {
    block_on(store.take(SLOT, now())).unwrap()
}

fn taken_once() {
    let store = store();
    assert_eq!(insert(&store, 1), Insertion::Created);
    let taken = race([(); 3].map(|()| {
        let store = store.clone();
        move || take(&store)
    }));
    assert_eq!(taken.into_iter().flatten().count(), 1);
}

fn created_once() {
    let store = store();
    let inserted = race([1, 2].map(|number| {
        let store = store.clone();
        move || (number, insert(&store, number))
    }));
    let created: Vec<_> =
        inserted.into_iter().filter(|(_, insertion)| *insertion == Insertion::Created).collect();
    let [(number, _)] = created[..] else { panic!("{created:?}") };
    assert_eq!(take(&store), Some(grant(number)));
}

fn untouched() {
    let store = store();
    assert_eq!(insert(&store, 1), Insertion::Created);
    let late = {
        let store = store.clone();
        thread::spawn(move || insert(&store, 2))
    };
    let first = take(&store);
    assert_eq!(first, Some(grant(1)));
    let left = match late.join().unwrap() {
        Insertion::Created => Some(grant(2)),
        Insertion::Duplicate => None,
    };
    assert_eq!(take(&store), left);
}

fn none_lost() {
    let store = store();
    let takers = [(); 2].map(|()| {
        let store = store.clone();
        thread::spawn(move || take(&store))
    });
    let inserted = race([1, 2, 3].map(|number| {
        let store = store.clone();
        move || (number, insert(&store, number))
    }));
    let mut found: Vec<_> = takers.into_iter().filter_map(|taker| taker.join().unwrap()).collect();
    found.extend(take(&store));
    assert_eq!(take(&store), None);
    found.sort_by_key(|grant| grant.enrolment.as_str().to_owned());
    let created = inserted.into_iter().filter(|(_, insertion)| *insertion == Insertion::Created);
    let mut created: Vec<_> = created.map(|(number, _)| grant(number)).collect();
    created.sort_by_key(|grant| grant.enrolment.as_str().to_owned());
    assert_eq!(found, created);
}
