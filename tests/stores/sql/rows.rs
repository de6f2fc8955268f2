//! Credentials, counters and users, as rows.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credential_code::action::{ActionRequest, BeginRequest};
use credential_code::error::StoreErrorKind;
use credential_code::host::{
    Addition, Advance, Caller, CredentialManagement, CredentialRepository, Keep, Removal, SignCounters,
    UserDirectory,
};
use credential_code::model::{
    AttestationTrust, CredentialId, CredentialKind, CredentialUuid, Enrolment, EnrolmentId, Fido2Properties,
    Insertion, Opening, Stage, User, UserId, UserStatus,
};
use credential_code::store::{Budget, Change, EnrolmentLedger, SealedStore, Transition};
use credential_code::testing::{KeyClient, new_credential};
use credential_code::{ActionFlow, ActionPolicy, Site, Storage};
use serde_json::json;

use super::backend::Backend;
use crate::sealed::{assert_hidden, leave_everything};
use crate::support::{self, ORIGIN, PARTY, USER, World, party, user};
use crate::two_processes::keys;

/// Registers a credential of that id, and returns the status of the answer.
async fn register(world: &World, kind: CredentialKind, id: &str) -> u16 {
    let mut body = world.registration(kind).await;
    body["credentialInfo"]["credId"] = id.into();
    world.register(&body).await.status.as_u16()
}

/// A database may take texts for equal whose bytes differ.
#[tokio::test]
async fn ids_are_told_apart_by_their_bytes() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        let longest: String = ('\u{4e00}'..).take(CredentialId::MAX_LENGTH / 3).collect();
        let ids = [
            "caf\u{e9}",
            "cafe\u{301}",
            "CAF\u{c9}",
            "cafe",
            "Cafe",
            "cafe ",
            " cafe",
            "caf%",
            "caf_",
            "1",
            "01",
            "1.0",
            "\u{ff11}",
            "ß",
            "ss",
            "ﬃ",
            "ffi",
            "i",
            "ı",
            "İ",
            "'; --",
            "\\x31",
            &longest,
        ];
        for id in ids {
            assert_eq!(register(&world, CredentialKind::Key, id).await, 200, "{id}");
        }
        for id in ids {
            assert_eq!(register(&world, CredentialKind::Key, id).await, 409, "{id}");
        }
        let mut stored: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let found = backend.store.credentials(&user()).await.unwrap();
        let mut found: Vec<String> = found.into_iter().map(|credential| credential.id.into()).collect();
        stored.sort();
        found.sort();
        assert_eq!(found, stored);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_only_grows_and_one_of_its_racers_wins() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        let challenge = world.challenge(CredentialKind::Fido2).await;
        let proof = support::attest(CredentialKind::Fido2, &challenge);
        world.register(&support::register_body(&challenge, &proof)).await.ok();
        let [passkey] = &backend.store.credentials(&user()).await.unwrap()[..] else {
            panic!("one was stored")
        };
        let before = passkey.fido2.as_ref().unwrap().sign_count;
        for (count, expected) in [
            (before, Advance::NotGreater),
            (before + 1, Advance::Advanced),
            (before + 1, Advance::NotGreater),
            (before, Advance::NotGreater),
            (u32::MAX - 1, Advance::Advanced),
        ] {
            assert_eq!(
                SignCounters::advance(&backend.store, &passkey.id, count).await.unwrap(),
                expected,
                "{count}"
            );
        }
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (store, id) = (backend.store.clone(), passkey.id.clone());
            racers.spawn(async move { SignCounters::advance(&store, &id, u32::MAX).await.unwrap() });
        }
        let won = racers.join_all().await.into_iter().filter(|outcome| *outcome == Advance::Advanced);
        assert_eq!(won.count(), 1);
        let [stored] = &backend.store.credentials(&user()).await.unwrap()[..] else {
            panic!("it is still one")
        };
        assert_eq!(stored.fido2.as_ref().unwrap().sign_count, u32::MAX, "the newest count is what is found");
        let nobody = CredentialId::new("nobody's").unwrap();
        assert_eq!(SignCounters::advance(&backend.store, &nobody, 1).await.unwrap(), Advance::NotGreater);
    }
}

/// Rows outlive releases. A row may have members that a later release added, or
/// lack them.
#[tokio::test]
async fn passkeys_of_other_releases_are_read() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        let body = world.registration(CredentialKind::Fido2).await;
        world.register(&body).await.ok();
        let first = json!({
            "aaguid": vec![7; 16], "format": "packed", "sign_count": 1, "user_verified": true,
            "backup_eligible": true, "backed_up": false,
        });
        let mut later = first.clone();
        later["of a later release"] = json!({ "with": ["a", "value"] });
        for written in [first, later] {
            backend
                .run(&format!("UPDATE credential_code_credentials SET sign_count = 9, fido2 = '{written}'"))
                .await;
            let [read] = &backend.store.credentials(&user()).await.unwrap()[..] else {
                panic!("one was stored")
            };
            let mut expected = Fido2Properties::new("packed");
            expected.aaguid = [7; 16];
            expected.sign_count = 9;
            expected.user_verified = true;
            expected.backup_eligible = true;
            assert_eq!(read.fido2, Some(expected));
        }
    }
}

/// The suite for repositories lets a host forget it.
#[tokio::test]
async fn a_root_that_vouches_for_a_model_is_remembered() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        world.register(&world.registration(CredentialKind::Fido2).await).await.ok();
        let stored = || async { backend.store.credentials(&user()).await.unwrap().remove(0) };
        let mut credential = stored().await;
        credential.fido2.as_mut().unwrap().attestation_trust = AttestationTrust::Trusted;
        backend.run("DELETE FROM credential_code_credentials").await;
        let inserted = backend.store.insert(new_credential(credential.clone()), 1).await.unwrap();
        assert_eq!(inserted, Addition::Added);
        assert_eq!(stored().await, credential);
    }
}

/// Credentials and users are the host's, and are stored in clear. In this test they are elsewhere.
#[tokio::test]
async fn nothing_in_the_tables_of_the_flow_says_whose_it_is() {
    for backend in &Backend::all().await {
        let texts = leave_everything(|| Storage::shared(backend.store.clone(), keys())).await;
        let kinds = "SELECT COUNT(DISTINCT kind) FROM credential_code_records";
        assert_eq!(backend.number(kinds).await, 5);
        let whole = "SELECT COUNT(*) FROM credential_code_enrolments \
                     WHERE opening IS NOT NULL AND credential IS NOT NULL";
        assert_eq!(backend.number(whole).await, 1);
        for table in ["records", "enrolments", "purses"] {
            let bytes = backend.dump(&format!("credential_code_{table}")).await;
            assert!(!bytes.is_empty(), "{table}");
            assert_hidden(&bytes, &texts);
        }
    }
}

/// A row that others wrote is parsed like everything else. One that can't be read is no credential.
#[tokio::test]
async fn a_damaged_credential_is_a_failure_and_nothing_worse() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        let damages = [
            "uuid = 'cr-'",
            "kind = 'key'",
            &format!("public_key = {}", backend.bytes("30")),
            "digest = 'MD5'",
            "origin = '*'",
            "created_at = -1",
            "status = 'active'",
            "sign_count = -1",
        ];
        // The columns that tell a client which passkeys it should not make again.
        let told = ["id = ''", "encrypted_private_key = ''", "fido2 = '{}'", "fido2 = '['"];
        for damage in damages.into_iter().chain(told) {
            backend.run("DELETE FROM credential_code_credentials").await;
            let body = world.registration(CredentialKind::Fido2).await;
            world.register(&body).await.ok();
            backend.run(&format!("UPDATE credential_code_credentials SET {damage}")).await;
            assert!(backend.store.credentials(&user()).await.is_err(), "{damage}");
            let exchanged = world.exchange(CredentialKind::Fido2, &world.mint().await).await;
            match told.contains(&damage) {
                true => exchanged.assert_refused(500, "internal"),
                false => assert_eq!(exchanged.status, 200, "{damage}: a passkey is made all the same"),
            }
        }
    }
}

#[tokio::test]
async fn users_are_found_as_they_were_put() {
    for Backend { store, .. } in &Backend::all().await {
        let mut user = User::new(user(), "ada@example.com");
        user.display_name = "Ada \u{1f511} 'Lovelace'".into();
        store.put_user(&user).await.unwrap();
        let void_before = Some(UNIX_EPOCH + Duration::from_micros(1_767_225_600_123_456));
        for (status, void_before) in [
            (UserStatus::Active, None),
            (UserStatus::Deactivated, void_before),
            (UserStatus::Active, void_before),
            (UserStatus::Deactivated, None),
        ] {
            user.status = status;
            user.void_before = void_before;
            store.put_user(&user).await.unwrap();
            let found = store.user(&user.id).await.unwrap().unwrap();
            assert_eq!(
                (found.id, found.name, found.display_name, found.status, found.void_before),
                (user.id.clone(), user.name.clone(), user.display_name.clone(), status, void_before)
            );
        }
        for stranger in [USER.to_uppercase(), format!("{USER} "), format!("{USER}\0"), "us-%".to_owned()] {
            assert!(store.user(&UserId::new(stranger).unwrap()).await.unwrap().is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_is_removed_once_and_by_its_user_alone() {
    for backend in &Backend::all().await {
        let world = backend.world().await;
        for id in ["one", "other"] {
            assert_eq!(register(&world, CredentialKind::Key, id).await, 200);
        }
        let [one, other] = &backend.store.credentials(&user()).await.unwrap()[..] else {
            panic!("two were stored")
        };
        for stranger in ["us-eve", "us-ada\0", "US-ADA"] {
            let stranger = UserId::new(stranger).unwrap();
            assert_eq!(
                backend.store.remove(&stranger, &one.uuid, Keep::Nothing).await.unwrap(),
                Removal::Missing
            );
        }
        let unknown = CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap();
        assert_eq!(backend.store.remove(&user(), &unknown, Keep::Nothing).await.unwrap(), Removal::Missing);
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (store, uuid) = (backend.store.clone(), one.uuid.clone());
            racers.spawn(async move { store.remove(&user(), &uuid, Keep::Nothing).await.unwrap() });
        }
        let removed = racers.join_all().await.into_iter().filter(|outcome| *outcome == Removal::Removed);
        assert_eq!(removed.count(), 1);
        assert_eq!(backend.store.credentials(&user()).await.unwrap(), std::slice::from_ref(other));
        assert_eq!(register(&world, CredentialKind::Key, one.id.as_str()).await, 200, "its id is free again");
    }
}

fn enrolment(user: &str) -> Enrolment {
    let id = EnrolmentId::new("en-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    Enrolment::new(id, UserId::new(user).unwrap(), now, now + Duration::from_secs(60))
}

/// PostgreSQL has no text with a NUL, but a user's id may have one.
#[tokio::test]
async fn enrolments_are_kept_for_every_user_that_there_may_be() {
    for Backend { store, .. } in &Backend::all().await {
        let store = SealedStore::new(store.clone(), keys());
        let longest = "\u{1f511}".repeat(16);
        for user in ["us-ada\0", "\0", "us-ada", "US-ADA", "us-ada ", "\\x31", "'; --", &longest] {
            let enrolment = enrolment(user);
            let (user, id) = (&enrolment.user, &enrolment.id);
            assert_eq!(store.find(user, id).await.unwrap(), None, "{user:?}");
            assert_eq!(store.enter(enrolment.clone()).await.unwrap(), Insertion::Created, "{user:?}");
            assert_eq!(store.find(user, id).await.unwrap().as_ref(), Some(&enrolment));
            assert_eq!(store.enrolments(user, enrolment.created_at).await.unwrap().len(), 1);
            let change = Change::new(Stage::Revoked, enrolment.gone_at);
            let transition = store.advance(user, id, &[Stage::Waiting], change).await.unwrap();
            assert!(matches!(transition, Transition::Made(_)), "{transition:?}");
        }
    }
}

/// A row that others wrote is parsed like everything else. Its sealed part has to open.
#[tokio::test]
async fn a_damaged_enrolment_is_a_failure_and_nothing_worse() {
    for backend in &Backend::all().await {
        let store = SealedStore::new(backend.store.clone(), keys());
        let damages = [
            "id = 'en-'",
            "id = 'en-6uunn-bm6ja-f6rmod5kqrk5rbem'",
            "stage = 'Waiting'",
            "created_at = -1",
            "expires_at = -1",
            &format!("session = {}", backend.bytes("00")),
            &format!("opening = {}", backend.bytes("")),
            &format!("opening = {}", backend.bytes("c865")),
            // An opening is no credential, and no session.
            "credential = opening",
            "session = opening",
            "attempts_left = -1",
            "attempts_left = 256",
        ];
        for damage in damages {
            backend.run("DELETE FROM credential_code_enrolments").await;
            let mut enrolment = enrolment("us-ada");
            let opening = Opening::new(enrolment.created_at, CredentialKind::Key, PARTY);
            enrolment.opening = Some(Arc::new(opening));
            assert_eq!(store.enter(enrolment.clone()).await.unwrap(), Insertion::Created);
            backend.run(&format!("UPDATE credential_code_enrolments SET {damage}")).await;
            let error = store.enrolments(&enrolment.user, SystemTime::UNIX_EPOCH).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{damage}: {error:?}");
        }
    }
}

#[cfg(feature = "deprecated-kinds")]
#[tokio::test]
async fn a_password_is_not_stored_and_the_answer_says_no_more_than_500() {
    use credential_code::secret::PasswordPolicy;

    use crate::support::{Setup, secret_body};

    for backend in &Backend::all().await {
        let passwords = PasswordPolicy::new([""; 0]);
        let listed = |setup: Setup| {
            setup.policy(|policy| policy.kinds([CredentialKind::Password]).passwords(passwords))
        };
        let world = backend.world_with(listed).await;
        let challenge = world.challenge(CredentialKind::Password).await;
        let body = secret_body(&challenge, &json!({ "password": "correct horse" }));
        world.register(&body).await.assert_refused(500, "internal");
        assert_eq!(backend.store.credentials(&user()).await.unwrap(), []);
    }
}

/// However many credentials a user has, a begin loads only those that it offers.
/// 256 are offered at most. More of them cost nothing.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_begin_costs_the_same_with_256_credentials_as_with_14_400() {
    let backend = Backend::all().await.remove(0);
    let [few, some, many] = ["us-5", "us-256", "us-14400"].map(|id| UserId::new(id).unwrap());
    for (user, credentials) in [(&few, 5), (&some, 256), (&many, 14_400)] {
        backend.store.put_user(&User::new(user.clone(), "ada@example.com")).await.unwrap();
        let seeded = KeyClient::p256().credential(user.clone(), CredentialKind::Key);
        let key = seeded.public_key.as_ref().unwrap().to_spki_der();
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let rows = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {credentials})
            INSERT INTO credential_code_credentials SELECT
                '{user}-' || n, 'cr-{user}-' || n, '{user}', 'Key', 'key', x'{key}', 'SHA256', '{PARTY}', '{ORIGIN}',
                n, 'Active', NULL, NULL, NULL
            FROM numbers"
        );
        backend.run(&rows).await;
    }
    let world = backend.world().await;
    let site = Site::builder()
        .authenticator(world.host.clone())
        .users(backend.store.clone())
        .credentials(backend.store.clone())
        .sign_counters(backend.store.clone())
        .relying_party(party())
        .events(|_| {})
        .storage(Storage::shared_records(backend.store.clone(), keys()))
        .build()
        .unwrap();
    let budget = Budget::per_minute(1_000_000);
    let flow = ActionFlow::new(&site, ActionPolicy::default().challenges_per_user(budget)).unwrap();
    let mut fastest = [Duration::MAX; 3];
    for _ in 0..200 {
        for (user, fastest) in [&few, &some, &many].into_iter().zip(&mut fastest) {
            let action = ActionRequest::new("POST", "/transfers", b"{}").unwrap();
            let request = BeginRequest::new(action, Arc::new(party()));
            let started = Instant::now();
            flow.begin(&Caller::new(user.clone()), request).await.unwrap();
            *fastest = started.elapsed().min(*fastest);
        }
    }
    println!("with 5, 256 and 14 400: {fastest:?}");
    assert!(fastest[2] * 2 <= fastest[1] * 3, "{fastest:?}");
    // To offer 256 takes longer than to offer five, in a build that is not optimized.
    assert!(fastest[1] <= fastest[0] * 5, "{fastest:?}");
}

/// SQLite takes such an id. PostgreSQL has no text with a NUL, so no user has it there.
#[tokio::test]
async fn a_user_whose_id_has_a_nul_is_no_riddle() {
    let user = UserId::new("us\0ada").unwrap();
    let credential = KeyClient::p256().credential(user.clone(), CredentialKind::Key);
    for Backend { store, engine } in &Backend::all().await {
        assert!(store.credentials(&user).await.unwrap().is_empty(), "{engine:?}");
        assert_eq!(store.count(&user, 1).await.unwrap(), 0, "{engine:?}");
        assert!(store.passkeys(&user, PARTY, 1).await.unwrap().is_empty(), "{engine:?}");
        assert!(store.keys(&user, 1).await.unwrap().is_empty(), "{engine:?}");
        assert_eq!(store.credential(&user, &credential.id).await.unwrap(), None, "{engine:?}");
        let removed = store.remove(&user, &credential.uuid, Keep::Nothing).await.unwrap();
        assert_eq!(removed, Removal::Missing, "{engine:?}");
    }
}
