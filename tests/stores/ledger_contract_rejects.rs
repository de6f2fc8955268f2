//! Ledgers that are wrong on purpose. The suite names the law that each breaks.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use credential_code::error::StoreError;
use credential_code::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use credential_code::store::{Change, EnrolmentLedger, Transition};
use credential_code::testing::ledger_contract;

use super::store_contract_rejects::{complaint, names, round_trip};

/// The fault of a ledger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    RoundsTimes,
    ForgetsTheSession,
    OverwritesOnASecondEntry,
    SaysCreatedAlways,
    IgnoresWhatAChangeNames,
    ResetsWhatAChangeDoesNotName,
    NeverEndsSooner,
    AnswersMadeAlways,
    AdvancesFromAnyStage,
    EntersOnAdvance,
    FindsByIdAlone,
    ListsEverybodys,
    TakesAnIdOnce,
    ListsInTheOrderOfEntry,
    ListsTheOldestFirst,
    ListsWhatIsGone,
    ListsForTooLong,
    LooksThenAdvances,
    TellsLosersOfThePast,
    LooksThenEnters,
}

#[derive(Debug)]
struct Wrong {
    fault: Fault,
    enrolments: Mutex<Vec<Enrolment>>,
}

impl Wrong {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn place(&self, user: &UserId, id: &EnrolmentId) -> Option<usize> {
        let is_it = |it: &Enrolment| it.id == *id && (it.user == *user || self.has(Fault::FindsByIdAlone));
        self.enrolments.lock().unwrap().iter().position(is_it)
    }

    fn at(&self, place: usize) -> Enrolment {
        self.enrolments.lock().unwrap()[place].clone()
    }

    fn change(&self, place: usize, change: Change) -> Enrolment {
        let old = self.at(place);
        let mut new = old.clone();
        if self.has(Fault::ResetsWhatAChangeDoesNotName) {
            (new.opening, new.credential, new.attempts_left) = (None, None, None);
        }
        match self.fault {
            Fault::IgnoresWhatAChangeNames => new.stage = change.stage,
            _ => change.apply_to(&mut new),
        }
        if self.has(Fault::NeverEndsSooner) {
            new.gone_at = new.gone_at.max(old.gone_at);
        }
        self.enrolments.lock().unwrap()[place] = new.clone();
        new
    }
}

#[async_trait]
impl EnrolmentLedger for Wrong {
    async fn enter(&self, mut enrolment: Enrolment) -> Result<Insertion, StoreError> {
        match self.fault {
            Fault::RoundsTimes => {
                let seconds = enrolment.created_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
                enrolment.created_at = UNIX_EPOCH + Duration::from_secs(seconds);
            }
            Fault::ForgetsTheSession => enrolment.session = None,
            _ => {}
        }
        let of_any_user = |it: &Enrolment| it.id == enrolment.id;
        let found = match self.fault {
            Fault::TakesAnIdOnce => self.enrolments.lock().unwrap().iter().position(of_any_user),
            _ => self.place(&enrolment.user, &enrolment.id),
        };
        if self.has(Fault::LooksThenEnters) {
            round_trip().await;
        }
        match found {
            Some(_) if self.has(Fault::SaysCreatedAlways) => return Ok(Insertion::Created),
            Some(place) if self.has(Fault::OverwritesOnASecondEntry) => {
                self.enrolments.lock().unwrap()[place] = enrolment;
            }
            Some(_) => {}
            None => {
                self.enrolments.lock().unwrap().push(enrolment);
                return Ok(Insertion::Created);
            }
        }
        Ok(Insertion::Duplicate)
    }

    async fn advance(
        &self,
        user: &UserId,
        id: &EnrolmentId,
        from: &[Stage],
        change: Change,
    ) -> Result<Transition, StoreError> {
        let Some(place) = self.place(user, id) else {
            if self.has(Fault::EntersOnAdvance) {
                let mut new = Enrolment::new(id.clone(), user.clone(), change.gone_at, change.gone_at);
                change.apply_to(&mut new);
                self.enrolments.lock().unwrap().push(new);
            }
            return Ok(Transition::Missing);
        };
        let mut found = self.at(place);
        if self.has(Fault::LooksThenAdvances) {
            round_trip().await;
        }
        if from.contains(&found.stage) || self.has(Fault::AdvancesFromAnyStage) {
            return Ok(Transition::Made(self.change(place, change)));
        }
        Ok(match self.fault {
            Fault::AnswersMadeAlways => Transition::Made(found),
            Fault::TellsLosersOfThePast => {
                found.attempts_left = None;
                Transition::Elsewhere(found)
            }
            _ => Transition::Elsewhere(found),
        })
    }

    async fn find(&self, user: &UserId, id: &EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
        Ok(self.place(user, id).map(|place| self.at(place)))
    }

    async fn enrolments(&self, user: &UserId, now: SystemTime) -> Result<Vec<Enrolment>, StoreError> {
        let mut all = self.enrolments.lock().unwrap().clone();
        all.retain(|it| it.user == *user || self.has(Fault::ListsEverybodys));
        all.retain(|it| match self.fault {
            Fault::ListsWhatIsGone => true,
            Fault::ListsForTooLong => now <= it.gone_at,
            _ => now < it.gone_at,
        });
        match self.fault {
            Fault::ListsInTheOrderOfEntry => all.reverse(),
            Fault::ListsTheOldestFirst => all.sort_by_key(|it| it.created_at),
            _ => all.sort_by_key(|it| std::cmp::Reverse(it.created_at)),
        }
        Ok(all)
    }
}

#[test]
fn each_wrong_ledger_is_caught_by_the_law_that_it_breaks() {
    let faults = [
        (Fault::RoundsTimes, "an_enrolment_is_found_unchanged"),
        (Fault::ForgetsTheSession, "an_enrolment_is_found_unchanged"),
        (Fault::OverwritesOnASecondEntry, "a_second_entry_changes_nothing: the old one stays"),
        (Fault::SaysCreatedAlways, "a_second_entry_changes_nothing"),
        (Fault::IgnoresWhatAChangeNames, "a_change_changes_what_it_names"),
        (Fault::ResetsWhatAChangeDoesNotName, "a_change_leaves_alone_what_it_does_not_name"),
        (Fault::NeverEndsSooner, "a_change_leaves_alone_what_it_does_not_name"),
        (Fault::AnswersMadeAlways, "an_advance_from_another_stage_changes_nothing_and_says_where_it_is"),
        (Fault::AdvancesFromAnyStage, "an_advance_from_another_stage_changes_nothing_and_says_where_it_is"),
        (Fault::TellsLosersOfThePast, "an_advance_from_another_stage_changes_nothing_and_says_where_it_is"),
        (Fault::EntersOnAdvance, "what_is_missing_is_missing"),
        (Fault::FindsByIdAlone, "another_user_finds_and_advances_nothing"),
        (Fault::ListsEverybodys, "a_list_is_of_its_user_alone"),
        (Fault::TakesAnIdOnce, "an_id_of_another_users_is_another_enrolment"),
        (Fault::ListsInTheOrderOfEntry, "a_list_has_the_newest_first"),
        (Fault::ListsTheOldestFirst, "a_list_has_the_newest_first"),
        (Fault::ListsWhatIsGone, "a_list_has_nothing_that_is_gone"),
        (Fault::ListsForTooLong, "a_list_has_nothing_that_is_gone"),
        (Fault::LooksThenAdvances, "of_racers_from_one_stage_one_wins"),
        (Fault::LooksThenEnters, "of_racing_entries_of_one_id_one_is_created"),
    ];
    for (fault, law) in faults {
        let ledger = Wrong { fault, enrolments: Mutex::default() };
        let complaint = complaint(async { ledger_contract(&ledger).await });
        assert!(names(&complaint, law), "{fault:?}: {complaint}");
    }
}
