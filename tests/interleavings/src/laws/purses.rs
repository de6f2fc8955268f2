//! The purses, and the fees that are paid from them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread::yield_now;

use super::{now, race};
use crate::error::StoreError;
use crate::explore::{Law, Size};
use crate::once::{PurseKeeper, Purses};
use crate::store::{Budget, Payment, PurseStore, Slot, SlotKeys, SlotLabel};

// The fee is paid by the step, which its own module alone can do.
#[path = "../../../../src/once/fee.rs"]
mod fee;
use fee::Fee;

pub(super) const LAWS: [Law; 5] = [
    Law { name: "a purse pays no more than its burst", room: no_more_than_burst, size: Size::Large },
    Law { name: "refunds never exceed payments", room: no_more_refunds, size: Size::Large },
    Law { name: "a refused pair of purses keeps nothing", room: both_or_neither, size: Size::Large },
    Law { name: "after a refusal, one payment at a time asks the store", room: one_asks, size: Size::Large },
    Law {
        name: "a payment that one purse refuses keeps nobody from the other",
        room: asked_again,
        size: Size::Large,
    },
];

const SECOND: Duration = Duration::from_secs(1);

fn budget(count: u32) -> Budget {
    Budget::new(count, Duration::from_secs(60)).unwrap()
}

fn own(count: u32) -> Arc<Purses> {
    Arc::new(PurseKeeper::in_this_process().with(budget(count), SlotLabel::CodesOfUser))
}

fn is_paid(purses: &Purses) -> bool {
    block_on(purses.spend("ada", now())).unwrap() == Payment::Paid
}

fn no_more_than_burst() {
    let purses = own(2);
    let paid = race([(); 3].map(|()| {
        let purses = purses.clone();
        move || is_paid(&purses)
    }));
    assert_eq!(paid.into_iter().filter(|paid| *paid).count(), 2);
    assert!(!is_paid(&purses));
}

fn no_more_refunds() {
    let purses = own(2);
    let spent = Arc::new(AtomicUsize::new(0));
    race([(); 3].map(|()| {
        let (purses, spent) = (purses.clone(), spent.clone());
        move || {
            for _ in 0..2 {
                if is_paid(&purses) {
                    assert!(spent.fetch_add(1, Ordering::SeqCst) < 2, "more was paid than there is");
                    spent.fetch_sub(1, Ordering::SeqCst);
                    block_on(purses.give_back("ada"));
                }
            }
        }
    }));
    // All came back, and not more.
    assert_eq!([(); 3].map(|()| is_paid(&purses)), [true, true, false]);
}

fn both_or_neither() {
    let (of_source, of_flow) = (own(3), own(1));
    let paid = race([(); 3].map(|()| {
        let (of_source, of_flow) = (of_source.clone(), of_flow.clone());
        move || block_on(Fee::of_guess(&of_source, &of_flow, Some("ada")).pay(now())).is_ok()
    }));
    assert_eq!(paid.into_iter().filter(|paid| *paid).count(), 1);
    // The two that were refused have their payments back.
    assert_eq!([(); 3].map(|()| is_paid(&of_source)), [true, true, false]);
}

/// A purse in a store. It counts the payments that ask it.
#[derive(Debug, Default)]
struct Engine {
    left: AtomicUsize,
    asked: AtomicUsize,
    asking: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl PurseStore for Engine {
    async fn spend(&self, _: Slot, _: Budget, _: SystemTime) -> Result<Payment, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let asking = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(asking, Ordering::SeqCst);
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        yield_now();
        self.asking.fetch_sub(1, Ordering::SeqCst);
        Ok(match taken {
            Ok(_) => Payment::Paid,
            Err(_) => Payment::Refused { retry_after: SECOND },
        })
    }

    async fn give_back(&self, _: Slot, _: Budget) -> Result<(), StoreError> {
        self.left.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn spend_both(
        &self,
        [(slot, budget), _]: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        Ok([self.spend(slot, budget, now).await?, Payment::Paid])
    }
}

fn shared(engine: &Arc<Engine>) -> Arc<Purses> {
    let keeper = PurseKeeper::shared(engine.clone(), SlotKeys::random().unwrap());
    Arc::new(keeper.with(budget(2), SlotLabel::CodesOfUser))
}

fn pay(purses: &Purses, at: SystemTime) -> bool {
    block_on(Fee::of_source(purses, Some("ada")).pay(at)).is_ok()
}

fn one_asks() {
    let engine = Arc::new(Engine::default());
    let purses = shared(&engine);
    assert!(!pay(&purses, now()));
    // It is believed for a second. After that each asks, if nobody else does at the moment.
    let paid = race([(); 3].map(|()| {
        let purses = purses.clone();
        move || pay(&purses, now() + SECOND)
    }));
    assert_eq!(paid, [false; 3]);
    assert_eq!(engine.most.load(Ordering::SeqCst), 1);
    assert_eq!(engine.asked.load(Ordering::SeqCst), 2);
}

fn asked_again() {
    let engine = Arc::new(Engine::default());
    let (of_source, of_flow) = (shared(&engine), shared(&engine));
    // The source's purse may be asked again, and everybody's is known to be empty.
    let later = now() + SECOND;
    assert!(!pay(&of_source, now()));
    assert!(block_on(Fee::of_guess(&of_flow, &of_flow, None).pay(later)).is_err());
    let paid = race([(); 2].map(|()| {
        let (of_source, of_flow) = (of_source.clone(), of_flow.clone());
        move || block_on(Fee::of_guess(&of_source, &of_flow, Some("ada")).pay(later)).is_ok()
    }));
    assert_eq!(paid, [false; 2]);
    engine.left.store(1, Ordering::SeqCst);
    assert!(pay(&of_source, later), "a payment that asked nothing keeps others from asking");
}
