use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::model::{Enrolment, EnrolmentId, Insertion, Opening, Stage, UserId};
use crate::store::{Change, EnrolmentLedger, Transition};
use crate::testing::race::{at_once, block_on};
use crate::testing::samples::{enrolment_id, full, new_user, opening, sample, waiting};
use crate::testing::store_contract::now;

const ENTERED: &str = "a_new_enrolment_is_entered \
    (answer `Created` where user and id are not there together)";
const ONE_IS_CREATED: &str = "of_racing_entries_of_one_id_one_is_created \
    (insert in one atomic step under a unique key)";
const ONE_WINS: &str = "of_racers_from_one_stage_one_wins \
    (compare and write the stage in one atomic step, such as one `UPDATE … WHERE`)";

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Asserts every law of an [`EnrolmentLedger`]. Panics with the first broken law, and says what to
/// change. A [`SharedLedger`](crate::store::SharedLedger) is tested below a
/// [`SealedStore`](crate::store::SealedStore), as in a site.
///
/// ```
/// # async fn example() {
/// use credential_code::store::MemoryLedger;
/// use credential_code::testing::ledger_contract;
///
/// ledger_contract(&MemoryLedger::new(10_000)).await;
/// # }
/// # credential_code::testing::block_on(example());
/// ```
///
/// Its racers are futures on the caller's own task, so it runs on any runtime that the ledger
/// needs. It catches every ledger that awaits between looking and writing. Its times are about now,
/// and its users are invented. A ledger that needs no runtime should pass
/// [`ledger_contract_on_threads`] as well.
pub async fn ledger_contract(ledger: &dyn EnrolmentLedger) {
    let now = now();
    an_enrolment_is_found_unchanged(ledger, now).await;
    a_second_entry_changes_nothing(ledger, now).await;
    a_change_changes_what_it_names(ledger, now).await;
    a_change_leaves_alone_what_it_does_not_name(ledger, now).await;
    an_advance_from_another_stage_changes_nothing_and_says_where_it_is(ledger, now).await;
    what_is_missing_is_missing(ledger, now).await;
    another_user_finds_and_advances_nothing(ledger, now).await;
    a_list_is_of_its_user_alone(ledger, now).await;
    an_id_of_another_users_is_another_enrolment(ledger, now).await;
    a_list_has_the_newest_first(ledger, now).await;
    a_list_has_nothing_that_is_gone(ledger, now).await;
    of_racers_from_one_stage_one_wins(ledger, now).await;
    of_racing_entries_of_one_id_one_is_created(ledger, now).await;
}

/// Asserts the laws of racing on real threads, in that many rounds. A few thousand rounds find a
/// race that a few would miss. It is for ledgers that need no runtime.
///
/// ```
/// use std::sync::Arc;
///
/// use credential_code::store::{EnrolmentLedger, MemoryLedger};
/// use credential_code::testing::ledger_contract_on_threads;
///
/// let ledger: Arc<dyn EnrolmentLedger> = Arc::new(MemoryLedger::new(10_000));
/// ledger_contract_on_threads(&ledger, 100);
/// ```
pub fn ledger_contract_on_threads(ledger: &Arc<dyn EnrolmentLedger>, rounds: usize) {
    const STAGES: [Stage; 4] = [Stage::Opened, Stage::Revoked, Stage::Expired, Stage::Added];
    let now = now();
    let enrolments: Arc<[Enrolment]> =
        std::iter::repeat_with(|| waiting(&new_user(), now)).take(rounds).collect();
    let barrier = Arc::new(Barrier::new(STAGES.len()));
    // The racers live for all rounds. Starting a thread takes longer than the race that it should
    // lose.
    let racers = STAGES.map(|stage| {
        let (ledger, enrolments, barrier) = (ledger.clone(), enrolments.clone(), barrier.clone());
        thread::spawn(move || -> Vec<(Insertion, Transition)> {
            let race = |enrolment: &Enrolment| {
                barrier.wait();
                let entered = block_on(enter(&*ledger, enrolment));
                barrier.wait();
                let change = Change::new(stage, now + HOUR);
                (entered, block_on(advance(&*ledger, enrolment, &[Stage::Waiting], change)))
            };
            enrolments.iter().map(race).collect()
        })
    });
    let races = racers.map(|racer| racer.join().expect("a racer runs"));
    for (round, enrolment) in enrolments.iter().enumerate() {
        let created = races.iter().filter(|races| races[round].0 == Insertion::Created).count();
        assert_eq!(created, 1, "{ONE_IS_CREATED}: round {round}");
        let made: Vec<_> = races.iter().filter_map(|races| made(&races[round].1)).collect();
        assert_eq!(made.len(), 1, "{ONE_WINS}: round {round}");
        let found = block_on(find(&**ledger, enrolment));
        assert_eq!(found.as_ref(), Some(made[0]), "{ONE_WINS}: and its stage is found, round {round}");
    }
}

async fn enter(ledger: &dyn EnrolmentLedger, enrolment: &Enrolment) -> Insertion {
    ledger.enter(enrolment.clone()).await.expect("the ledger answers")
}

async fn enter_new(ledger: &dyn EnrolmentLedger, enrolment: &Enrolment) {
    assert_eq!(enter(ledger, enrolment).await, Insertion::Created, "{ENTERED}");
}

async fn find(ledger: &dyn EnrolmentLedger, enrolment: &Enrolment) -> Option<Enrolment> {
    find_of(ledger, &enrolment.user, &enrolment.id).await
}

async fn find_of(ledger: &dyn EnrolmentLedger, user: &UserId, id: &EnrolmentId) -> Option<Enrolment> {
    ledger.find(user, id).await.expect("the ledger answers")
}

async fn advance(
    ledger: &dyn EnrolmentLedger,
    enrolment: &Enrolment,
    from: &[Stage],
    change: Change,
) -> Transition {
    ledger.advance(&enrolment.user, &enrolment.id, from, change).await.expect("the ledger answers")
}

async fn list(ledger: &dyn EnrolmentLedger, user: &UserId, now: SystemTime) -> Vec<Enrolment> {
    ledger.enrolments(user, now).await.expect("the ledger answers")
}

fn made(transition: &Transition) -> Option<&Enrolment> {
    match transition {
        Transition::Made(enrolment) => Some(enrolment),
        Transition::Elsewhere(_) | Transition::Missing => None,
    }
}

async fn an_enrolment_is_found_unchanged(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "an_enrolment_is_found_unchanged \
        (store every field, and times to the millisecond)";
    let user = new_user();
    for enrolment in [waiting(&user, now), full(&user, now + MILLISECOND)] {
        enter_new(ledger, &enrolment).await;
        assert_eq!(find(ledger, &enrolment).await.as_ref(), Some(&enrolment), "{LAW}");
        assert!(list(ledger, &user, now).await.contains(&enrolment), "{LAW}: in a list");
    }
}

async fn a_second_entry_changes_nothing(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_second_entry_changes_nothing \
        (answer `Duplicate` where user and id are there, and leave the row alone)";
    let first = full(&new_user(), now);
    enter_new(ledger, &first).await;
    let second = Enrolment { id: first.id.clone(), ..waiting(&first.user, now + MILLISECOND) };
    assert_eq!(enter(ledger, &second).await, Insertion::Duplicate, "{LAW}");
    assert_eq!(find(ledger, &first).await.as_ref(), Some(&first), "{LAW}: the old one stays");
    let mut listed = list(ledger, &first.user, now).await;
    listed.retain(|enrolment| enrolment.id == first.id);
    assert_eq!(listed, [first], "{LAW}: in a list");
}

async fn a_change_changes_what_it_names(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_change_changes_what_it_names \
        (write each member that the change has, in the step that advances the stage)";
    let user = new_user();
    for mut enrolment in [waiting(&user, now), full(&user, now)] {
        enter_new(ledger, &enrolment).await;
        let change = Change {
            expires_at: Some(now + 2 * MINUTE),
            opening: Some(Arc::new(Opening { place: None, ..opening(now + MILLISECOND) })),
            credential: Some(Arc::new(sample(&user, "arn:key/ü"))),
            attempts_left: Some(0),
            ..Change::new(Stage::Added, now + 3 * HOUR)
        };
        let from = [Stage::Opened, enrolment.stage];
        let transition = advance(ledger, &enrolment, &from, change.clone()).await;
        change.apply_to(&mut enrolment);
        assert_eq!(transition, Transition::Made(enrolment.clone()), "{LAW}");
        assert_eq!(find(ledger, &enrolment).await, Some(enrolment), "{LAW}: and is found");
    }
}

async fn a_change_leaves_alone_what_it_does_not_name(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_change_leaves_alone_what_it_does_not_name \
        (write no column whose member in the change is `None`)";
    let user = new_user();
    for mut enrolment in [waiting(&user, now), full(&user, now)] {
        enter_new(ledger, &enrolment).await;
        // One is gone later than planned, and then earlier.
        for (stage, gone_at) in [(Stage::Opened, now + 4 * HOUR), (Stage::Revoked, now + HOUR)] {
            let change = Change::new(stage, gone_at);
            let transition = advance(ledger, &enrolment, &[enrolment.stage], change).await;
            enrolment.stage = stage;
            enrolment.gone_at = gone_at;
            assert_eq!(transition, Transition::Made(enrolment.clone()), "{LAW}");
            assert_eq!(find(ledger, &enrolment).await.as_ref(), Some(&enrolment), "{LAW}: and is found");
        }
    }
}

async fn an_advance_from_another_stage_changes_nothing_and_says_where_it_is(
    ledger: &dyn EnrolmentLedger,
    now: SystemTime,
) {
    const LAW: &str = "an_advance_from_another_stage_changes_nothing_and_says_where_it_is \
        (compare the stage in the step that writes, and answer `Elsewhere` with what is stored)";
    let user = new_user();
    for stage in Stage::ALL {
        let enrolment = Enrolment { stage, ..full(&user, now) };
        enter_new(ledger, &enrolment).await;
        let others: Vec<_> = Stage::ALL.into_iter().filter(|other| *other != stage).collect();
        for from in [&others[..], &others[..1], &[]] {
            let change = Change { attempts_left: Some(1), ..Change::new(Stage::Undone, now + 3 * HOUR) };
            let transition = advance(ledger, &enrolment, from, change).await;
            assert_eq!(transition, Transition::Elsewhere(enrolment.clone()), "{LAW}: {stage}");
            let found = find(ledger, &enrolment).await;
            assert_eq!(found.as_ref(), Some(&enrolment), "{LAW}: {stage} is found");
        }
    }
}

async fn what_is_missing_is_missing(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "what_is_missing_is_missing \
        (answer `Missing` or nothing where no row has the user and the id)";
    let (entered, never) = (waiting(&new_user(), now), waiting(&new_user(), now));
    enter_new(ledger, &entered).await;
    let sibling = waiting(&entered.user, now);
    for missing in [never, sibling] {
        assert_eq!(find(ledger, &missing).await, None, "{LAW}");
        let transition = advance(ledger, &missing, &Stage::ALL, Change::new(Stage::Opened, now + HOUR)).await;
        assert_eq!(transition, Transition::Missing, "{LAW}: it is not advanced");
        assert_eq!(find(ledger, &missing).await, None, "{LAW}: after somebody tried to advance it");
    }
}

async fn another_user_finds_and_advances_nothing(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "another_user_finds_and_advances_nothing \
        (look for user and id together, never for the id alone)";
    let (enrolment, stranger) = (waiting(&new_user(), now), new_user());
    enter_new(ledger, &enrolment).await;
    assert_eq!(find_of(ledger, &stranger, &enrolment.id).await, None, "{LAW}");
    let strangers = Enrolment { user: stranger, ..enrolment.clone() };
    let change = Change::new(Stage::Revoked, now + HOUR);
    assert_eq!(advance(ledger, &strangers, &Stage::ALL, change).await, Transition::Missing, "{LAW}");
    assert_eq!(find(ledger, &enrolment).await, Some(enrolment), "{LAW}: it stays as it was");
}

async fn an_id_of_another_users_is_another_enrolment(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "an_id_of_another_users_is_another_enrolment \
        (make user and id together the key)";
    let (one, other) = (waiting(&new_user(), now), waiting(&new_user(), now + MILLISECOND));
    let other = Enrolment { id: one.id.clone(), ..other };
    enter_new(ledger, &one).await;
    assert_eq!(enter(ledger, &other).await, Insertion::Created, "{LAW}");
    let revoked = advance(ledger, &other, &[Stage::Waiting], Change::new(Stage::Revoked, now + HOUR));
    assert!(made(&revoked.await).is_some(), "{LAW}");
    assert_eq!(find(ledger, &one).await.as_ref(), Some(&one), "{LAW}");
    assert_eq!(list(ledger, &one.user, now).await, [one], "{LAW}: in a list");
}

/// The order in which they were entered does not matter: the clocks of two processes differ a
/// little.
async fn a_list_has_the_newest_first(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_list_has_the_newest_first \
        (order by the instant of creation, the newest first)";
    let user = new_user();
    let mut all: Vec<_> = (0..8).map(|age| waiting(&user, now - age * MILLISECOND)).collect();
    for place in [3, 0, 7, 1, 6, 2, 5, 4] {
        enter_new(ledger, &all[place]).await;
    }
    let change = Change::new(Stage::Revoked, now + HOUR);
    let transition = advance(ledger, &all[5], &[Stage::Waiting], change.clone()).await;
    assert!(made(&transition).is_some(), "{LAW}: it is advanced");
    change.apply_to(&mut all[5]);
    assert_eq!(list(ledger, &user, now).await, all, "{LAW}");
}

async fn a_list_has_nothing_that_is_gone(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_list_has_nothing_that_is_gone \
        (leave out what has a `gone_at` that is not after `now`)";
    let user = new_user();
    let enrolment = |age, gone_at| Enrolment { gone_at, ..waiting(&user, now - age * MILLISECOND) };
    let (later, sooner) = (enrolment(0, now + 2 * HOUR), enrolment(1, now + HOUR));
    enter_new(ledger, &later).await;
    enter_new(ledger, &sooner).await;
    let both = [later.clone(), sooner.clone()];
    assert_eq!(list(ledger, &user, now + HOUR - MILLISECOND).await, both, "{LAW}: not before its time");
    assert_eq!(list(ledger, &user, now + HOUR).await, std::slice::from_ref(&later), "{LAW}");
    // From then on the values of the change count.
    let transition =
        advance(ledger, &later, &[Stage::Waiting], Change::new(Stage::Revoked, now + MINUTE)).await;
    assert!(made(&transition).is_some(), "{LAW}: it is advanced");
    assert_eq!(list(ledger, &user, now + MINUTE).await, [sooner], "{LAW}: after a change");
    assert_eq!(list(ledger, &user, now + HOUR).await, [], "{LAW}: after both are gone");
}

async fn a_list_is_of_its_user_alone(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    const LAW: &str = "a_list_is_of_its_user_alone \
        (compare the whole id of the user, not its beginning)";
    let user = new_user();
    let longer = UserId::new(format!("{user}-")).expect("a short id is valid");
    let other_case = UserId::new(user.as_str().to_uppercase()).expect("a short id is valid");
    let own = [user, longer, other_case].map(|user| waiting(&user, now));
    for enrolment in &own {
        enter_new(ledger, enrolment).await;
    }
    for enrolment in own {
        assert_eq!(list(ledger, &enrolment.user, now).await, std::slice::from_ref(&enrolment), "{LAW}");
    }
    assert_eq!(list(ledger, &new_user(), now).await, [], "{LAW}: a new user has none");
}

async fn of_racers_from_one_stage_one_wins(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    let user = new_user();
    for _ in 0..20 {
        let enrolment = waiting(&user, now);
        enter_new(ledger, &enrolment).await;
        let to = Stage::ALL.into_iter().filter(|stage| *stage != Stage::Waiting).cycle().take(16);
        let racers = (0..).zip(to).map(|(number, stage)| {
            let change = Change { attempts_left: Some(number), ..Change::new(stage, now + HOUR) };
            advance(ledger, &enrolment, &[Stage::Waiting], change)
        });
        let transitions = at_once(racers).await;
        let won: Vec<_> = transitions.iter().filter_map(made).collect();
        assert_eq!(won.len(), 1, "{ONE_WINS}");
        assert_eq!(find(ledger, &enrolment).await.as_ref(), Some(won[0]), "{ONE_WINS}: and is what is found");
        for transition in &transitions {
            let (Transition::Made(seen) | Transition::Elsewhere(seen)) = transition else {
                panic!("{ONE_WINS}: it is there for all of them");
            };
            assert_eq!(seen, won[0], "{ONE_WINS}: and is what the others are told");
        }
    }
}

async fn of_racing_entries_of_one_id_one_is_created(ledger: &dyn EnrolmentLedger, now: SystemTime) {
    let user = new_user();
    for _ in 0..20 {
        let id = enrolment_id();
        let racers: Vec<_> = (0..16)
            .map(|number| Enrolment {
                id: id.clone(),
                attempts_left: Some(number),
                ..waiting(&user, now + u32::from(number) * MILLISECOND)
            })
            .collect();
        let outcomes = at_once(racers.iter().map(|enrolment| enter(ledger, enrolment))).await;
        let created: Vec<_> = outcomes
            .iter()
            .zip(&racers)
            .filter(|(outcome, _)| **outcome == Insertion::Created)
            .map(|(_, enrolment)| enrolment)
            .collect();
        assert_eq!(created.len(), 1, "{ONE_IS_CREATED}");
        assert_eq!(
            find(ledger, created[0]).await.as_ref(),
            Some(created[0]),
            "{ONE_IS_CREATED}: and is found"
        );
    }
}
