//! One-time passwords: which ones are accepted when, and who sees their secret.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_code::clock::Clock;
use credential_code::error::StoreError;
use credential_code::host::RelyingPartyList;
use credential_code::model::{CredentialId, CredentialKind, CredentialSecret, Insertion, TotpSecret};
use credential_code::store::{
    ClearRecord, MemoryStore, OneTimeStore, PendingRegistration, Record, Slot, SlotKey, SlotKeys,
};
use credential_code::testing::TotpClient;
use credential_code::{RelyingParty, Storage};
use serde_json::{Value, json};

use super::{good, world, world_with};
use crate::flaky::Flaky;
use crate::support::{ORIGIN, PARTY, World, secret_body, text};

const STEP: Duration = Duration::from_secs(30);

async fn scan(world: &World) -> (Value, TotpClient) {
    let challenge = world.challenge(CredentialKind::Totp).await;
    let app = TotpClient::scan(&text(&challenge, "otpUrl"));
    (challenge, app)
}

/// Returns what the host keeps of a credential.
fn kept(world: &World, id: &str) -> (TotpSecret, u64) {
    match world.host.secret(&CredentialId::new(id).unwrap()) {
        Some(CredentialSecret::Totp { secret, last_step }) => (secret, last_step),
        other => panic!("{other:?}"),
    }
}

fn typed(challenge: &Value, password: &str) -> Value {
    secret_body(challenge, &json!({ "otpCode": password }))
}

#[tokio::test]
async fn a_url_is_of_160_bits_for_the_party_and_the_user() {
    let world = world();
    let (challenge, app) = scan(&world).await;
    let url = text(&challenge, "otpUrl");
    let (label, parameters) = url.split_once('?').unwrap();
    assert_eq!(label, "otpauth://totp/Example:ada%40example.com");
    let (secret, rest) = parameters.split_once('&').unwrap();
    assert_eq!(secret.len(), "secret=".len() + 160 / 5);
    assert_eq!(rest, "issuer=Example&algorithm=SHA1&digits=6&period=30");
    let (_, other) = scan(&world).await;
    assert_ne!(app.secret(), other.secret());
}

#[tokio::test]
async fn a_clock_may_be_one_step_off_either_way_and_no_more() {
    let world = world();
    for step in [-2_i64, -1, 0, 1, 2] {
        for second in [0, 29] {
            let (challenge, app) = scan(&world).await;
            let start = world.unix(0) - world.unix(0) % 30 + 30;
            world.advance(Duration::from_secs(start + second - world.unix(0)));
            let shown_at = start.checked_add_signed(step * 30).unwrap();
            let answer = world
                .register(&typed(
                    &challenge,
                    &app.password_at(SystemTime::UNIX_EPOCH + Duration::from_secs(shown_at)),
                ))
                .await;
            match step {
                -1..=1 => {
                    let id = text(&answer.ok(), "credentialId");
                    let (_, last_step) = kept(&world, &id);
                    assert_eq!(last_step, shown_at / 30, "step {step}");
                }
                _ => {
                    answer.assert_refused(400, "invalid_attestation");
                    world.register(&good(&world, &challenge)).await.ok();
                }
            }
        }
    }
}

/// In a wrong one, any digit may be wrong.
#[tokio::test]
async fn a_wrong_one_is_mendable_five_times() {
    let world = world();
    let (challenge, app) = scan(&world).await;
    let right = app.password_at(world.clock.now());
    let wrong = |position: usize| {
        let digits = right.bytes().enumerate();
        let digits =
            digits.map(|(at, digit)| if at == position { (digit - b'0' + 5) % 10 + b'0' } else { digit });
        String::from_utf8(digits.collect()).unwrap()
    };
    let near = [app.password_at(world.clock.now() - STEP), app.password_at(world.clock.now() + STEP)];
    for position in 0..5 {
        assert!(!near.contains(&wrong(position)));
        let answer = world.register(&typed(&challenge, &wrong(position))).await;
        answer.assert_refused(400, "invalid_attestation");
        assert!(text(&answer.json(), "message").contains("one-time password"));
    }
    world.register(&typed(&challenge, &right)).await.ok();

    let (challenge, app) = scan(&world).await;
    let right = app.password_at(world.clock.now());
    let wrong = if right.starts_with('0') { "999999" } else { "000000" };
    for _ in 0..6 {
        world.register(&typed(&challenge, wrong)).await.assert_refused(400, "invalid_attestation");
    }
    world.register(&typed(&challenge, &right)).await.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn the_password_of_one_challenge_is_not_that_of_another() {
    let world = world();
    let (first, _) = scan(&world).await;
    let (_, other) = scan(&world).await;
    let now = world.clock.now();
    world.register(&typed(&first, &other.password_at(now))).await.assert_refused(400, "invalid_attestation");
}

#[tokio::test]
async fn a_rotated_slot_key_still_finds_the_secret_and_a_dropped_one_does_not() {
    let keys = ["a", "b"].map(|byte| SlotKey::new(byte.repeat(32)).unwrap());
    let store = Flaky::new();
    let process =
        |ring: SlotKeys| world_with(|setup| setup.storage(Storage::shared_records(store.clone(), ring)));
    let before = process(SlotKeys::new(&keys[0], &[]));
    let (challenge, app) = scan(&before).await;
    let (dropped, _) = scan(&before).await;

    let after = process(SlotKeys::new(&keys[1], &keys[..1]));
    after.register(&good(&after, &challenge)).await.ok();

    let (secret, _) = kept(&after, after.host.stored()[0].id.as_str());
    assert_eq!(&secret, app.secret());
    let later = process(SlotKeys::new(&keys[1], &[]));
    later.register(&good(&later, &dropped)).await.assert_refused(403, "invalid_challenge");
}

/// Writes down every pending registration, and its address.
#[derive(Debug)]
struct Curious(MemoryStore, Arc<Mutex<String>>);

#[async_trait]
impl<R: ClearRecord> OneTimeStore<R> for Curious {
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        if R::NAME == PendingRegistration::NAME {
            let seen = format!("{:?} {}\n", slot.as_bytes(), serde_json::to_string(&record).unwrap());
            self.1.lock().unwrap().push_str(&seen);
        }
        self.0.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.0.take(slot, now).await
    }
}

#[tokio::test]
async fn a_store_never_sees_a_secret() {
    let seen = Arc::new(Mutex::new(String::new()));
    let store = Curious(MemoryStore::new(100), seen.clone());
    let world = world_with(|setup| setup.storage(Storage::in_process(store)));
    let (challenge, app) = scan(&world).await;
    let wrong = if app.password_at(world.clock.now()).starts_with('0') { "999999" } else { "000000" };
    world.register(&typed(&challenge, wrong)).await.assert_refused(400, "invalid_attestation");

    let seen = seen.lock().unwrap();
    assert_eq!(seen.lines().count(), 2, "inserted, and put back");
    let bytes = format!("{:?}", app.secret().reveal());
    let url = text(&challenge, "otpUrl");
    let base32 = url.split_once("secret=").unwrap().1.split_once('&').unwrap().0;
    assert!(!seen.contains(bytes.trim_matches(['[', ']'])) && !seen.contains(base32), "{seen}");
    assert!(!seen.contains(&text(&challenge, "challengeIdentifier")), "{seen}");
}

#[tokio::test]
async fn odd_names_of_parties_and_users_make_a_url_that_is_read_back() {
    let party = RelyingParty::new(PARTY, "Ex: \"A & B\" 100%", [ORIGIN]).unwrap();
    let world = world_with(|setup| setup.parties(RelyingPartyList::from(party)));
    let (challenge, app) = scan(&world).await;
    let url = text(&challenge, "otpUrl");
    assert!(
        url.starts_with("otpauth://totp/Ex-%20%22A%20%26%20B%22%20100%25:ada%40example.com?secret="),
        "{url}"
    );
    assert!(url.is_ascii() && !url.contains([' ', '"']));
    world.register(&typed(&challenge, &app.password_at(world.clock.now()))).await.ok();
}
