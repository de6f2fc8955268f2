//! What the ledger in memory forgets, and when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credential_code::model::{Enrolment, EnrolmentId, Insertion, Stage, UserId};
use credential_code::store::{Change, EnrolmentLedger, MemoryLedger, Transition};

const MINUTE: Duration = Duration::from_secs(60);

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn user(number: u64) -> UserId {
    UserId::new(format!("us-{number}")).unwrap()
}

fn id(number: u64) -> EnrolmentId {
    EnrolmentId::new(format!("en-aaaaa-bbbbb-{number:016}")).unwrap()
}

fn enrolment(number: u64, user: &UserId, at: SystemTime) -> Enrolment {
    Enrolment::new(id(number), user.clone(), at, at + MINUTE)
}

async fn enter(ledger: &MemoryLedger, enrolment: Enrolment) {
    assert_eq!(ledger.enter(enrolment).await.unwrap(), Insertion::Created);
}

async fn found(ledger: &MemoryLedger, user: &UserId, numbers: std::ops::Range<u64>) -> Vec<u64> {
    let mut found = Vec::new();
    for number in numbers {
        found.extend(ledger.find(user, &id(number)).await.unwrap().map(|_| number));
    }
    found
}

#[tokio::test]
async fn what_is_gone_is_forgotten_when_somebody_enters() {
    let (ledger, ada) = (MemoryLedger::new(1000), user(0));
    for number in 0..100 {
        enter(&ledger, enrolment(number, &ada, start())).await;
    }
    let gone_at = start() + MINUTE + Enrolment::KEPT_FOR;
    enter(&ledger, enrolment(100, &ada, gone_at - MINUTE)).await;
    assert_eq!(found(&ledger, &ada, 0..101).await.len(), 101, "none is gone yet");
    enter(&ledger, enrolment(101, &ada, gone_at)).await;
    assert_eq!(found(&ledger, &ada, 0..102).await, [100, 101]);
    assert_eq!(ledger.enrolments(&ada, gone_at).await.unwrap().len(), 2);
}

/// This holds whether or not their users are kept together.
#[tokio::test]
async fn an_id_of_another_users_is_another_enrolment() {
    let ledger = MemoryLedger::new(10_000);
    for number in 0..1000 {
        enter(&ledger, enrolment(0, &user(number), start())).await;
    }
    for number in 0..1000 {
        assert_eq!(found(&ledger, &user(number), 0..1).await, [0]);
    }
}

/// The enrolments of one user are kept together, so one makes room for another.
#[tokio::test]
async fn a_full_one_drops_what_has_ended_first_and_then_the_oldest() {
    let (ledger, ada) = (MemoryLedger::new(24), user(0));
    for number in 0..24 {
        enter(&ledger, enrolment(number, &ada, start() + Duration::from_millis(number))).await;
    }
    // These are the ones in the middle: age does not decide.
    for number in 8..24 {
        let change = Change::new(Stage::Revoked, start() + MINUTE + Enrolment::KEPT_FOR);
        let transition = ledger.advance(&ada, &id(number), &[Stage::Waiting], change).await.unwrap();
        assert!(matches!(transition, Transition::Made(_)));
    }
    for number in 24..40 {
        enter(&ledger, enrolment(number, &ada, start() + Duration::from_secs(1))).await;
        assert_eq!(found(&ledger, &ada, 0..8).await.len(), 8, "what may still be used stays");
        assert!(found(&ledger, &ada, 0..40).await.len() <= 24, "it never holds more");
    }
    assert!(found(&ledger, &ada, 8..24).await.is_empty(), "all that had ended made room");
    for number in 40..44 {
        enter(&ledger, enrolment(number, &ada, start() + Duration::from_secs(1))).await;
    }
    assert_eq!(found(&ledger, &ada, 0..8).await, [4, 5, 6, 7], "the oldest went, one by one");
    assert_eq!(found(&ledger, &ada, 24..44).await.len(), 20);
}

#[tokio::test]
async fn the_oldest_eighth_of_what_has_ended_makes_room() {
    let (ledger, ada) = (MemoryLedger::new(24), user(0));
    for number in 0..24 {
        enter(&ledger, enrolment(number, &ada, start())).await;
    }
    for number in 0..17 {
        let change = Change::new(Stage::Revoked, start() + MINUTE + Duration::from_secs(number));
        let revoked = ledger.advance(&ada, &id(number), &[Stage::Waiting], change).await.unwrap();
        assert!(matches!(revoked, Transition::Made(_)));
    }
    enter(&ledger, enrolment(24, &ada, start())).await;
    assert_eq!(found(&ledger, &ada, 0..25).await, (3..25).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_expired_makes_room_before_what_may_still_be_used() {
    let (ledger, ada) = (MemoryLedger::new(2), user(0));
    let mut expired = enrolment(0, &ada, start());
    expired.gone_at += MINUTE;
    enter(&ledger, expired).await;
    let mut opened = enrolment(1, &ada, start());
    opened.expires_at += 4 * MINUTE;
    enter(&ledger, opened).await;
    enter(&ledger, enrolment(2, &ada, start() + MINUTE)).await;
    assert_eq!(found(&ledger, &ada, 0..3).await, [1, 2]);
}

#[tokio::test]
async fn many_users_at_once_are_held_up_to_about_the_capacity() {
    let ledger = MemoryLedger::new(1000);
    for number in 0..10_000 {
        enter(&ledger, enrolment(number, &user(number), start())).await;
    }
    let mut held = 0;
    for number in 0..10_000 {
        held += found(&ledger, &user(number), number..number + 1).await.len();
    }
    assert!((1000..=1064).contains(&held), "{held}");
}
