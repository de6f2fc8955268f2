//! The life of a code: what spends it, what does not, and how long it lasts.

mod support;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::body::Body;
use credential_code::attestation::Attestation;
use credential_code::clock::Clock;
use credential_code::flow::CodeFlowBuilder;
use credential_code::model::UserStatus;
use credential_code::store::{
    CodeGrant, MemoryStore, PendingRegistration, Record, Sharing, Slot, SlotKey, SlotKeys, StoreError,
};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use credential_code::{
    BoxError, Budget, Credential, CredentialKind, CredentialRepository, Event, Insertion, NewCredential,
    OneTimeStore, RelyingParties, RelyingParty, UserId,
};
use http::request::Parts;
use http::{Request, header};
use serde_json::{Value, json};
use support::{
    Answer, EXCHANGE, KINDS, MINT, ORIGIN, PARTY, REGISTER, World, attest, base64url, exchange_body,
    register_body, request, text, user,
};

const MILLI: Duration = Duration::from_millis(1);

/// A store that fails so many times when it is told to.
#[derive(Debug)]
struct Flaky<R: Record> {
    inner: MemoryStore<R>,
    failing_inserts: AtomicU32,
    failing_takes: AtomicU32,
}

impl<R: Record> Default for Flaky<R> {
    fn default() -> Self {
        Self { inner: MemoryStore::new(1000), failing_inserts: 0.into(), failing_takes: 0.into() }
    }
}

/// Both in this process, since a flow shares all of its stores or none.
fn stores(
    codes: &Arc<Flaky<CodeGrant>>,
    pending: &Arc<Flaky<PendingRegistration>>,
) -> impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder + use<> {
    let (codes, pending) = (codes.clone(), pending.clone());
    |builder| builder.code_store(codes).registration_store(pending)
}

fn fail(left: &AtomicU32) -> Result<(), StoreError> {
    match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        Ok(_) => Err(StoreError::new("flaky", "it was told to fail")),
        Err(_) => Ok(()),
    }
}

#[async_trait]
impl<R: Record> OneTimeStore<R> for Flaky<R> {
    fn sharing(&self) -> Sharing {
        Sharing::ThisProcess
    }

    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        fail(&self.failing_inserts)?;
        self.inner.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        fail(&self.failing_takes)?;
        self.inner.take(slot, now).await
    }
}

fn key() -> CredentialKind {
    CredentialKind::Key
}

/// A passkey whose authenticator was not told who uses it.
fn unverified(challenge: &Value) -> Value {
    let mut authenticator = SoftAuthenticator::new(StatementFormat::PackedSelf);
    authenticator.flags &= !SoftAuthenticator::USER_VERIFIED;
    register_body(challenge, &authenticator.attest(PARTY, ORIGIN, &text(challenge, "challenge")))
}

fn good(kind: CredentialKind, challenge: &Value) -> Value {
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
    let world = World::with(|builder| {
        builder.events(move |event| match *event {
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
    // The budget, which lies in the future now, refuses once.
    world.exchange(key(), &code).await.assert_refused(429, "too_many_attempts");
    world.advance(MILLI);
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
async fn a_challenge_is_spent_by_every_refusal_that_is_final() {
    let key_client = |data: fn(&str) -> Value| {
        move |challenge: &str| KeyClient::p256().attest_client_data(key(), data(challenge).to_string())
    };
    let passkey = |data: fn(&str) -> Value| {
        move |challenge: &str| {
            SoftAuthenticator::new(StatementFormat::PackedSelf)
                .attest_client_data(PARTY, data(challenge).to_string())
        }
    };
    type Attest = Box<dyn Fn(&str) -> Attestation>;
    let bad: Vec<(&str, Attest)> = vec![
        (
            "bad signature",
            Box::new(|challenge| {
                let mut proof = KeyClient::ed25519().attest(key(), challenge);
                proof.attestation_data = KeyClient::ed25519().attest(key(), challenge).attestation_data;
                let data = json!({ "challenge": challenge, "type": "key.create", "x": 1 });
                proof.client_data = data.to_string().into_bytes();
                proof
            }),
        ),
        ("other challenge", Box::new(|_| KeyClient::p256().attest(key(), "AAAA"))),
        (
            "challenge encoded again",
            Box::new(|challenge| KeyClient::p256().attest(key(), &base64url(challenge.as_bytes()))),
        ),
        ("other ceremony", Box::new(key_client(|c| json!({ "type": "key.get", "challenge": c })))),
        ("passkey ceremony", Box::new(key_client(|c| json!({ "type": "webauthn.create", "challenge": c })))),
        (
            "other origin",
            Box::new(key_client(
                |c| json!({ "type": "key.create", "challenge": c, "origin": "https://evil.example.com" }),
            )),
        ),
        (
            "cross origin",
            Box::new(key_client(|c| json!({ "type": "key.create", "challenge": c, "crossOrigin": true }))),
        ),
        (
            "no attestation",
            Box::new(|challenge| Attestation {
                attestation_data: b"{}".to_vec(),
                ..KeyClient::p256().attest(key(), challenge)
            }),
        ),
        (
            "no client data",
            Box::new(|challenge| Attestation {
                client_data: b"[]".to_vec(),
                ..KeyClient::p256().attest(key(), challenge)
            }),
        ),
        (
            "passkey: other challenge",
            Box::new(passkey(
                |_| json!({ "type": "webauthn.create", "challenge": "AAAA", "origin": ORIGIN }),
            )),
        ),
        (
            "passkey: other origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": "https://example.com:8443" }),
            )),
        ),
        ("passkey: no origin", Box::new(passkey(|c| json!({ "type": "webauthn.create", "challenge": c })))),
        (
            "passkey: key ceremony",
            Box::new(passkey(|c| json!({ "type": "key.create", "challenge": c, "origin": ORIGIN }))),
        ),
        (
            "passkey: cross origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": ORIGIN, "crossOrigin": true }),
            )),
        ),
        (
            "passkey: top origin",
            Box::new(passkey(
                |c| json!({ "type": "webauthn.create", "challenge": c, "origin": ORIGIN, "topOrigin": ORIGIN }),
            )),
        ),
        (
            "passkey: other party",
            Box::new(|challenge| {
                SoftAuthenticator::new(StatementFormat::PackedSelf).attest("example.org", ORIGIN, challenge)
            }),
        ),
        (
            "passkey: nobody present",
            Box::new(|challenge| {
                let mut authenticator = SoftAuthenticator::new(StatementFormat::None);
                authenticator.flags &= !SoftAuthenticator::USER_PRESENT;
                authenticator.attest(PARTY, ORIGIN, challenge)
            }),
        ),
        (
            "passkey: id of another",
            Box::new(|challenge| Attestation {
                credential_id: SoftAuthenticator::new(StatementFormat::None).credential_id(),
                ..SoftAuthenticator::new(StatementFormat::None).attest(PARTY, ORIGIN, challenge)
            }),
        ),
        (
            "passkey: statement of another",
            Box::new(|challenge| {
                let mut proof =
                    SoftAuthenticator::new(StatementFormat::PackedSelf).attest(PARTY, ORIGIN, challenge);
                proof.client_data.push(b' ');
                proof
            }),
        ),
    ];
    for (name, attest_badly) in bad {
        let world = World::new();
        let kind = attest_badly("AAAA").kind;
        let challenge = world.challenge(kind).await;
        let body = register_body(&challenge, &attest_badly(&text(&challenge, "challenge")));
        let refused = world.register(&body).await;
        refused.assert_refused(400, "invalid_attestation");
        let message = text(&refused.json(), "message");
        assert_eq!(message, "The credential could not be verified. Ask for a new code.", "{name}");
        let again = world.register(&good(kind, &challenge)).await;
        assert_eq!(again.status, 403, "{name}: the challenge is good again");
        assert!(world.host.stored().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_proof_of_another_kind_than_the_challenges_spends_it() {
    for asked in KINDS {
        for sent in KINDS.into_iter().filter(|sent| *sent != asked) {
            let world = World::new();
            let challenge = world.challenge(asked).await;
            let confused = world.register(&good(sent, &challenge)).await;
            confused.assert_refused(400, "invalid_attestation");
            let again = world.register(&good(asked, &challenge)).await;
            again.assert_refused(403, "invalid_challenge");
            assert!(world.host.stored().is_empty(), "{asked} as {sent}");
        }
    }
}

#[tokio::test]
async fn a_challenge_is_put_back_when_user_verification_is_missing_and_at_most_five_times() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Fido2).await;
    for _ in 0..5 {
        let refused = world.register(&unverified(&challenge)).await;
        refused.assert_refused(400, "invalid_attestation");
        assert!(text(&refused.json(), "message").contains("did not verify the person"));
    }
    world.register(&good(CredentialKind::Fido2, &challenge)).await.ok();

    let challenge = world.challenge(CredentialKind::Fido2).await;
    for _ in 0..6 {
        world.register(&unverified(&challenge)).await.assert_refused(400, "invalid_attestation");
    }
    let late = world.register(&good(CredentialKind::Fido2, &challenge)).await;
    late.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn a_challenge_that_was_put_back_keeps_its_old_expiry() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Fido2).await;
    world.advance(Duration::from_secs(299));
    world.register(&unverified(&challenge)).await.assert_refused(400, "invalid_attestation");
    world.advance(Duration::from_secs(1));
    let late = world.register(&good(CredentialKind::Fido2, &challenge)).await;
    late.assert_refused(403, "invalid_challenge");
}

#[tokio::test]
async fn a_challenge_is_put_back_when_the_credential_is_registered_already() {
    let world = World::new();
    let first = world.registration(key()).await;
    world.register(&first).await.ok();
    let challenge = world.challenge(key()).await;
    let mut body = good(key(), &challenge);
    body["credentialInfo"]["credId"] = first["credentialInfo"]["credId"].clone();

    world.register(&body).await.assert_refused(409, "duplicate_credential");

    world.register(&good(key(), &challenge)).await.ok();
    assert_eq!(world.host.stored().len(), 2);
}

#[tokio::test]
async fn a_credential_of_another_user_is_a_duplicate_too() {
    let world = World::new();
    let body = world.registration(key()).await;
    world.register(&body).await.ok();
    let mut taken = world.host.stored().remove(0);
    taken.user = UserId::new("us-eve").unwrap();
    taken.id = credential_code::model::CredentialId::new("eves").unwrap();
    world.host.seed(taken);
    let mut body = world.registration(key()).await;
    body["credentialInfo"]["credId"] = "eves".into();
    world.register(&body).await.assert_refused(409, "duplicate_credential");
}

#[tokio::test]
async fn a_failing_host_spends_neither_code_nor_challenge() {
    let world = World::new();
    let code = world.mint().await;
    for _ in 0..5 {
        world.host.fail();
        let failed = world.exchange(key(), &code).await;
        failed.assert_refused(500, "internal");
        assert!(!String::from_utf8_lossy(&failed.body).contains("told to fail"));
        world.host.recover();
    }
    let challenge = world.exchange(key(), &code).await.ok();
    let body = good(key(), &challenge);
    for _ in 0..5 {
        world.host.fail();
        world.register(&body).await.assert_refused(500, "internal");
        world.host.recover();
    }
    world.register(&body).await.ok();
}

/// A repository that stores, or not, and whose answer is lost either way, until there are answers again.
#[derive(Debug, Default)]
struct LossyRepository {
    stored: Mutex<Vec<NewCredential>>,
    stores: AtomicBool,
    answers: AtomicBool,
}

#[async_trait]
impl CredentialRepository for LossyRepository {
    async fn credentials(&self, _: &UserId) -> Result<Vec<Credential>, BoxError> {
        Ok(Vec::new())
    }

    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
        let mut stored = self.stored.lock().unwrap();
        let is_there = stored.iter().any(|other| other.id == credential.id);
        if self.stores.load(Ordering::Relaxed) && !is_there {
            stored.push(credential);
        }
        match (self.answers.load(Ordering::Relaxed), is_there) {
            (false, _) => Err("the answer was lost".into()),
            (true, true) => Ok(Insertion::Duplicate),
            (true, false) => Ok(Insertion::Created),
        }
    }
}

#[tokio::test]
async fn a_code_whose_credential_may_be_stored_buys_no_other() {
    for was_stored in [true, false] {
        let repository = Arc::new(LossyRepository::default());
        let world = World::with(|builder| builder.credentials(repository.clone()));
        let challenge = world.challenge(key()).await;
        let body = good(key(), &challenge);
        repository.stores.store(was_stored, Ordering::Relaxed);
        world.register(&body).await.assert_refused(500, "internal");
        repository.stores.store(true, Ordering::Relaxed);
        repository.answers.store(true, Ordering::Relaxed);

        let other = world.register(&good(key(), &challenge)).await;
        other.assert_refused(403, "invalid_challenge");

        let again = world.register(&body).await;
        match was_stored {
            true => again.assert_refused(409, "duplicate_credential"),
            false => drop(again.ok()),
        }
        let other = world.register(&good(key(), &challenge)).await;
        other.assert_refused(403, "invalid_challenge");
        assert_eq!(repository.stored.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_host_that_fails_six_times_spends_the_code() {
    let world = World::new();
    let code = world.mint().await;
    world.host.fail();
    for _ in 0..6 {
        world.exchange(key(), &code).await.assert_refused(500, "internal");
    }
    world.host.recover();
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn a_code_that_was_put_back_keeps_its_old_expiry() {
    let world = World::new();
    let code = world.mint().await;
    world.advance(Duration::from_secs(59));
    world.host.fail();
    world.exchange(key(), &code).await.assert_refused(500, "internal");
    world.host.recover();
    world.advance(Duration::from_secs(1));
    world.exchange(key(), &code).await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn a_failing_store_spends_neither_code_nor_challenge() {
    let (codes, pending) = (Arc::default(), Arc::default());
    let world = World::with(stores(&codes, &pending));

    codes.failing_inserts.store(1, Ordering::Relaxed);
    let mint = json!({ "expiration": world.unix(60) });
    world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    let code = world.mint().await;
    codes.failing_takes.store(1, Ordering::Relaxed);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    pending.failing_inserts.store(1, Ordering::Relaxed);
    world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    let challenge = world.exchange(key(), &code).await.ok();
    pending.failing_takes.store(1, Ordering::Relaxed);
    let failed = world.register(&good(key(), &challenge)).await;
    failed.assert_refused(503, "unavailable");
    assert!(!String::from_utf8_lossy(&failed.body).contains("flaky"));
    world.register(&good(key(), &challenge)).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_code() {
    let codes = Arc::default();
    let stores = stores(&codes, &Arc::default());
    let world = World::with(|builder| stores(builder).codes_per_user(Budget::per_minute(1)));
    codes.failing_inserts.store(3, Ordering::Relaxed);
    let mint = json!({ "expiration": world.unix(60) });
    for _ in 0..3 {
        world.post_json(MINT, &mint).await.assert_refused(503, "unavailable");
    }
    world.post_json(MINT, &mint).await.ok();
    world.post_json(MINT, &mint).await.assert_refused(429, "too_many_attempts");
}

#[tokio::test]
async fn a_failing_store_costs_no_guess() {
    let codes = Arc::default();
    let stores = stores(&codes, &Arc::default());
    let world = World::with(|builder| stores(builder).misses(Budget::per_minute(1)));
    let code = world.mint().await;
    codes.failing_takes.store(3, Ordering::Relaxed);
    for _ in 0..3 {
        world.exchange(key(), &code).await.assert_refused(503, "unavailable");
    }
    world.exchange(key(), &code).await.ok();
}

#[tokio::test]
async fn a_failing_store_costs_no_guess_at_register_either() {
    let pending = Arc::default();
    let stores = stores(&Arc::default(), &pending);
    let world = World::with(|builder| stores(builder).misses(Budget::per_minute(1)));
    let challenge = world.challenge(key()).await;
    pending.failing_takes.store(5, Ordering::Relaxed);
    for _ in 0..5 {
        world.register(&good(key(), &challenge)).await.assert_refused(503, "unavailable");
    }
    world.register(&good(key(), &challenge)).await.ok();
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
        // Neither comes back with the user.
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
    for world in [World::new(), World::with(|builder| builder.code_format(format))] {
        let code = world.mint().await;
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

async fn exchange_from(world: &World, origins: &[&str], code: &str) -> Answer {
    let mut request = request(EXCHANGE);
    for origin in origins {
        request = request.header(header::ORIGIN, *origin);
    }
    let body = exchange_body(CredentialKind::Fido2, code).to_string();
    world.send(request.body(Body::from(body)).unwrap()).await
}

fn two_parties() -> World {
    let other = RelyingParty::new("example.org", "Other", ["https://example.org"]).unwrap();
    World::with(|builder| builder.relying_party(other))
}

#[tokio::test]
async fn the_relying_party_is_the_one_that_lists_the_origin_and_the_first_without_one() {
    let world = two_parties();
    for (origins, party) in [
        (&[][..], PARTY),
        (&[ORIGIN], PARTY),
        (&["https://example.com"], PARTY),
        (&["https://example.org"], "example.org"),
    ] {
        let challenge = exchange_from(&world, origins, &world.mint().await).await.ok();
        assert_eq!(challenge["rp"]["id"], party, "{origins:?}");
    }
}

#[tokio::test]
async fn a_relying_party_is_pinned_at_exchange() {
    let world = two_parties();
    let pairs = [(PARTY, ORIGIN), ("example.org", "https://example.org")];
    for (asked, _) in pairs.iter().enumerate() {
        for (answered, (party, origin)) in pairs.iter().enumerate() {
            let code = world.mint().await;
            let challenge = exchange_from(&world, &[pairs[asked].1], &code).await.ok();
            let authenticator = SoftAuthenticator::new(StatementFormat::PackedSelf);
            let proof = authenticator.attest(party, origin, &text(&challenge, "challenge"));
            let body = register_body(&challenge, &proof);
            // Whatever the register request says of its origin.
            let request = request(REGISTER).header(header::ORIGIN, *origin);
            let answer = world.send(request.body(body.to_string().into()).unwrap()).await;
            match asked == answered {
                true => assert_eq!(answer.ok()["relyingPartyId"], *party),
                false => answer.assert_refused(400, "invalid_attestation"),
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_names_no_origin_gets_the_one_that_asked() {
    let world = World::new();
    let request = request(EXCHANGE).header(header::ORIGIN, "https://example.com");
    let body = exchange_body(key(), &world.mint().await).to_string();
    let challenge = world.send(request.body(body.into()).unwrap()).await.ok();
    let credential = world.register(&good(key(), &challenge)).await.ok();
    assert_eq!(credential["origin"], "https://example.com");

    let credential = world.register(&world.registration(key()).await).await.ok();
    assert_eq!(credential["origin"], ORIGIN, "the first of the relying party's");
}

#[tokio::test]
async fn an_unknown_origin_is_refused_and_spends_nothing() {
    let world = two_parties();
    let code = world.mint().await;
    for origins in [
        &["https://evil.example"][..],
        &["null"],
        &[""],
        &["https://app.example.com/"],
        &["https://app.example.com/x"],
        &["https://app.example.com:443"],
        &["https://user@app.example.com"],
        &["HTTPS://APP.EXAMPLE.COM"],
        &["https://app.example.com."],
        &["http://app.example.com"],
        &["https://evil-app.example.com"],
        &["https://x.app.example.com"],
        &["https://app.example.com https://example.com"],
        &[ORIGIN, ORIGIN],
        &[ORIGIN, "https://example.org"],
    ] {
        exchange_from(&world, origins, &code).await.assert_refused(403, "forbidden");
    }
    exchange_from(&world, &[ORIGIN], &code).await.ok();
}

/// Knows its parties by a header.
struct ByApp(Arc<RelyingParty>);

#[async_trait]
impl RelyingParties for ByApp {
    async fn resolve(&self, request: &Parts) -> Result<Option<Arc<RelyingParty>>, BoxError> {
        match request.headers.get("x-app").map(|app| app.as_bytes()) {
            Some(b"down") => Err("the directory is down".into()),
            Some(b"known") => Ok(Some(self.0.clone())),
            _ => Ok(None),
        }
    }
}

#[tokio::test]
async fn a_host_may_find_relying_parties_its_own_way_and_origins_still_count() {
    let party = Arc::new(RelyingParty::new(PARTY, "Found", [ORIGIN]).unwrap());
    let world = World::with(|builder| builder.relying_parties(Arc::new(ByApp(party))));
    let code = world.mint().await;
    let ask = async |app: &str, origin: Option<&str>| {
        let mut request = request(EXCHANGE).header("x-app", app);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        world.send(request.body(exchange_body(key(), &code).to_string().into()).unwrap()).await
    };
    ask("unknown", None).await.assert_refused(403, "forbidden");
    ask("down", None).await.assert_refused(500, "internal");
    ask("known", Some("https://evil.example")).await.assert_refused(403, "forbidden");
    assert_eq!(ask("known", Some(ORIGIN)).await.ok()["rp"]["name"], "Found");
}

#[tokio::test]
async fn a_rotated_key_still_reads_and_no_longer_writes() {
    let keys = [1, 2].map(|byte| SlotKey::new([byte; 32]).unwrap());
    let codes = Arc::new(MemoryStore::new(100));
    let pending = Arc::new(MemoryStore::new(100));
    let world = |ring: SlotKeys| {
        let (codes, pending) = (codes.clone(), pending.clone());
        World::with(|builder| builder.slot_keys(ring).code_store(codes).registration_store(pending))
    };
    let [old_key, new_key] = &keys;
    let old = world(SlotKeys::new(old_key, &[]));
    let rotated = world(SlotKeys::new(new_key, std::slice::from_ref(old_key)));
    let new = world(SlotKeys::new(new_key, &[]));

    let code = old.mint().await;
    new.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    let challenge = rotated.exchange(key(), &code).await.ok();
    old.exchange(key(), &code).await.assert_refused(403, "invalid_code");
    old.register(&good(key(), &challenge)).await.assert_refused(403, "invalid_challenge");
    new.register(&good(key(), &challenge)).await.ok();

    let body = old.registration(key()).await;
    rotated.register(&body).await.ok();
    // What a rotated flow puts back can still be found by those with the old key alone.
    let code = old.mint().await;
    rotated.host.fail();
    rotated.exchange(key(), &code).await.assert_refused(500, "internal");
    old.exchange(key(), &code).await.ok();
}

#[test]
fn a_slot_key_is_not_short() {
    assert!(SlotKey::new([0; 31]).is_none());
    assert!(SlotKey::new([0; 32]).is_some());
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

fn retry_after(answer: &Answer) -> u64 {
    answer.assert_refused(429, "too_many_attempts");
    answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_user_mints_so_many_codes_and_more_as_time_passes() {
    let world = World::with(|builder| builder.codes_per_user(Budget::per_minute(3)));
    let mint = async || world.post_json(MINT, &json!({ "expiration": world.unix(60) })).await;
    for _ in 0..3 {
        mint().await.ok();
    }
    assert_eq!(retry_after(&mint().await), 20);
    world.advance(Duration::from_millis(19_999));
    assert_eq!(retry_after(&mint().await), 1);
    world.advance(MILLI);
    mint().await.ok();
    assert_eq!(retry_after(&mint().await), 20);
    world.advance(Duration::from_secs(3600));
    for _ in 0..3 {
        mint().await.ok();
    }
    assert_eq!(retry_after(&mint().await), 20);
}

fn world_with_sources(of_source: u32, of_flow: u32) -> World {
    World::with(|builder| {
        builder
            .source(|head| Some(head.headers.get("x-source")?.to_str().ok()?.into()))
            .misses_per_source(Budget::per_minute(of_source))
            .misses(Budget::per_minute(of_flow))
    })
}

async fn post_from(world: &World, source: &str, path: &str, body: &Value) -> Answer {
    world.send(request(path).header("x-source", source).body(body.to_string().into()).unwrap()).await
}

async fn guess(world: &World, source: &str) -> Answer {
    post_from(world, source, EXCHANGE, &exchange_body(key(), "AAA-AAA-AAA")).await
}

#[tokio::test]
async fn a_source_that_guesses_is_slowed_down_at_both_steps_and_others_are_not() {
    let world = world_with_sources(3, 1000);
    let body = world.registration(key()).await;
    let code = world.mint().await;
    for _ in 0..3 {
        guess(&world, "a").await.assert_refused(403, "invalid_code");
    }
    assert_eq!(retry_after(&guess(&world, "a").await), 20);
    let good_code = post_from(&world, "a", EXCHANGE, &exchange_body(key(), &code)).await;
    assert_eq!(retry_after(&good_code), 20);
    assert_eq!(retry_after(&post_from(&world, "a", REGISTER, &body).await), 20);
    guess(&world, "b").await.assert_refused(403, "invalid_code");

    world.advance(Duration::from_secs(20));
    post_from(&world, "a", EXCHANGE, &exchange_body(key(), &code)).await.ok();
    post_from(&world, "a", REGISTER, &body).await.ok();
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    assert_eq!(retry_after(&guess(&world, "a").await), 20);
}

#[tokio::test]
async fn misses_at_register_count_like_those_at_exchange() {
    let world = world_with_sources(2, 1000);
    let mut body = world.registration(key()).await;
    body["challengeIdentifier"] = "unknown".into();
    post_from(&world, "a", REGISTER, &body).await.assert_refused(403, "invalid_challenge");
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    retry_after(&guess(&world, "a").await);
    retry_after(&post_from(&world, "a", REGISTER, &body).await);
}

#[tokio::test]
async fn many_sources_together_are_slowed_down_by_the_flows_budget() {
    let world = world_with_sources(1, 6);
    for guesser in 0..6 {
        guess(&world, &guesser.to_string()).await.assert_refused(403, "invalid_code");
    }
    assert_eq!(retry_after(&guess(&world, "7").await), 10);
    world.advance(Duration::from_secs(10));
    // What the flow refused did not count against the source.
    guess(&world, "7").await.assert_refused(403, "invalid_code");
    retry_after(&guess(&world, "8").await);
}

#[tokio::test]
async fn hits_cost_nothing() {
    let world = world_with_sources(1, 1);
    for _ in 0..20 {
        let code = world.mint().await;
        let challenge = post_from(&world, "a", EXCHANGE, &exchange_body(key(), &code)).await.ok();
        post_from(&world, "a", REGISTER, &good(key(), &challenge)).await.ok();
    }
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    retry_after(&guess(&world, "a").await);
}

#[tokio::test]
async fn malformed_requests_cost_no_guess() {
    let world = world_with_sources(1, 1);
    for _ in 0..5 {
        post_from(&world, "a", EXCHANGE, &json!({})).await.assert_refused(400, "invalid_request");
        let mistyped = post_from(&world, "a", EXCHANGE, &exchange_body(key(), "AAA")).await;
        mistyped.assert_refused(403, "invalid_code");
    }
    guess(&world, "a").await.assert_refused(403, "invalid_code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_all_at_once_is_no_way_around_the_budget() {
    let world = world_with_sources(10, 25);
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..400 {
        let world = world.clone();
        guesses.spawn(async move { guess(&world, &(number % 4).to_string()).await.status.as_u16() });
    }
    let statuses = guesses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 25);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 375);
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out_for_long() {
    let world = world_with_sources(3, 1000);
    for _ in 0..3 {
        guess(&world, "a").await.assert_refused(403, "invalid_code");
    }
    world.clock.set(world.clock.now() - Duration::from_secs(86_400));
    assert_eq!(retry_after(&guess(&world, "a").await), 20);
    world.advance(Duration::from_secs(20));
    assert_eq!(retry_after(&guess(&world, "a").await), 1, "that is the budget of the flow");
    world.advance(Duration::from_secs(1));
    guess(&world, "a").await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn exchange_needs_no_origin_and_mint_needs_a_user() {
    let world = World::new();
    let mint = json!({ "expiration": world.unix(60) }).to_string();
    let anonymous =
        Request::post(MINT).header(header::CONTENT_TYPE, "application/json").body(mint.into()).unwrap();
    world.send(anonymous).await.assert_refused(401, "unauthenticated");
}
