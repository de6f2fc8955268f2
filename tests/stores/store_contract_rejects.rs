//! Stores and purses that are wrong on purpose. The suites name the law that each breaks.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::error::StoreError;
use credential_code::model::Insertion;
use credential_code::store::{Budget, CodeGrant, OneTimeStore, Payment, PurseStore, Record, Slot};
use credential_code::testing::{block_on, purse_contract, store_contract};

/// The fault of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Fault {
    Overwrites,
    SaysCreatedAlways,
    IgnoresExpiry,
    ExpiresTooLate,
    KeepsExpired,
    NeverDeletes,
    LooksThenDeletes,
    LooksThenInserts,
    ShortensSlots,
    RoundsTimes,
    RefusesReturns,
    MovesRecords,
}

#[derive(Debug)]
struct Wrong {
    fault: Fault,
    records: Mutex<HashMap<Vec<u8>, CodeGrant>>,
    taken: Mutex<Vec<Slot>>,
}

impl Wrong {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn key(&self, slot: Slot) -> Vec<u8> {
        let length = if self.has(Fault::ShortensSlots) { 8 } else { 32 };
        slot.as_bytes()[..length].to_vec()
    }
}

/// Lets the others run, as a round trip does.
pub(crate) async fn round_trip() {
    tokio::task::yield_now().await;
}

#[async_trait]
impl OneTimeStore<CodeGrant> for Wrong {
    async fn insert(&self, slot: Slot, mut record: CodeGrant) -> Result<Insertion, StoreError> {
        if self.has(Fault::RefusesReturns) && self.taken.lock().unwrap().contains(&slot) {
            return Ok(Insertion::Duplicate);
        }
        if self.has(Fault::RoundsTimes) {
            let since = record.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            record.expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        }
        let is_there = self.records.lock().unwrap().contains_key(&self.key(slot));
        if self.has(Fault::LooksThenInserts) {
            round_trip().await;
        }
        if is_there && self.has(Fault::SaysCreatedAlways) {
            return Ok(Insertion::Created);
        }
        if is_there && !self.has(Fault::Overwrites) {
            return Ok(Insertion::Duplicate);
        }
        self.records.lock().unwrap().insert(self.key(slot), record);
        Ok(if is_there { Insertion::Duplicate } else { Insertion::Created })
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<CodeGrant>, StoreError> {
        let found = self.records.lock().unwrap().get(&self.key(slot)).cloned();
        if self.has(Fault::LooksThenDeletes) {
            round_trip().await;
        }
        let is_live = found.as_ref().is_some_and(|record| match self.fault {
            Fault::IgnoresExpiry => true,
            Fault::ExpiresTooLate => now <= record.expires_at(),
            _ => now < record.expires_at(),
        });
        if !self.has(Fault::NeverDeletes) && (is_live || !self.has(Fault::KeepsExpired)) {
            self.records.lock().unwrap().remove(&self.key(slot));
            self.taken.lock().unwrap().push(slot);
        }
        let moved = self.records.lock().unwrap().values().next().cloned();
        let found = if self.has(Fault::MovesRecords) { moved.or(found) } else { found };
        Ok(found.filter(|_| is_live))
    }
}

/// Tells whether a suite complained of that law, and said what to change.
pub(crate) fn names(complaint: &str, law: &str) -> bool {
    let (law, detail) = law.split_once(": ").unwrap_or((law, ""));
    complaint.contains(&format!("{law} (")) && complaint.contains(detail)
}

/// Returns the complaint of a suite.
pub(crate) fn complaint(suite: impl Future<Output = ()>) -> String {
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| block_on(suite))).expect_err("a complaint");
    match panic.downcast_ref::<&str>() {
        Some(complaint) => (*complaint).to_owned(),
        None => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
    }
}

#[test]
fn each_wrong_store_is_caught_by_the_law_that_it_breaks() {
    let faults = [
        (Fault::Overwrites, "an_insertion_never_overwrites"),
        (Fault::SaysCreatedAlways, "an_insertion_never_overwrites"),
        (Fault::IgnoresExpiry, "a_record_is_absent_from_its_expiry_on"),
        (Fault::ExpiresTooLate, "a_record_is_absent_from_its_expiry_on"),
        (Fault::KeepsExpired, "an_expired_record_that_was_asked_for_is_gone"),
        (Fault::NeverDeletes, "a_record_is_taken_once_and_unchanged: once"),
        (Fault::LooksThenDeletes, "of_racing_takes_one_wins"),
        (Fault::LooksThenInserts, "of_racing_insertions_one_creates"),
        (Fault::ShortensSlots, "slots_that_differ_in_one_bit_do_not_meet"),
        (Fault::RoundsTimes, "a_record_is_taken_once_and_unchanged: unchanged"),
        (Fault::RefusesReturns, "an_empty_slot_takes_a_record"),
        (Fault::MovesRecords, "slots_that_differ_in_one_bit_do_not_meet: each has its own record"),
    ];
    for (fault, law) in faults {
        let store = Wrong { fault, records: Mutex::default(), taken: Mutex::default() };
        let complaint = complaint(store_contract::<CodeGrant>(Arc::new(store)));
        assert!(names(&complaint, law), "{fault:?}: {complaint}");
    }
}

/// The fault of purses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waste {
    PaysAlways,
    PaysOneTooFew,
    SaysTooSoon,
    ChargesForRefusals,
    GivesNothingBack,
    GivesTooMuchBack,
    KeepsTheFuture,
    BelievesTheLate,
    SharesOnePurse,
    LooksThenPays,
    KeepsWhatTheFirstPaid,
    ChargesTheSecondAnyway,
    LooksThenPaysBoth,
}

#[derive(Debug)]
struct WrongPurses {
    waste: Waste,
    whole_at: Mutex<HashMap<Slot, u64>>,
}

impl WrongPurses {
    fn has(&self, waste: Waste) -> bool {
        self.waste == waste
    }

    fn of(&self, slot: Slot) -> Slot {
        if self.has(Waste::SharesOnePurse) { Slot::from_bytes([0; 32]) } else { slot }
    }
}

#[async_trait]
impl PurseStore for WrongPurses {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        let purse = self.of(purse);
        let now = u64::try_from(now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()).unwrap();
        let mut latest = now + budget.per_micros();
        if self.has(Waste::PaysOneTooFew) {
            latest -= 1;
        }
        let found = self.whole_at.lock().unwrap().get(&purse).copied().unwrap_or_default();
        if self.has(Waste::LooksThenPays) {
            round_trip().await;
        }
        let whole_at = match self.waste {
            Waste::KeepsTheFuture => found,
            Waste::BelievesTheLate => found.min(latest),
            _ => found.min(latest + Budget::SKEW_MICROS),
        };
        let next = whole_at.max(now) + budget.interval_micros();
        let is_paid = next <= latest || self.has(Waste::PaysAlways);
        let stored = if is_paid || self.has(Waste::ChargesForRefusals) { next } else { whole_at };
        self.whole_at.lock().unwrap().insert(purse, stored);
        let micros = if self.has(Waste::SaysTooSoon) { 1 } else { next.saturating_sub(latest) };
        Ok(if is_paid {
            Payment::Paid
        } else {
            Payment::Refused { retry_after: Duration::from_micros(micros) }
        })
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        if let Some(whole_at) = self.whole_at.lock().unwrap().get_mut(&self.of(purse)) {
            match self.waste {
                Waste::GivesNothingBack => {}
                Waste::GivesTooMuchBack => *whole_at = 0,
                _ => *whole_at = whole_at.saturating_sub(budget.interval_micros()),
            }
        }
        Ok(())
    }

    async fn spend_both(
        &self,
        [(first, of_first), (second, of_second)]: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        let before = self.whole_at.lock().unwrap().clone();
        let mut payments = [self.spend(first, of_first, now).await?, Payment::Paid];
        if payments[0] == Payment::Paid || self.has(Waste::ChargesTheSecondAnyway) {
            payments[1] = self.spend(second, of_second, now).await?;
        }
        if payments == [Payment::Paid; 2] && self.has(Waste::LooksThenPaysBoth) {
            // Acts as if the value that was read before were still true.
            let after = self.whole_at.lock().unwrap().clone();
            *self.whole_at.lock().unwrap() = before;
            round_trip().await;
            *self.whole_at.lock().unwrap() = after;
        }
        if payments[0] == Payment::Paid
            && payments[1] != Payment::Paid
            && !self.has(Waste::KeepsWhatTheFirstPaid)
        {
            self.give_back(first, of_first).await?;
        }
        Ok(payments)
    }
}

#[test]
fn each_wrong_purse_store_is_caught_by_the_law_that_it_breaks() {
    let wastes = [
        (Waste::PaysAlways, "all_of_a_budget_may_be_spent_at_once_and_no_more"),
        (Waste::PaysOneTooFew, "all_of_a_budget_may_be_spent_at_once_and_no_more"),
        (Waste::SaysTooSoon, "who_waits_as_told_is_paid_for"),
        (Waste::ChargesForRefusals, "a_refusal_costs_nothing"),
        (Waste::GivesNothingBack, "what_is_given_back_may_be_spent_again"),
        (Waste::GivesTooMuchBack, "what_is_given_back_may_be_spent_again"),
        (Waste::KeepsTheFuture, "a_clock_that_was_set_back_locks_nobody_out_for_long"),
        (Waste::BelievesTheLate, "a_clock_that_is_late_gives_nothing_back"),
        (Waste::SharesOnePurse, "all_of_a_budget_may_be_spent_at_once_and_no_more"),
        (Waste::LooksThenPays, "of_many_racers_no_more_are_paid_for_than_the_budget_has"),
        (Waste::KeepsWhatTheFirstPaid, "both_purses_pay_or_none_does"),
        (Waste::ChargesTheSecondAnyway, "both_purses_pay_or_none_does"),
        (Waste::LooksThenPaysBoth, "of_many_racers_for_both_no_more_are_paid_for_than_either_has"),
    ];
    for (waste, law) in wastes {
        let purses = WrongPurses { waste, whole_at: Mutex::default() };
        let complaint = complaint(async { purse_contract(&purses).await });
        assert!(names(&complaint, law), "{waste:?}: {complaint}");
    }
}
