use std::time::{Duration, SystemTime};

use crate::store::{Budget, Payment, PurseStore};
use crate::testing::race::at_once;
use crate::testing::store_contract::{now, slot};

const SECOND: Duration = Duration::from_secs(1);
const MICROSECOND: Duration = Duration::from_micros(1);

/// Asserts every law of a [`PurseStore`]. Panics with the first broken law, and says what to
/// change. Its racers are futures on the caller's own task.
///
/// ```
/// use credential_code::store::PurseStore;
/// use credential_code::testing::purse_contract;
///
/// async fn my_purses_keep_every_law(purses: &dyn PurseStore) {
///     purse_contract(purses).await;
/// }
/// ```
pub async fn purse_contract(store: &dyn PurseStore) {
    let now = now();
    all_of_a_budget_may_be_spent_at_once_and_no_more(store, now).await;
    a_refusal_costs_nothing(store, now).await;
    what_was_spent_comes_back_one_by_one(store, now).await;
    who_waits_as_told_is_paid_for(store, now).await;
    what_is_given_back_may_be_spent_again(store, now).await;
    a_whole_purse_takes_nothing_back(store, now).await;
    a_clock_that_was_set_back_locks_nobody_out_for_long(store, now).await;
    a_clock_that_is_late_gives_nothing_back(store, now).await;
    no_purse_pays_for_another(store, now).await;
    of_many_racers_no_more_are_paid_for_than_the_budget_has(store, now).await;
    both_purses_pay_or_none_does(store, now).await;
    of_many_racers_for_both_no_more_are_paid_for_than_either_has(store, now).await;
}

fn budget(count: u32) -> Budget {
    Budget::new(count, 60 * SECOND).expect("a count in a minute is a budget")
}

/// One purse and its budget.
struct Purse<'a> {
    store: &'a dyn PurseStore,
    slot: crate::store::Slot,
    budget: Budget,
}

impl<'a> Purse<'a> {
    fn new(store: &'a dyn PurseStore, budget: Budget) -> Self {
        Self { store, slot: slot(), budget }
    }

    async fn spend(&self, now: SystemTime) -> Payment {
        self.store.spend(self.slot, self.budget, now).await.expect("the store answers")
    }

    async fn is_paid(&self, now: SystemTime) -> bool {
        self.spend(now).await == Payment::Paid
    }

    async fn give_back(&self) {
        self.store.give_back(self.slot, self.budget).await.expect("the store answers");
    }

    async fn empty(&self, now: SystemTime, count: u32, law: &str) {
        for spent in 0..count {
            assert!(self.is_paid(now).await, "{law}: {spent} of {count} were spent");
        }
    }

    /// Returns how long until a payment is there again.
    async fn wait(&self, now: SystemTime, law: &str) -> Duration {
        match self.spend(now).await {
            Payment::Refused { retry_after } => retry_after,
            Payment::Paid => panic!("{law}: there was nothing left"),
        }
    }
}

async fn all_of_a_budget_may_be_spent_at_once_and_no_more(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "all_of_a_budget_may_be_spent_at_once_and_no_more \
        (let a purse hold the whole count of its budget, and refuse the next)";
    for count in [1, 7, 60] {
        let purse = Purse::new(store, budget(count));
        purse.empty(now, count, LAW).await;
        assert!(!purse.is_paid(now).await, "{LAW}: {count} and one more");
    }
}

async fn what_was_spent_comes_back_one_by_one(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "what_was_spent_comes_back_one_by_one \
        (give one back each `per / count`, as GCRA does)";
    let purse = Purse::new(store, budget(6));
    purse.empty(now, 6, LAW).await;
    assert!(!purse.is_paid(now + 10 * SECOND - MICROSECOND).await, "{LAW}: not before its time");
    assert!(purse.is_paid(now + 10 * SECOND).await, "{LAW}: the first");
    assert!(!purse.is_paid(now + 10 * SECOND).await, "{LAW}: one only");
    assert!(purse.is_paid(now + 20 * SECOND).await, "{LAW}: the second");
    let later = now + 600 * SECOND;
    purse.empty(later, 6, LAW).await;
    assert!(!purse.is_paid(later).await, "{LAW}: never more than all");
}

async fn who_waits_as_told_is_paid_for(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "who_waits_as_told_is_paid_for \
        (answer `retry_after` from the stored instant, rounded up to the microsecond)";
    let purse = Purse::new(store, budget(7));
    purse.empty(now, 7, LAW).await;
    let wait = purse.wait(now, LAW).await;
    assert!(wait > Duration::ZERO && wait <= 9 * SECOND, "{LAW}: {wait:?}");
    assert!(!purse.is_paid(now + wait - MICROSECOND).await, "{LAW}: not before");
    assert!(purse.is_paid(now + wait).await, "{LAW}");
}

async fn a_refusal_costs_nothing(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "a_refusal_costs_nothing \
        (write nothing where you refuse)";
    let purse = Purse::new(store, budget(6));
    purse.empty(now, 6, LAW).await;
    for _ in 0..20 {
        assert!(!purse.is_paid(now).await, "{LAW}");
    }
    assert!(purse.is_paid(now + 10 * SECOND).await, "{LAW}");
}

async fn what_is_given_back_may_be_spent_again(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "what_is_given_back_may_be_spent_again \
        (move the stored instant back by one interval)";
    let purse = Purse::new(store, budget(6));
    purse.empty(now, 6, LAW).await;
    purse.give_back().await;
    purse.give_back().await;
    purse.empty(now, 2, LAW).await;
    assert!(!purse.is_paid(now).await, "{LAW}: and no more");
}

async fn a_whole_purse_takes_nothing_back(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "a_whole_purse_takes_nothing_back \
        (never let a purse hold more than its budget)";
    let purse = Purse::new(store, budget(6));
    purse.give_back().await;
    purse.empty(now, 1, LAW).await;
    purse.give_back().await;
    purse.give_back().await;
    purse.empty(now, 6, LAW).await;
    assert!(!purse.is_paid(now).await, "{LAW}");
}

async fn a_clock_that_was_set_back_locks_nobody_out_for_long(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "a_clock_that_was_set_back_locks_nobody_out_for_long \
        (lower a stored instant that lies too far ahead of `now` to what a whole budget allows)";
    let purse = Purse::new(store, budget(6));
    purse.empty(now + 3600 * SECOND, 6, LAW).await;
    let wait = purse.wait(now, LAW).await;
    assert!(wait <= 20 * SECOND, "{LAW}: {wait:?}");
    assert!(purse.is_paid(now + wait).await, "{LAW}");
}

async fn a_clock_that_is_late_gives_nothing_back(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "a_clock_that_is_late_gives_nothing_back \
        (lower a stored instant only where ten seconds of skew do not explain it)";
    let purse = Purse::new(store, budget(60));
    purse.empty(now, 60, LAW).await;
    for late in [SECOND, 5 * SECOND, 10 * SECOND] {
        assert!(!purse.is_paid(now - late).await, "{LAW}: late by {late:?}");
        assert!(!purse.is_paid(now).await, "{LAW}: after one that was late by {late:?}");
    }
}

async fn no_purse_pays_for_another(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "no_purse_pays_for_another \
        (keep a row for each slot)";
    let (empty, whole) = (Purse::new(store, budget(1)), Purse::new(store, budget(1)));
    empty.empty(now, 1, LAW).await;
    assert!(whole.is_paid(now).await, "{LAW}");
    whole.give_back().await;
    assert!(!empty.is_paid(now).await, "{LAW}");
}

async fn of_many_racers_no_more_are_paid_for_than_the_budget_has(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "of_many_racers_no_more_are_paid_for_than_the_budget_has \
        (compare and write in one atomic step)";
    for _ in 0..20 {
        let purse = Purse::new(store, budget(5));
        let paid = at_once((0..16).map(|_| purse.is_paid(now))).await;
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 5, "{LAW}");
        at_once((0..5).map(|_| purse.give_back())).await;
        let paid = at_once((0..16).map(|_| purse.is_paid(now))).await;
        assert_eq!(paid.iter().filter(|paid| **paid).count(), 5, "{LAW}: and after all were given back");
    }
}

async fn spend_both(first: &Purse<'_>, second: &Purse<'_>, now: SystemTime) -> [bool; 2] {
    let charges = [(first.slot, first.budget), (second.slot, second.budget)];
    let payments = first.store.spend_both(charges, now).await.expect("the store answers");
    payments.map(|payment| payment == Payment::Paid)
}

async fn both_purses_pay_or_none_does(store: &dyn PurseStore, now: SystemTime) {
    const LAW: &str = "both_purses_pay_or_none_does \
        (give back what was spent where the other purse refuses, and say of each what it would do)";
    let (small, large) = (Purse::new(store, budget(1)), Purse::new(store, budget(3)));
    assert_eq!(spend_both(&small, &large, now).await, [true, true], "{LAW}");
    for _ in 0..5 {
        assert!(!spend_both(&small, &large, now).await[0], "{LAW}: the first refuses");
        assert!(!spend_both(&large, &small, now).await[1], "{LAW}: the second refuses");
    }
    large.empty(now, 2, LAW).await;
    assert!(!large.is_paid(now).await, "{LAW}: one was spent, and no more");
    let (new, other) = (Purse::new(store, budget(2)), Purse::new(store, budget(2)));
    assert!(!spend_both(&new, &small, now).await[1], "{LAW}: beside one that was never spent from");
    assert_eq!(spend_both(&new, &other, now).await, [true, true], "{LAW}");
    new.empty(now, 1, LAW).await;
    other.empty(now, 1, LAW).await;
    assert_eq!(spend_both(&small, &new, now + 60 * SECOND).await, [true, true], "{LAW}: later");
}

async fn of_many_racers_for_both_no_more_are_paid_for_than_either_has(
    store: &dyn PurseStore,
    now: SystemTime,
) {
    const LAW: &str = "of_many_racers_for_both_no_more_are_paid_for_than_either_has \
        (compare and write both in one atomic step, or each in one)";
    for _ in 0..20 {
        let (small, large) = (Purse::new(store, budget(3)), Purse::new(store, budget(5)));
        // All guesses name them in this same order.
        let paid = at_once((0..16).map(|_| spend_both(&small, &large, now))).await;
        let paid = paid.iter().filter(|paid| **paid == [true, true]).count();
        assert!(paid <= 3, "{LAW}: {paid}");
        let left = at_once((0..16).map(|_| large.is_paid(now))).await;
        let left = left.iter().filter(|paid| **paid).count();
        assert_eq!(paid + left, 5, "{LAW}: what refused cost nothing");
    }
}
