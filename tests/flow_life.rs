//! The life of a code: what spends it, what does not, and what a caller learns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use credential_code::attestation::Attestation;
use credential_code::clock::Clock;
use credential_code::flow::{
    CodeFlowBuilder, ExchangeRequest, Expiration, RegisterRequest, RegistrationChallenge,
};
use credential_code::model::{ChallengeId, Code, CodeFormat, EncryptedPrivateKey, UserStatus};
use credential_code::store::{
    CodeGrant, MemoryStore, PendingRegistration, Record, Slot, SlotKey, SlotKeys, StoreError,
};
use credential_code::testing::{
    KeyClient, ManualClock, MemoryHost, SoftAuthenticator, StatementFormat, flow_builder,
};
use credential_code::{
    Budget, Caller, CodeFlow, Credential, CredentialKind, Error, ErrorKind, Event, Insertion, OneTimeStore,
    RelyingParty, User, UserId,
};

const SECOND: Duration = Duration::from_secs(1);
const ORIGIN: &str = "https://app.example.com";

/// A flow over a host with one user, and a clock that the test moves.
struct World {
    flow: CodeFlow,
    host: Arc<MemoryHost>,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(configure: impl FnOnce(CodeFlowBuilder) -> CodeFlowBuilder) -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let clock = ManualClock::new();
        let builder = flow_builder(&host).clock(Arc::new(clock.clone()));
        Self { flow: configure(builder).build().unwrap(), host, clock }
    }

    async fn mint(&self) -> Code {
        self.try_mint().await.unwrap()
    }

    async fn try_mint(&self) -> Result<Code, Error> {
        let seconds = self.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 60;
        let expiry = self.flow.code_expiry(Expiration::from_unix(seconds).unwrap())?;
        Ok(self.flow.mint(&Caller::new(user()), expiry, None).await?.code)
    }

    async fn exchange(&self, code: &Code, kind: CredentialKind) -> Result<RegistrationChallenge, Error> {
        self.flow.exchange(ExchangeRequest::new(code.clone(), kind, party())).await
    }

    async fn open(&self, kind: CredentialKind) -> RegistrationChallenge {
        self.exchange(&self.mint().await, kind).await.unwrap()
    }

    async fn register(
        &self,
        opened: &RegistrationChallenge,
        proof: Attestation,
    ) -> Result<Credential, Error> {
        let key = (proof.kind == CredentialKind::PasswordProtectedKey)
            .then(|| EncryptedPrivateKey::new("c2VjcmV0").unwrap());
        let request = RegisterRequest::new(opened.challenge_id.clone(), "a name", proof, key).unwrap();
        self.flow.register(request, None).await
    }
}

fn user() -> UserId {
    UserId::new("us-1").unwrap()
}

fn party() -> Arc<RelyingParty> {
    Arc::new(RelyingParty::new("example.com", "Example", [ORIGIN]).unwrap())
}

fn key_proof(opened: &RegistrationChallenge) -> Attestation {
    KeyClient::p256().attest(opened.kind, opened.challenge.as_str())
}

fn kind_of<T>(outcome: Result<T, Error>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_code_is_spent_by_exchange() {
    let world = World::new();
    let code = world.mint().await;
    world.exchange(&code, CredentialKind::Key).await.unwrap();
    assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::InvalidCode));
}

#[tokio::test]
async fn a_code_works_until_its_expiry_and_not_at_it() {
    for (waited, outcome) in [
        (Duration::from_millis(59_999), None),
        (Duration::from_millis(60_000), Some(ErrorKind::InvalidCode)),
        (Duration::from_millis(60_001), Some(ErrorKind::InvalidCode)),
    ] {
        let world = World::new();
        let code = world.mint().await;
        world.clock.advance(waited);
        assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), outcome, "{waited:?}");
    }
}

#[tokio::test]
async fn a_challenge_outlives_its_code_and_works_for_five_minutes() {
    for (waited, outcome) in [(299, None), (300, Some(ErrorKind::InvalidChallenge))] {
        let world = World::new();
        let opened = world.open(CredentialKind::Key).await;
        world.clock.advance(waited * SECOND);
        assert_eq!(kind_of(world.register(&opened, key_proof(&opened)).await), outcome);
    }
}

#[tokio::test]
async fn a_challenge_is_spent_by_register() {
    let world = World::new();
    let opened = world.open(CredentialKind::Key).await;
    world.register(&opened, key_proof(&opened)).await.unwrap();
    let again = world.register(&opened, key_proof(&opened)).await;
    assert_eq!(kind_of(again), Some(ErrorKind::InvalidChallenge));
    assert_eq!(world.host.stored().len(), 1);
}

#[tokio::test]
async fn a_challenge_is_spent_by_a_proof_that_does_not_hold() {
    let world = World::new();
    let client = KeyClient::p256();
    let spoil: [fn(&mut Attestation); 5] = [
        |proof| proof.attestation_data.reverse(),
        |proof| proof.client_data.push(b' '),
        |proof| proof.client_data = b"{}".to_vec(),
        |proof| proof.kind = CredentialKind::RecoveryKey,
        |proof| proof.kind = CredentialKind::Fido2,
    ];
    for spoil in spoil {
        let opened = world.open(CredentialKind::Key).await;
        let mut proof = client.attest(CredentialKind::Key, opened.challenge.as_str());
        spoil(&mut proof);
        assert_eq!(kind_of(world.register(&opened, proof).await), Some(ErrorKind::InvalidAttestation));
        let good = client.attest(CredentialKind::Key, opened.challenge.as_str());
        assert_eq!(kind_of(world.register(&opened, good).await), Some(ErrorKind::InvalidChallenge));
    }
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn a_person_who_was_not_verified_may_try_the_same_challenge_again() {
    let world = World::new();
    let opened = world.open(CredentialKind::Fido2).await;
    let mut authenticator = SoftAuthenticator::new(StatementFormat::None);
    let flags = std::mem::replace(&mut authenticator.flags, 0x41);
    let unverified = authenticator.attest("example.com", ORIGIN, opened.challenge.as_str());
    let refused = world.register(&opened, unverified).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidAttestation);
    assert!(refused.message().contains("did not verify the person"), "{refused}");
    authenticator.flags = flags;
    let verified = authenticator.attest("example.com", ORIGIN, opened.challenge.as_str());
    world.register(&opened, verified).await.unwrap();
}

#[tokio::test]
async fn an_authenticator_that_is_registered_already_leaves_the_challenge_to_another() {
    let world = World::new();
    let client = KeyClient::ed25519();
    let first = world.open(CredentialKind::Key).await;
    world.register(&first, client.attest(CredentialKind::Key, first.challenge.as_str())).await.unwrap();

    let second = world.open(CredentialKind::Key).await;
    let same = client.attest(CredentialKind::Key, second.challenge.as_str());
    assert_eq!(kind_of(world.register(&second, same).await), Some(ErrorKind::DuplicateCredential));
    world.register(&second, key_proof(&second)).await.unwrap();
}

#[tokio::test]
async fn a_record_is_put_back_five_times_and_keeps_its_expiry() {
    let world = World::new();
    let code = world.mint().await;
    world.host.fail();
    for _ in 0..6 {
        assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::Internal));
    }
    world.host.recover();
    assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::InvalidCode));

    let opened = world.open(CredentialKind::Key).await;
    world.host.fail();
    for _ in 0..5 {
        let failed = world.register(&opened, key_proof(&opened)).await;
        assert_eq!(kind_of(failed), Some(ErrorKind::Internal));
    }
    world.host.recover();
    world.clock.advance(300 * SECOND);
    let late = world.register(&opened, key_proof(&opened)).await;
    assert_eq!(kind_of(late), Some(ErrorKind::InvalidChallenge));
}

#[tokio::test]
async fn a_host_that_recovers_finds_code_and_challenge_where_they_were() {
    let world = World::new();
    let code = world.mint().await;
    world.host.fail();
    assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::Internal));
    world.host.recover();
    let opened = world.exchange(&code, CredentialKind::Key).await.unwrap();
    world.host.fail();
    assert_eq!(kind_of(world.register(&opened, key_proof(&opened)).await), Some(ErrorKind::Internal));
    world.host.recover();
    world.register(&opened, key_proof(&opened)).await.unwrap();
}

/// A store that fails to insert while it is told to.
#[derive(Debug)]
struct Failing {
    inner: MemoryStore<PendingRegistration>,
    fails: Arc<AtomicBool>,
}

#[async_trait]
impl OneTimeStore<PendingRegistration> for Failing {
    async fn insert(&self, slot: Slot, record: PendingRegistration) -> Result<Insertion, StoreError> {
        match self.fails.load(Ordering::Relaxed) {
            true => Err(StoreError::new("failing", "told to")),
            false => self.inner.insert(slot, record).await,
        }
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<PendingRegistration>, StoreError> {
        self.inner.take(slot, now).await
    }
}

#[tokio::test]
async fn a_code_is_put_back_when_the_challenge_can_not_be_stored() {
    let fails = Arc::new(AtomicBool::new(true));
    let store = Failing { inner: MemoryStore::new(100), fails: fails.clone() };
    let world = World::with(|builder| builder.registration_store(Arc::new(store)));
    let code = world.mint().await;
    assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::Unavailable));
    fails.store(false, Ordering::Relaxed);
    world.exchange(&code, CredentialKind::Key).await.unwrap();
}

#[tokio::test]
async fn a_kind_that_is_not_allowed_spends_nothing_and_learns_which_are() {
    let world = World::with(|builder| builder.kinds([CredentialKind::Key, CredentialKind::RecoveryKey]));
    let code = world.mint().await;
    for kind in [CredentialKind::Fido2, CredentialKind::Password, CredentialKind::Totp] {
        let refused = world.exchange(&code, kind).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("Key, RecoveryKey"), "{refused}");
    }
    world.exchange(&code, CredentialKind::RecoveryKey).await.unwrap();
}

#[tokio::test]
async fn a_user_who_is_gone_or_deactivated_adds_nothing() {
    let world = World::new();
    let (code, opened) = (world.mint().await, world.open(CredentialKind::Key).await);
    world.host.set_status(&user(), UserStatus::Deactivated);
    assert_eq!(kind_of(world.try_mint().await), Some(ErrorKind::Forbidden));
    assert_eq!(kind_of(world.exchange(&code, CredentialKind::Key).await), Some(ErrorKind::InvalidCode));
    let refused = world.register(&opened, key_proof(&opened)).await;
    assert_eq!(kind_of(refused), Some(ErrorKind::InvalidChallenge));
    world.host.remove_user(&user());
    assert_eq!(kind_of(world.try_mint().await), Some(ErrorKind::Forbidden));
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn a_code_is_no_challenge_and_a_challenge_no_code() {
    let world = World::with(|builder| builder.code_format(CodeFormat::with_symbols(43).unwrap()));
    let code = world.mint().await;
    let as_challenge = ChallengeId::new(code.reveal());
    let proof = KeyClient::p256().attest(CredentialKind::Key, "AAAA");
    let request = RegisterRequest::new(as_challenge, "a name", proof, None).unwrap();
    assert_eq!(kind_of(world.flow.register(request, None).await), Some(ErrorKind::InvalidChallenge));
    world.exchange(&code, CredentialKind::Key).await.unwrap();
}

#[tokio::test]
async fn outstanding_codes_survive_the_rotation_of_the_slot_key() {
    let key = |byte: u8| SlotKey::new([byte; 32]).unwrap();
    let codes: Arc<MemoryStore<CodeGrant>> = Arc::new(MemoryStore::new(100));
    let with_keys = |keys| World::with(|builder| builder.code_store(codes.clone()).slot_keys(keys));
    let before = with_keys(SlotKeys::new(&key(1), &[]));
    let (code, other) = (before.mint().await, before.mint().await);
    let rotated = with_keys(SlotKeys::new(&key(2), &[key(1)]));
    rotated.exchange(&code, CredentialKind::Key).await.unwrap();
    let forgotten = with_keys(SlotKeys::new(&key(2), &[]));
    let refused = forgotten.exchange(&other, CredentialKind::Key).await;
    assert_eq!(kind_of(refused), Some(ErrorKind::InvalidCode));
    assert!(SlotKey::new([0; 31]).is_none());
}

#[tokio::test]
async fn a_full_store_drops_the_oldest_code_and_says_so() {
    let evicted = Arc::new(Mutex::new(Vec::new()));
    let heard = evicted.clone();
    let world = World::with(|builder| {
        builder.memory_capacity(50).codes_per_user(Budget::per_minute(1000)).events(move |event| {
            if let Event::Evicted { records, user, .. } = event {
                heard.lock().unwrap().push((*records, (*user).clone()));
            }
        })
    });
    let mut newest = world.mint().await;
    for _ in 0..500 {
        newest = world.mint().await;
    }
    world.exchange(&newest, CredentialKind::Key).await.unwrap();
    let evicted = evicted.lock().unwrap();
    assert!(!evicted.is_empty());
    assert!(evicted.iter().all(|record| *record == (CodeGrant::NAME, user())));
}

#[tokio::test]
async fn an_expiration_is_near_and_not_past() {
    let world = World::new();
    let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let effective = |text: &str| {
        let wanted = Expiration::from_rfc3339(text).unwrap();
        world.flow.code_expiry(wanted).map(|expiry| expiry.time().duration_since(now).unwrap_or_default())
    };
    let accepted = [
        ("2026-01-01T00:00:30Z", 30_000),
        ("2026-01-01T00:00:30.1239Z", 30_123),
        ("2026-01-01T00:00:30.123456789+00:00", 30_123),
        ("2026-01-01T05:30:30+05:30", 30_000),
        ("2025-12-31t16:00:30-08:00", 30_000),
        ("2026-01-01T00:01:00Z", 60_000),
        ("2026-01-01T00:01:05Z", 60_000),
        ("2025-12-31T23:59:56Z", 0),
    ];
    for (text, millis) in accepted {
        assert_eq!(effective(text).unwrap(), Duration::from_millis(millis), "{text}");
    }
    for text in [
        "2025-12-31T23:59:54.999Z",
        "2026-01-01T00:01:05.001Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(kind_of(effective(text)), Some(ErrorKind::InvalidRequest), "{text}");
    }
    let too_far = effective("2026-01-01T01:00:00Z").unwrap_err();
    assert!(too_far.message().contains("60 seconds"), "{too_far}");
}

#[test]
fn an_expiration_is_written_in_one_of_three_ways() {
    let seconds = Expiration::from_unix(1_767_225_630).unwrap();
    assert_eq!(Expiration::from_unix(1_767_225_630_000).unwrap(), seconds);
    assert_eq!(Expiration::from_rfc3339("2026-01-01T00:00:30Z").unwrap(), seconds);
    assert_eq!(
        Expiration::from_unix(99_999_999_999).unwrap(),
        Expiration::from_rfc3339("5138-11-16T09:46:39Z").unwrap()
    );
    for text in [
        "",
        "2026-01-01",
        "2026-01-01T00:00:30",
        "2026-01-01 00:00:30Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:30+0100",
        "2026-01-01T00:00:30.Z",
        " 2026-01-01T00:00:30Z",
        "2026-01-01T00:00:30Zx",
        "+2026-01-01T00:00:30Z",
        "20260101T000030Z",
        "2026-W01-1T00:00:30Z",
        "2026-01-01T00:00:30+24:00",
    ] {
        assert!(Expiration::from_rfc3339(text).is_err(), "{text:?}");
    }
    assert!(Expiration::from_unix(0).is_err());
}

#[tokio::test]
async fn a_user_mints_ten_codes_a_minute() {
    let world = World::new();
    for _ in 0..10 {
        world.mint().await;
    }
    let refused = world.try_mint().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooManyAttempts);
    let wait = refused.retry_after().unwrap();
    assert!(wait <= 6 * SECOND, "{wait:?}");
    world.clock.advance(wait);
    world.mint().await;
    assert_eq!(kind_of(world.try_mint().await), Some(ErrorKind::TooManyAttempts));
}

/// A code that nobody minted.
fn unknown_code() -> Code {
    CodeFormat::TYPED.parse("AAA-AAA-AAA").unwrap()
}

#[tokio::test]
async fn misses_of_a_source_stop_that_source_alone_and_come_back() {
    let world = World::new();
    let from = |source: &'static str, code: Code| {
        let mut request = ExchangeRequest::new(code, CredentialKind::Key, party());
        request.source = Some(source);
        world.flow.exchange(request)
    };
    for _ in 0..10 {
        assert_eq!(kind_of(from("a", unknown_code()).await), Some(ErrorKind::InvalidCode));
    }
    let code = world.mint().await;
    let throttled = from("a", code.clone()).await.unwrap_err();
    assert_eq!(throttled.kind(), ErrorKind::TooManyAttempts);
    from("b", code).await.unwrap();
    world.clock.advance(throttled.retry_after().unwrap());
    assert_eq!(kind_of(from("a", unknown_code()).await), Some(ErrorKind::InvalidCode));
    assert_eq!(kind_of(from("a", unknown_code()).await), Some(ErrorKind::TooManyAttempts));
}

#[tokio::test]
async fn misses_at_exchange_and_at_register_are_counted_together() {
    let world = World::with(|builder| builder.misses(Budget::per_minute(4)));
    let proof = KeyClient::p256().attest(CredentialKind::Key, "AAAA");
    for _ in 0..2 {
        let exchange = world.exchange(&unknown_code(), CredentialKind::Key).await;
        assert_eq!(kind_of(exchange), Some(ErrorKind::InvalidCode));
        let id = ChallengeId::new("unknown");
        let request = RegisterRequest::new(id, "a name", proof.clone(), None).unwrap();
        assert_eq!(kind_of(world.flow.register(request, None).await), Some(ErrorKind::InvalidChallenge));
    }
    let refused = world.exchange(&unknown_code(), CredentialKind::Key).await;
    assert_eq!(kind_of(refused), Some(ErrorKind::TooManyAttempts));
}

#[tokio::test]
async fn a_hit_costs_no_attempt() {
    let world =
        World::with(|builder| builder.misses(Budget::per_minute(1)).codes_per_user(Budget::per_minute(1000)));
    for _ in 0..20 {
        let opened = world.open(CredentialKind::Key).await;
        world.register(&opened, key_proof(&opened)).await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_the_budget() {
    let world = World::with(|builder| builder.misses(Budget::per_minute(2)));
    let start = world.clock.now();
    let unknown = unknown_code();
    let guess = || world.exchange(&unknown, CredentialKind::Key);
    assert_eq!(kind_of(guess().await), Some(ErrorKind::InvalidCode));
    world.clock.set(start - Duration::from_secs(86_400));
    assert_eq!(kind_of(guess().await), Some(ErrorKind::TooManyAttempts));
    world.clock.advance(60 * SECOND);
    assert_eq!(kind_of(guess().await), Some(ErrorKind::InvalidCode));
}

#[tokio::test]
async fn a_flow_that_lacks_something_is_not_built() {
    let missing = |builder: CodeFlowBuilder| builder.build().unwrap_err().to_string();
    assert!(missing(CodeFlow::builder()).contains("relying_party"));
    let host = Arc::new(MemoryHost::default());
    let party = RelyingParty::new("example.com", "Example", [ORIGIN]).unwrap();
    assert!(missing(CodeFlow::builder().relying_party(party.clone())).contains("events"));
    let builder = || CodeFlow::builder().relying_party(party.clone()).events(|_| {});
    assert!(missing(builder()).contains("authenticator"));
    assert!(missing(builder().host(host.clone()).kinds([])).contains("kinds"));
    assert!(missing(builder().host(host.clone()).kinds([CredentialKind::Totp])).contains("kinds"));
    assert!(missing(builder().host(host.clone()).code_lifetime(601 * SECOND)).contains("code_lifetime"));
    assert!(
        missing(builder().host(host.clone()).challenge_lifetime(3601 * SECOND))
            .contains("challenge_lifetime")
    );
    assert!(missing(builder().host(host).body_limit(10)).contains("body_limit"));
}
