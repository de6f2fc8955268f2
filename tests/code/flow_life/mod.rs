//! The life of a code: what spends it, what does not, and how long it lasts.

mod budgets;
mod failures;
mod refusals;
mod relying_parties;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use credential_code::Storage;
use credential_code::clock::Clock;
use credential_code::event::Event;
use credential_code::model::{CredentialKind, UserStatus};
use credential_code::store::{SlotKey, SlotKeys};
use serde_json::{Value, json};

use crate::flaky::Flaky;
use crate::sharing::Engine;
use crate::support::{
    EXCHANGE, KINDS, MINT, World, attest, base64url, exchange_body, register_body, text, user,
};

const MILLI: Duration = Duration::from_millis(1);

pub(crate) fn key() -> CredentialKind {
    CredentialKind::Key
}

pub(crate) fn good(kind: CredentialKind, challenge: &Value) -> Value {
    register_body(challenge, &attest(kind, challenge))
}

#[tokio::test]
async fn a_code_is_spent_by_exchange() {
    let world = World::new();
    let code = world.mint().await;
    world.exchange(key(), &code).await.ok();
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn an_exchange_tells_which_code_it_was() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let world = World::with(|setup| {
        setup.events(move |event| match *event {
            Event::Minted { expires_at, .. } => heard.lock().unwrap().push(("minted", expires_at)),
            Event::Exchanged { expires_at, .. } => heard.lock().unwrap().push(("exchanged", expires_at)),
            _ => {}
        })
    });
    let start = world.clock.now();
    let first = world.mint().await;
    world.advance(Duration::from_secs(1));
    let second = world.mint().await;
    for code in [&first, &second] {
        world.exchange(key(), code).await.ok();
    }
    let [one, two] = [60, 61].map(|seconds| start + Duration::from_secs(seconds));
    let expected = [("minted", one), ("minted", two), ("exchanged", one), ("exchanged", two)];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_code_is_read_as_people_type_it() {
    let world = World::new();
    for retype in [
        |code: &str| code.to_lowercase(),
        |code: &str| code.replace('-', ""),
        |code: &str| code.replace('-', " "),
        |code: &str| format!("  {code}\t"),
        |code: &str| code.chars().map(|symbol| format!("{symbol}-")).collect(),
    ] {
        let code = world.mint().await;
        world.exchange(key(), &retype(&code)).await.ok();
        world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    }
}

#[tokio::test]
async fn a_code_expires_at_its_expiry() {
    for (offset, works) in [(60_000 - 1, true), (60_000, false), (60_000 + 1, false)] {
        let world = World::new();
        let code = world.mint().await;
        world.advance(Duration::from_millis(offset));
        let answer = world.exchange(key(), &code).await;
        match works {
            true => drop(answer.ok()),
            false => answer.assert_refused(403, "invalid_code"),
        }
    }
}

#[tokio::test]
async fn an_expired_code_does_not_come_back_when_the_clock_does() {
    let world = World::new();
    let code = world.mint().await;
    world.advance(Duration::from_secs(61));
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    world.clock.set(world.clock.now() - Duration::from_secs(61));
    // The budget's time is in the future now, so it refuses for a moment.
    world.exchange(key(), &code).await.assert_refused(429, "too_many_attempts");
    world.advance(Duration::from_secs(2));
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn a_challenge_outlives_its_code_and_expires_at_its_own_expiry() {
    for (offset, works) in [(300_000 - 1, true), (300_000, false), (300_000 + 1, false)] {
        let world = World::new();
        let body = world.registration(key()).await;
        world.advance(Duration::from_millis(offset));
        let answer = world.register(&body).await;
        match works {
            true => drop(answer.ok()),
            false => answer.assert_refused(403, "invalid_challenge"),
        }
    }
}

#[tokio::test]
async fn a_cancelled_dialog_needs_no_new_code() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Fido2).await;
    // The dialog is cancelled, so nothing is sent; minutes later it is opened again.
    world.advance(Duration::from_secs(240));
    world.register(&good(CredentialKind::Fido2, &challenge)).await.ok();
}

#[tokio::test]
async fn a_challenge_is_spent_by_register() {
    let world = World::new();
    for kind in KINDS {
        let challenge = world.challenge(kind).await;
        world.register(&good(kind, &challenge)).await.ok();
        world.register(&good(kind, &challenge)).await.assert_refused(403, "invalid_challenge");
    }
    assert_eq!(world.host.stored().len(), KINDS.len());
}

#[tokio::test]
async fn a_user_who_is_gone_or_deactivated_gets_nothing_at_any_step() {
    type Leave = fn(&World);
    let gone: Leave = |world| world.host.remove_user(&user());
    let deactivated: Leave = |world| world.host.set_status(&user(), UserStatus::Deactivated);
    for leave in [gone, deactivated] {
        let world = World::new();
        let code = world.mint().await;
        let body = world.registration(key()).await;
        let unknown = world.exchange(key(), "AAA-AAA-AAA").await;
        leave(&world);
        let refused = world.exchange(key(), &code).await;
        refused.assert_refused(403, "invalid_code");
        assert_eq!(refused, unknown);
        world.register(&body).await.assert_refused(403, "invalid_challenge");
        assert!(world.host.stored().is_empty());
        // Neither works again when the user comes back.
        world.host.set_status(&user(), UserStatus::Active);
        world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
        world.register(&body).await.assert_refused(403, "invalid_challenge");
    }
    let world = World::new();
    deactivated(&world);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(MINT, &mint).await.assert_refused(403, "forbidden");
}

#[tokio::test]
async fn every_code_that_does_not_work_gets_one_answer() {
    let world = World::new();
    let spent = world.mint().await;
    world.exchange(key(), &spent).await.ok();
    let expired = world.mint().await;
    world.advance(Duration::from_secs(60));
    let unknown = world.exchange(key(), "AAA-AAA-AAA").await;
    unknown.assert_refused(403, "invalid_code");
    let long = "A".repeat(10_000);
    for code in
        [&spent, &expired, "AAA", "AAA-AAA-AA0", "AAA-AAA-AAAA", "ААА-ААА-ААА", "ＡAA-AAA-AAA", "-", &long]
    {
        assert_eq!(world.exchange(key(), code).await, unknown, "{code}");
    }
}

/// So the amount of work tells them apart no better than the answer does.
#[tokio::test]
async fn every_code_of_the_right_form_costs_one_look_up_for_each_key() {
    let engine = Engine::new();
    let [newest, older] = [2, 1].map(|byte| SlotKey::new([byte; 32]).unwrap());
    let storage = Storage::shared_records(engine.clone(), SlotKeys::new(&newest, &[older]));
    let world = World::with(|setup| setup.storage(storage));
    let spent = world.mint().await;
    world.exchange(key(), &spent).await.ok();
    let expired = world.mint().await;
    world.advance(Duration::from_secs(60));
    for code in [&*spent, &*expired, "AAA-AAA-AAA"] {
        let before = engine.takes();
        world.exchange(key(), code).await.assert_refused(403, "invalid_code");
        assert_eq!(engine.takes() - before, 2, "{code}");
    }
}

#[tokio::test]
async fn every_challenge_that_does_not_work_gets_one_answer() {
    let world = World::new();
    let spent = world.registration(key()).await;
    world.register(&spent).await.ok();
    let expired = world.registration(key()).await;
    world.advance(Duration::from_secs(300));
    let mut unknown = spent.clone();
    unknown["challengeIdentifier"] = base64url(&[7; 32]).into();
    let unknown = world.register(&unknown).await;
    unknown.assert_refused(403, "invalid_challenge");
    assert_eq!(world.register(&spent).await, unknown);
    assert_eq!(world.register(&expired).await, unknown);
}

#[tokio::test]
async fn a_challenge_id_is_no_code_and_a_code_is_no_challenge_id() {
    let format = credential_code::model::CodeFormat::with_symbols(43).unwrap();
    let long = World::with(|setup| setup.policy(|policy| policy.code_format(format)));
    for (world, symbols) in [(World::new(), 9), (long, 43)] {
        let code = world.mint().await;
        assert_eq!(code.replace('-', "").len(), symbols);
        let challenge = world.challenge(key()).await;
        let id = text(&challenge, "challengeIdentifier");
        world.exchange(key(), &id).await.assert_refused(403, "invalid_code");
        world.exchange(key(), &text(&challenge, "challenge")).await.assert_refused(403, "invalid_code");
        for code in [code.clone(), code.replace('-', "")] {
            let mut body = good(key(), &challenge);
            body["challengeIdentifier"] = code.into();
            world.register(&body).await.assert_refused(403, "invalid_challenge");
        }
        let mut body = good(key(), &challenge);
        body["challengeIdentifier"] = challenge["challenge"].clone();
        world.register(&body).await.assert_refused(403, "invalid_challenge");
        world.exchange(key(), &code).await.ok();
        world.register(&good(key(), &challenge)).await.ok();
    }
}

/// In a store that keeps all records in one table, too.
#[tokio::test]
async fn a_code_and_a_challenge_id_of_one_text_lie_in_two_slots() {
    let engine = Engine::new();
    let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
    let world = World::with(|setup| setup.storage(Storage::shared_records(engine.clone(), keys)));
    let mut body = world.registration(key()).await;
    let before = engine.slots().len();
    let code = world.mint().await.replace('-', "");
    body["challengeIdentifier"] = code.into();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    let slots = engine.slots()[before..].to_vec();
    let [laid, looked_for] = slots[..] else { panic!("{slots:?}") };
    assert_ne!(laid, looked_for);
}

#[tokio::test]
async fn a_replay_of_a_finished_run_gains_nothing() {
    for kind in KINDS {
        let world = World::new();
        let code = world.mint().await;
        let exchange = exchange_body(kind, &code);
        let challenge = world.post_json(EXCHANGE, &exchange).await.ok();
        let register = good(kind, &challenge);
        world.register(&register).await.ok();
        for _ in 0..3 {
            world.post_json(EXCHANGE, &exchange).await.assert_refused(403, "invalid_code");
            world.register(&register).await.assert_refused(403, "invalid_challenge");
        }
        // The proof itself is bound to its challenge.
        let fresh = world.challenge(kind).await;
        let mut replayed = register.clone();
        replayed["challengeIdentifier"] = fresh["challengeIdentifier"].clone();
        world.register(&replayed).await.assert_refused(400, "invalid_attestation");
        assert_eq!(world.host.stored().len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_rotated_key_still_reads_and_no_longer_writes() {
    let keys = [1, 2].map(|byte| SlotKey::new([byte; 32]).unwrap());
    let store = Flaky::new();
    let world =
        |ring: SlotKeys| World::with(|setup| setup.storage(Storage::shared_records(store.clone(), ring)));
    let [old_key, new_key] = &keys;
    let old = world(SlotKeys::new(old_key, &[]));
    let rotated = world(SlotKeys::new(new_key, std::slice::from_ref(old_key)));
    let new = world(SlotKeys::new(new_key, &[]));

    let code = old.mint().await;
    new.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    let challenge = rotated.exchange(key(), &code).await.ok();
    old.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    old.register(&good(key(), &challenge)).await.assert_refused(403, "invalid_challenge");
    // Its enrolment lies under the old key.
    rotated.register(&good(key(), &challenge)).await.ok();

    let code = rotated.mint().await;
    old.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    let challenge = new.exchange(key(), &code).await.ok();
    new.register(&good(key(), &challenge)).await.ok();

    let body = old.registration(key()).await;
    rotated.register(&body).await.ok();
    // A rotated flow puts records back under the old key, so flows that write under that key can
    // still read them.
    let next = world(SlotKeys::new(old_key, std::slice::from_ref(new_key)));
    let code = old.mint().await;
    rotated.host.fail();
    rotated.exchange(key(), &code).await.assert_refused(500, "internal");
    next.exchange(key(), &code).await.ok();
}

#[test]
fn a_slot_key_is_not_short() {
    assert!(SlotKey::new([0; 31]).is_err());
    assert!(SlotKey::new([0; 32]).is_ok());
}

#[tokio::test]
async fn an_expiration_has_many_forms_and_one_meaning() {
    // The clock shows 2100-01-01T00:00:00Z.
    let accepted = [
        (json!("2100-01-01T00:00:30Z"), "00:30.000"),
        (json!("2100-01-01t00:00:30z"), "00:30.000"),
        (json!("2100-01-01T00:00:30.5Z"), "00:30.500"),
        (json!("2100-01-01T00:00:30.123456+00:00"), "00:30.123"),
        (json!("2100-01-01T00:00:30.999999999Z"), "00:30.999"),
        (json!("2100-01-01T05:45:30+05:45"), "00:30.000"),
        (json!("2099-12-31T16:00:30-08:00"), "00:30.000"),
        (json!("2100-01-01T00:00:30-00:00"), "00:30.000"),
        (json!(4_102_444_830_u64), "00:30.000"),
        (json!(4_102_444_830_250_u64), "00:30.250"),
        (json!(4_102_444_860_u64), "01:00.000"),
        // Within the skew, and no later than a minute from now.
        (json!(4_102_444_861_u64), "01:00.000"),
        (json!(4_102_444_865_u64), "01:00.000"),
        (json!("2100-01-01T00:01:05.000Z"), "01:00.000"),
        (json!(4_102_444_800_u64), "00:00.000"),
    ];
    for (expiration, effective) in accepted {
        let world = World::new();
        let minted = world.post_json(MINT, &json!({ "expiration": expiration })).await.ok();
        assert_eq!(minted["expiration"], format!("2100-01-01T00:{effective}Z"), "{expiration}");
    }
    let world = World::new();
    let past = world.post_json(MINT, &json!({ "expiration": 4_102_444_795_u64 })).await.ok();
    assert_eq!(past["expiration"], "2099-12-31T23:59:55.000Z");
    for refused in [
        json!(4_102_444_794_u64),
        json!(4_102_444_866_u64),
        json!(4_102_444_794_999_u64),
        json!(4_102_444_865_001_u64),
        json!("2100-01-01T00:01:05.001Z"),
        json!("2099-12-31T23:59:54.999Z"),
        json!(99_999_999_999_u64),
        json!(100_000_000_000_u64),
        json!(u64::MAX),
        json!("9999-12-31T23:59:59-23:59"),
        json!("0000-01-01T00:00:00+23:59"),
    ] {
        let answer = world.post_json(MINT, &json!({ "expiration": refused })).await;
        answer.assert_refused(400, "invalid_request");
    }
    let far = world.post_json(MINT, &json!({ "expiration": world.unix(90) })).await;
    assert!(text(&far.json(), "message").contains("60 seconds"), "{far:?}");
}

#[tokio::test]
async fn a_code_that_is_asked_to_be_short_is() {
    let world = World::new();
    let body = json!({ "expiration": "2100-01-01T00:00:01.5Z" });
    for (wait, works) in [(1_499, true), (1_500, false)] {
        world.clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800));
        let code = text(&world.post_json(MINT, &body).await.ok(), "code");
        world.advance(MILLI * wait);
        assert_eq!(world.exchange(key(), &code).await.status == 200, works);
    }
}
