//! Sign-in by passkey: which user signed a challenge that was made for nobody in particular.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::action::{ActionRequest, BeginRequest};
use credential_code::clock::Clock as _;
use credential_code::error::{BoxError, Error, ErrorKind};
use credential_code::event::Event;
use credential_code::host::{Advance, Caller, PasskeyDirectory, SignCounters};
use credential_code::model::{
    ChallengeId, Credential, CredentialId, CredentialKind, CredentialStatus, User, UserId, UserStatus,
};
use credential_code::sign_in::{CompleteRequest, SignInChallenge, SignInFlow, SignInPolicy, SignedIn};
use credential_code::site::SiteBuilder;
use credential_code::store::{Budget, MemoryStore, OneTimeStore as _, Slot, SlotKey, SlotKeys, UserAction};
use credential_code::testing::site_builder;
use credential_code::testing::{KeyClient, ManualClock, MemoryHost, SoftAuthenticator, StatementFormat};
use credential_code::{ActionFlow, ActionPolicy, RelyingParty, Site, Storage};
use serde_json::{Value, json};

use crate::flaky::Flaky;

const ORIGIN: &str = "https://app.example.com";

type Heard = Arc<Mutex<Vec<String>>>;

/// A site where the user `us-1` has a passkey.
#[derive(Clone)]
struct Bench {
    host: Arc<MemoryHost>,
    clock: ManualClock,
    passkey: SoftAuthenticator,
    flow: SignInFlow,
    party: Arc<RelyingParty>,
    /// The events that the listener heard: a word, and the user.
    heard: Heard,
    site: Site,
}

fn user() -> UserId {
    UserId::new("us-1").unwrap()
}

fn note(heard: &Heard, event: &Event<'_>) {
    let told = match event {
        Event::SignedIn { user, source, .. } => format!("signed in: {user} from {source:?}"),
        Event::Refused { step, user, error, .. } => {
            format!("refused: {} {} {user:?}", step.as_str(), error.kind())
        }
        Event::Throttled { step, scope, .. } => format!("throttled: {} {scope:?}", step.as_str()),
        other => format!("{other:?}"),
    };
    heard.lock().unwrap().push(told);
}

impl Bench {
    fn new() -> Self {
        Self::with(SignInPolicy::default())
    }

    fn with(policy: SignInPolicy) -> Self {
        Self::over(Storage::in_memory(), policy)
    }

    fn over(storage: Storage, policy: SignInPolicy) -> Self {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let passkey = SoftAuthenticator::new(StatementFormat::None);
        host.seed(passkey.credential(user()));
        let (clock, heard) = (ManualClock::new(), Heard::default());
        let hearing = heard.clone();
        let site = site_builder(&host).events(move |event| note(&hearing, event));
        let site = site.storage(storage.with_clock(clock.clone())).build().unwrap();
        let flow = SignInFlow::new(&site, policy).unwrap();
        let party = Arc::new(RelyingParty::new("example.com", "Example", [ORIGIN]).unwrap());
        Self { host, clock, passkey, flow, party, heard, site }
    }

    fn begin(&self) -> SignInChallenge {
        self.flow.begin(&self.party).unwrap()
    }

    async fn complete(&self, request: CompleteRequest) -> Result<SignedIn, Error> {
        self.flow.complete(&self.party, request).await
    }

    /// Begins, and signs as the passkey of that handle.
    async fn sign_in(&self, passkey: &SoftAuthenticator) -> Result<SignedIn, Error> {
        self.complete(answer(passkey, &self.begin())).await
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

fn body(passkey: &SoftAuthenticator, challenge: &SignInChallenge, handle: &[u8]) -> Value {
    let credential = passkey.assert_json("example.com", ORIGIN, challenge.challenge.as_str(), handle);
    json!({ "challengeIdentifier": challenge.challenge_id.reveal(), "credential": credential })
}

/// Returns what a page sends, read as a host reads it.
fn answer(passkey: &SoftAuthenticator, challenge: &SignInChallenge) -> CompleteRequest {
    serde_json::from_value(body(passkey, challenge, b"us-1")).unwrap()
}

/// Returns the same passkey, while its person only touches it.
fn unverified(passkey: &SoftAuthenticator) -> SoftAuthenticator {
    let mut passkey = passkey.clone();
    passkey.flags = SoftAuthenticator::USER_PRESENT;
    passkey
}

fn kind(outcome: Result<SignedIn, Error>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

#[tokio::test]
async fn a_passkey_says_who_signs_in_and_the_listener_hears_it_once() {
    let bench = Bench::new();
    let challenge = bench.begin();
    bench.clock.advance(Duration::from_secs(2));
    let began_at = bench.clock.now() - Duration::from_secs(2);

    let signed_in =
        bench.complete(answer(&bench.passkey, &challenge).with_source("192.0.2.1")).await.unwrap();

    assert_eq!(signed_in.user.name, "ada@example.com");
    assert_eq!(signed_in.credential.id, bench.passkey.credential_id());
    assert_eq!(signed_in.began_at, began_at);
    assert_eq!(bench.heard(), [r#"signed in: us-1 from Some("192.0.2.1")"#]);
}

#[test]
fn a_page_gets_options_that_its_browser_takes_as_they_are() {
    let bench = Bench::new();
    let challenge = bench.begin();
    let sent = serde_json::to_value(&challenge).unwrap();
    assert_eq!(
        sent,
        json!({
            "challengeIdentifier": challenge.challenge_id.reveal(),
            "publicKey": {
                "challenge": challenge.challenge.as_str(),
                "rpId": "example.com",
                "timeout": 300_000,
                "userVerification": "required",
                "allowCredentials": [],
            },
        })
    );
    assert_ne!(challenge.challenge, bench.begin().challenge);
}

#[tokio::test]
async fn a_challenge_signs_in_once() {
    let bench = Bench::new();
    let request = answer(&bench.passkey, &bench.begin());
    bench.complete(request.clone()).await.unwrap();
    let again = bench.complete(request).await;
    assert_eq!(kind(again), ErrorKind::InvalidChallenge);
    assert_eq!(bench.heard()[1..], ["refused: sign_in invalid_challenge Some(UserId(us-1))"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_answers_to_a_challenge_one_signs_in() {
    let bench = Bench::with(SignInPolicy::default().sign_ins_per_user(Budget::per_minute(1000)));
    let request = answer(&bench.passkey, &bench.begin());
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (bench, request) = (bench.clone(), request.clone());
        racers.spawn(async move { bench.complete(request).await.is_ok() });
    }
    assert_eq!(racers.join_all().await.into_iter().filter(|it| *it).count(), 1);
}

#[tokio::test]
async fn a_challenge_lives_five_minutes() {
    let bench = Bench::new();
    for (seconds, is_in_time) in [(299, true), (300, false)] {
        let request = answer(&bench.passkey, &bench.begin());
        bench.clock.advance(Duration::from_secs(seconds));
        let outcome = bench.complete(request).await;
        assert_eq!(outcome.is_ok(), is_in_time, "after {seconds} s: {outcome:?}");
    }
    for seconds in [0, 1801] {
        let policy = SignInPolicy::default().challenge_lifetime(Duration::from_secs(seconds));
        assert!(SignInFlow::new(&bench.site, policy).is_err());
    }
}

/// An engine whose clock is ahead drops the mark of a spent challenge early, but by less than a
/// minute.
#[tokio::test]
async fn what_spends_a_challenge_outlives_it_by_a_minute() {
    let store = Flaky::new();
    let bench = Bench::over(Storage::in_process(store.clone()), SignInPolicy::default());
    let challenge = bench.begin();
    bench.complete(answer(&bench.passkey, &challenge)).await.unwrap();
    let id = URL_SAFE_NO_PAD.decode(challenge.challenge_id.reveal()).unwrap();
    let slot = Slot::from_bytes(*id.last_chunk().unwrap());
    let at = bench.clock.now() + Duration::from_secs(359);
    let spent: Option<UserAction> = store.take(slot, at).await.unwrap();
    assert_eq!(spent.unwrap().credential, bench.passkey.credential_id());
}

/// Each ring of keys that a roll-out goes through works over the same store.
#[tokio::test]
async fn a_challenge_signs_in_once_while_keys_are_rotated() {
    let [old, new] = [1, 2].map(|byte| SlotKey::new([byte; 32]).unwrap());
    let store = Flaky::new();
    let over = |keys| Bench::over(Storage::shared_records(store.clone(), keys), SignInPolicy::default());
    let first = over(SlotKeys::new(&old, std::slice::from_ref(&new)));
    let second = over(SlotKeys::new(&new, std::slice::from_ref(&old)));
    second.host.seed(first.passkey.credential(user()));
    let third = over(SlotKeys::new(&new, &[]));

    let request = answer(&first.passkey, &first.begin());
    first.complete(request.clone()).await.unwrap();
    assert_eq!(kind(second.complete(request.clone()).await), ErrorKind::InvalidChallenge);
    assert_eq!(kind(third.complete(request).await), ErrorKind::InvalidChallenge);

    let request = answer(&first.passkey, &first.begin());
    second.complete(request.clone()).await.unwrap();
    assert_eq!(kind(first.complete(request).await), ErrorKind::InvalidChallenge);
}

#[tokio::test]
async fn every_passkey_that_signs_nobody_in_gets_one_answer() {
    let bench = Bench::new();
    let unknown = SoftAuthenticator::new(StatementFormat::None);
    let key = KeyClient::p256();
    bench.host.seed(key.credential(user(), CredentialKind::Key));
    let inactive = SoftAuthenticator::new(StatementFormat::None);
    let mut deactivated = inactive.credential(user());
    deactivated.status = CredentialStatus::Deactivated;
    bench.host.seed(deactivated);
    let stranger = SoftAuthenticator::new(StatementFormat::None);
    bench.host.seed(stranger.credential(UserId::new("us-gone").unwrap()));

    let signed = |passkey| answer(passkey, &bench.begin());
    let mut forged = signed(&bench.passkey);
    forged.assertion.signature = signed(&bench.passkey).assertion.signature;
    let hasty = unverified(&bench.passkey);
    let mut forged_in_haste = signed(&hasty);
    forged_in_haste.assertion.signature = signed(&hasty).assertion.signature;
    let mut of_a_key = signed(&bench.passkey);
    of_a_key.assertion = key.assert(CredentialKind::Key, bench.begin().challenge.as_str());
    let mut nameless = signed(&bench.passkey);
    nameless.assertion.fido2.as_mut().unwrap().user_handle = None;
    let named = |handle: &[u8]| {
        serde_json::from_value::<CompleteRequest>(body(&bench.passkey, &bench.begin(), handle)).unwrap()
    };
    let other_origin = |challenge: &SignInChallenge| {
        let text = challenge.challenge.as_str();
        let assertion = bench.passkey.assert("example.com", "https://evil.example", text);
        CompleteRequest::new(challenge.challenge_id.clone(), assertion)
    };
    let requests = [
        ("unknown", signed(&unknown)),
        ("deactivated", signed(&inactive)),
        ("of a user who is gone", signed(&stranger)),
        ("another signature", forged),
        ("another signature, and nobody verified", forged_in_haste),
        ("a key", of_a_key),
        ("no handle", nameless),
        ("an empty handle", named(b"")),
        ("a handle of somebody else", named(b"us-2")),
        ("another origin", other_origin(&bench.begin())),
    ];
    for (name, request) in requests {
        let error = bench.complete(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAssertion, "{name}");
        assert_eq!(error.message(), "This passkey does not sign you in.", "{name}");
        assert_eq!(bench.heard().len(), 1, "{name}: told once");
    }
}

#[tokio::test]
async fn who_may_not_sign_in_is_asked_for_when_they_do() {
    let bench = Bench::new();
    let voided = bench.begin();
    bench.clock.advance(Duration::from_secs(1));
    bench.host.set_void_before(&user(), bench.clock.now());
    assert_eq!(kind(bench.complete(answer(&bench.passkey, &voided)).await), ErrorKind::InvalidAssertion);
    bench.sign_in(&bench.passkey).await.unwrap();

    bench.host.set_status(&user(), UserStatus::Deactivated);
    assert_eq!(kind(bench.sign_in(&bench.passkey).await), ErrorKind::InvalidAssertion);
}

#[tokio::test]
async fn a_user_may_have_a_handle_of_the_hosts() {
    let bench = Bench::new();
    let named = User::new(user(), "ada@example.com").with_handle([7; 16]).unwrap();
    bench.host.put_user(named);
    let body = body(&bench.passkey, &bench.begin(), &[7; 16]);
    bench.complete(serde_json::from_value(body).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_person_who_was_not_verified_mends_it_with_the_same_challenge() {
    let bench = Bench::new();
    let challenge = bench.begin();
    let hasty = unverified(&bench.passkey);
    let refused = bench.complete(answer(&hasty, &challenge)).await.unwrap_err();
    assert!(refused.message().ends_with("Try again."), "{refused}");
    bench.complete(answer(&bench.passkey, &challenge)).await.unwrap();

    let lax = Bench::with(
        SignInPolicy::default().user_verification(credential_code::model::Requirement::Preferred),
    );
    let hasty = unverified(&lax.passkey);
    lax.sign_in(&hasty).await.unwrap();
}

#[tokio::test]
async fn a_counter_that_does_not_grow_signs_nobody_in() {
    let bench = Bench::new();
    let counting = |sign_count| {
        let mut passkey = bench.passkey.clone();
        passkey.sign_count = sign_count;
        passkey
    };
    bench.sign_in(&counting(5)).await.unwrap();
    for count in [5, 4, 0] {
        assert_eq!(kind(bench.sign_in(&counting(count)).await), ErrorKind::InvalidAssertion, "{count}");
    }
    bench.sign_in(&counting(6)).await.unwrap();
}

/// Counters of a passkey that signed in elsewhere since it was looked up.
struct Overtaken;

#[async_trait]
impl SignCounters for Overtaken {
    async fn advance(&self, _: &CredentialId, _: u32) -> Result<Advance, BoxError> {
        Ok(Advance::NotGreater)
    }
}

#[tokio::test]
async fn a_clone_that_is_overtaken_while_it_signs_in_is_refused() {
    let bench = Bench::new();
    let host = bench.host.clone();
    let site = Site::builder().host(host.clone()).passkeys(host).sign_counters(Overtaken);
    let site = site.relying_party((*bench.party).clone()).events(|_| {}).build().unwrap();
    let flow = SignInFlow::new(&site, SignInPolicy::default()).unwrap();
    let mut passkey = bench.passkey.clone();
    passkey.sign_count = 5;
    let request = answer(&passkey, &flow.begin(&bench.party).unwrap());
    assert_eq!(kind(flow.complete(&bench.party, request).await), ErrorKind::InvalidAssertion);
}

/// Answers with one credential, whatever is asked for.
struct Careless(Credential);

#[async_trait]
impl PasskeyDirectory for Careless {
    async fn passkey(&self, _: &CredentialId) -> Result<Option<Credential>, BoxError> {
        Ok(Some(self.0.clone()))
    }
}

/// The listener hears of no user either, since that credential did not sign.
#[tokio::test]
async fn a_directory_that_answers_with_another_credential_signs_nobody_in() {
    let bench = Bench::new();
    let over = |found: Credential| {
        let (host, hearing) = (bench.host.clone(), bench.heard.clone());
        let site = Site::builder().host(host.clone()).passkeys(Careless(found)).sign_counters(host);
        let site = site.relying_party((*bench.party).clone()).events(move |event| note(&hearing, event));
        let flow = SignInFlow::new(&site.build().unwrap(), SignInPolicy::default()).unwrap();
        Bench { flow, ..bench.clone() }
    };
    let key = KeyClient::p256();
    let of_key = over(key.credential(user(), CredentialKind::Key));
    let challenge = of_key.begin();
    let mut by_key = answer(&bench.passkey, &challenge);
    let named = by_key.assertion.fido2.take().unwrap();
    by_key.assertion = key.assert(CredentialKind::Key, challenge.challenge.as_str()).with_fido2(named);
    let of_another = over(bench.passkey.credential(user()));
    let by_stranger = answer(&SoftAuthenticator::new(StatementFormat::None), &of_another.begin());
    for (bench, request) in [(of_key, by_key), (of_another, by_stranger)] {
        assert_eq!(kind(bench.complete(request).await), ErrorKind::InvalidAssertion);
        assert_eq!(bench.heard(), ["refused: sign_in invalid_assertion None"]);
    }
}

#[tokio::test]
async fn a_challenge_id_that_is_changed_is_worth_nothing() {
    let bench = Bench::new();
    let challenge = bench.begin();
    let id = challenge.challenge_id.reveal();
    let mut ids = vec![String::new(), "AAAA".into(), id[..id.len() - 1].into(), format!("{id}A"), "é".into()];
    for at in 0..id.len() {
        let other = if id.as_bytes()[at] == b'A' { "B" } else { "A" };
        ids.push([&id[..at], other, &id[at + 1..]].concat());
    }
    for id in ids {
        let assertion = answer(&bench.passkey, &challenge).assertion;
        let outcome = bench.complete(CompleteRequest::new(ChallengeId::new(id), assertion)).await;
        assert_eq!(kind(outcome), ErrorKind::InvalidChallenge);
    }
    bench.complete(answer(&bench.passkey, &challenge)).await.unwrap();
}

#[tokio::test]
async fn a_challenge_is_for_one_relying_party() {
    let bench = Bench::new();
    let other = Arc::new(RelyingParty::new("app.example.com", "App", [ORIGIN]).unwrap());
    let elsewhere = bench.flow.begin(&other).unwrap();
    assert_eq!(kind(bench.complete(answer(&bench.passkey, &elsewhere)).await), ErrorKind::InvalidChallenge);
}

#[tokio::test]
async fn a_challenge_of_an_action_signs_nobody_in_and_the_reverse() {
    let bench = Bench::new();
    let actions = ActionFlow::new(&bench.site, ActionPolicy::default()).unwrap();
    let caller = Caller::new(user());
    let action = ActionRequest::new("POST", "/transfers", b"{}").unwrap();
    let of_action = actions.begin(&caller, BeginRequest::new(action, bench.party.clone())).await.unwrap();
    let of_sign_in = bench.begin();

    let sign = |text: &str| {
        let mut assertion = bench.passkey.assert("example.com", ORIGIN, text);
        assertion.fido2.as_mut().unwrap().user_handle = Some(b"us-1".to_vec());
        assertion
    };
    let assertion = sign(of_action.challenge.as_str());
    let request = CompleteRequest::new(of_action.challenge_id.clone(), assertion.clone());
    assert_eq!(kind(bench.complete(request).await), ErrorKind::InvalidChallenge);
    let request = credential_code::action::CompleteRequest::new(
        of_sign_in.challenge_id.clone(),
        sign(of_sign_in.challenge.as_str()),
    );
    let refused = actions.complete(&caller, request).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidChallenge);

    let request = credential_code::action::CompleteRequest::new(of_action.challenge_id, assertion);
    actions.complete(&caller, request).await.unwrap();
    bench.complete(answer(&bench.passkey, &of_sign_in)).await.unwrap();
}

#[tokio::test]
async fn a_source_pays_for_its_misses_alone() {
    let bench = Bench::new();
    let stranger = SoftAuthenticator::new(StatementFormat::None);
    let from = |passkey: &SoftAuthenticator, source: &str| {
        bench.complete(answer(passkey, &bench.begin()).with_source(source))
    };
    for _ in 0..60 {
        assert_eq!(kind(from(&stranger, "a").await), ErrorKind::InvalidAssertion);
    }
    let refused = from(&bench.passkey, "a").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooManyAttempts);
    assert!(refused.retry_after().is_some());
    assert_eq!(bench.heard().last().unwrap(), "throttled: sign_in Source");
    from(&bench.passkey, "b").await.unwrap();
    bench.sign_in(&bench.passkey).await.unwrap();
    bench.clock.advance(Duration::from_secs(1));
    for _ in 0..10 {
        from(&bench.passkey, "a").await.unwrap();
    }
}

#[tokio::test]
async fn nobody_fills_the_store_by_signing_in() {
    let bench = Bench::new();
    for _ in 0..60 {
        bench.sign_in(&bench.passkey).await.unwrap();
    }
    assert_eq!(kind(bench.sign_in(&bench.passkey).await), ErrorKind::TooManyAttempts);
    assert_eq!(bench.heard().last().unwrap(), "throttled: sign_in User");
}

#[tokio::test]
async fn a_policy_says_how_often_a_user_signs_in_and_a_source_misses() {
    let policy = SignInPolicy::default().sign_ins_per_user(Budget::per_minute(1));
    let bench = Bench::with(policy.misses_per_source(Budget::per_minute(2)));
    bench.sign_in(&bench.passkey).await.unwrap();
    assert_eq!(kind(bench.sign_in(&bench.passkey).await), ErrorKind::TooManyAttempts);
    assert_eq!(bench.heard().last().unwrap(), "throttled: sign_in User");
    let stranger = SoftAuthenticator::new(StatementFormat::None);
    for expected in [ErrorKind::InvalidAssertion, ErrorKind::InvalidAssertion, ErrorKind::TooManyAttempts] {
        let request = answer(&stranger, &bench.begin()).with_source("a");
        assert_eq!(kind(bench.complete(request).await), expected);
    }
    assert_eq!(bench.heard().last().unwrap(), "throttled: sign_in Source");
}

/// With a store of one record, a second challenge would push out the first.
#[tokio::test]
async fn a_page_that_begins_stores_nothing() {
    let bench = Bench::over(Storage::in_process(MemoryStore::new(1)), SignInPolicy::default());
    let first = bench.begin();
    for _ in 0..1000 {
        bench.begin();
    }
    bench.complete(answer(&bench.passkey, &first)).await.unwrap();
    assert_eq!(bench.heard().len(), 1);
}

#[tokio::test]
async fn a_host_or_a_store_that_fails_costs_no_miss_and_spends_nothing() {
    let store = Flaky::new();
    let policy = SignInPolicy::default()
        .misses_per_source(Budget::per_minute(1))
        .sign_ins_per_user(Budget::per_minute(1));
    let bench = Bench::over(Storage::in_process(store.clone()), policy);
    let request = answer(&bench.passkey, &bench.begin()).with_source("a");
    bench.host.fail();
    assert_eq!(kind(bench.complete(request.clone()).await), ErrorKind::Internal);
    bench.host.recover();
    store.fail_inserts::<UserAction>(1);
    assert_eq!(kind(bench.complete(request.clone()).await), ErrorKind::Unavailable);
    bench.complete(request).await.unwrap();
    assert_eq!(bench.heard().len(), 3, "each is told once");
}

#[test]
fn nothing_that_is_written_down_repeats_a_challenge_or_its_answer() {
    let bench = Bench::new();
    let challenge = bench.begin();
    let body = body(&bench.passkey, &challenge, b"us-1");
    let request: CompleteRequest = serde_json::from_value(body.clone()).unwrap();
    let shown = format!("{challenge:?} {request:?} {:?}", bench.flow);
    let signature = body["credential"]["response"]["signature"].as_str().unwrap();
    for secret in [challenge.challenge.as_str(), challenge.challenge_id.reveal(), signature] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_site_without_what_a_sign_in_needs_makes_no_flow() {
    let site = |parts: fn(SiteBuilder, Arc<MemoryHost>) -> SiteBuilder| {
        let host = Arc::new(MemoryHost::default());
        let party = RelyingParty::new("example.com", "Example", [ORIGIN]).unwrap();
        let site = Site::builder().host(host.clone()).relying_party(party).events(|_| {});
        let site = parts(site, host).build().unwrap();
        SignInFlow::new(&site, SignInPolicy::default()).unwrap_err().to_string()
    };
    assert!(site(|site, _| site).starts_with("`passkeys`, `sign_counters` were not called"));
    assert!(site(|site, host| site.passkeys(host)).starts_with("`sign_counters` was not called"));
    assert!(site(|site, host| site.sign_counters(host)).starts_with("`passkeys` was not called"));
}

#[test]
fn a_body_is_read_to_the_letter_where_it_is_ours() {
    let bench = Bench::new();
    let challenge = bench.begin();
    let whole = || body(&bench.passkey, &challenge, b"us-1");
    let read = |body: Value| serde_json::from_value::<CompleteRequest>(body);
    assert!(read(whole()).is_ok());
    let changed = |path: &str, value: Value| {
        let mut body = whole();
        *body.pointer_mut(path).unwrap() = value;
        read(body)
    };
    for path in ["clientDataJSON", "authenticatorData", "signature", "userHandle"] {
        let path = format!("/credential/response/{path}");
        assert!(changed(&path, "A=".into()).is_err(), "{path}");
        assert!(changed(&path, 7.into()).is_err(), "{path}");
    }
    assert!(changed("/credential/id", "not base64url!".into()).is_err());
    assert!(changed("/credential/response/userHandle", Value::Null).is_ok());
    let mut more = whole();
    more["credential"]["aMemberOfTomorrow"] = true.into();
    assert!(read(more.clone()).is_ok());
    more["source"] = "192.0.2.1".into();
    assert!(read(more).is_err());
}
