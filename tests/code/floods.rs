//! What many guesses cost, and what they gain.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use credential_code::error::StoreError;
use credential_code::model::CredentialKind;
use credential_code::store::{Budget, Payment, PurseStore, Slot, SlotKey, SlotKeys};
use credential_code::testing::purse_contract;
use credential_code::{CodePolicy, Storage};

use tokio::task::yield_now;

use crate::sharing::Engine;
use crate::support::{Answer, EXCHANGE, World, exchange_body, plenty, request};

/// Purses of an engine, and how often it was called.
#[derive(Debug, Default)]
struct Counting {
    whole_at: Mutex<HashMap<Slot, u64>>,
    calls: AtomicUsize,
}

impl Counting {
    fn pay(&self, purse: Slot, budget: Budget, now: SystemTime) -> Payment {
        let now = u64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
        let latest = now + budget.per_micros();
        let mut purses = self.whole_at.lock().unwrap();
        let whole_at = purses.entry(purse).or_default();
        // A clock far ahead may have filled it. Then it is brought down to a time that can be
        // waited for.
        *whole_at = (*whole_at).min(latest + Budget::SKEW_MICROS);
        let next = (*whole_at).max(now) + budget.interval_micros();
        if next > latest {
            return Payment::Refused { retry_after: Duration::from_micros(next - latest) };
        }
        *whole_at = next;
        Payment::Paid
    }

    fn return_one(&self, purse: Slot, budget: Budget) {
        if let Some(whole_at) = self.whole_at.lock().unwrap().get_mut(&purse) {
            *whole_at = whole_at.saturating_sub(budget.interval_micros());
        }
    }
}

#[async_trait]
impl PurseStore for Counting {
    async fn spend(&self, purse: Slot, budget: Budget, now: SystemTime) -> Result<Payment, StoreError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let payment = self.pay(purse, budget, now);
        yield_now().await;
        Ok(payment)
    }

    async fn give_back(&self, purse: Slot, budget: Budget) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.return_one(purse, budget);
        yield_now().await;
        Ok(())
    }

    async fn spend_both(
        &self,
        charges: [(Slot, Budget); 2],
        now: SystemTime,
    ) -> Result<[Payment; 2], StoreError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let [(first, of_first), (second, of_second)] = charges;
        let mut payments = [self.pay(first, of_first, now), Payment::Paid];
        if payments[0] == Payment::Paid {
            payments[1] = self.pay(second, of_second, now);
            if payments[1] != Payment::Paid {
                self.return_one(first, of_first);
            }
        }
        yield_now().await;
        Ok(payments)
    }
}

fn keys() -> SlotKeys {
    SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[])
}

fn world(purses: &Arc<Counting>, policy: CodePolicy) -> World {
    let storage = Storage::shared_apart(Engine::new(), purses.clone(), keys());
    World::with(|setup| {
        let setup = setup.storage(storage).policy(|_| policy);
        setup.site(|site| site.source(|head| head.headers.get("x-source")?.to_str().ok().map(str::to_owned)))
    })
}

async fn guess(world: &World, source: &str) -> Answer {
    let body = exchange_body(CredentialKind::Key, "ABC-DEF-GHJ").to_string();
    world.send(request(EXCHANGE).header("x-source", source).body(body.into()).unwrap()).await
}

#[tokio::test]
async fn the_purses_of_this_test_are_right() {
    purse_contract(&Counting::default()).await;
}

#[tokio::test]
async fn a_flood_of_refused_guesses_costs_the_engine_no_call_until_something_came_back() {
    let purses = Arc::new(Counting::default());
    let world = world(&purses, plenty().misses_per_source(Budget::per_minute(3)));
    for _ in 0..3 {
        guess(&world, "a").await.assert_refused(403, "invalid_code");
    }
    // The first refusal asks the purse of the source alone.
    guess(&world, "a").await.assert_refused(429, "too_many_attempts");
    let calls = purses.calls.load(Ordering::Relaxed);
    for _ in 0..1000 {
        let refused = guess(&world, "a").await;
        refused.assert_refused(429, "too_many_attempts");
        assert_eq!(refused.headers["retry-after"], "20", "what is remembered is the true instant");
    }
    assert_eq!(purses.calls.load(Ordering::Relaxed), calls);
    guess(&world, "b").await.assert_refused(403, "invalid_code");
    world.advance(Duration::from_secs(20));
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    guess(&world, "a").await.assert_refused(429, "too_many_attempts");
    // The refusal is believed for a second, since another process may have given something back.
    let calls = purses.calls.load(Ordering::Relaxed);
    world.advance(Duration::from_secs(2));
    guess(&world, "a").await.assert_refused(429, "too_many_attempts");
    assert_eq!(purses.calls.load(Ordering::Relaxed), calls + 1);
}

/// So many refused sources cost neither each other's budgets nor calls to the engine.
#[tokio::test]
async fn where_the_budget_of_everybody_is_spent_no_source_costs_a_call() {
    let purses = Arc::new(Counting::default());
    let world = world(&purses, plenty().misses(Budget::per_minute(2)));
    for source in ["a", "b"] {
        guess(&world, source).await.assert_refused(403, "invalid_code");
    }
    guess(&world, "c").await.assert_refused(429, "too_many_attempts");
    let calls = purses.calls.load(Ordering::Relaxed);
    for source in 0..200 {
        guess(&world, &source.to_string()).await.assert_refused(429, "too_many_attempts");
    }
    assert_eq!(purses.calls.load(Ordering::Relaxed), calls);
}

/// Otherwise nearly all of a flood would ask for the one that came back.
#[tokio::test]
async fn of_many_who_come_when_something_came_back_one_asks() {
    let purses = Arc::new(Counting::default());
    let world = world(&purses, plenty().misses(Budget::per_minute(60)));
    for source in 0..61 {
        guess(&world, &source.to_string()).await;
    }
    for _ in 0..5 {
        world.advance(Duration::from_secs(1));
        let calls = purses.calls.load(Ordering::Relaxed);
        let mut context = Context::from_waker(Waker::noop());
        let names: Vec<_> = (100..300).map(|source: u32| source.to_string()).collect();
        let mut flood: Vec<_> = names.iter().map(|source| Box::pin(guess(&world, source))).collect();
        // No guess ends before all of them have come.
        let waits: Vec<_> =
            flood.iter_mut().map(|guess| guess.as_mut().poll(&mut context).is_pending()).collect();
        assert_eq!(purses.calls.load(Ordering::Relaxed), calls + 1);
        for guess in flood.into_iter().zip(waits).filter_map(|(guess, waits)| waits.then_some(guess)) {
            guess.await.assert_refused(403, "invalid_code");
        }
        // Nothing is left. The next guess learns it from the engine, and the later ones remember
        // it.
        for _ in 0..100 {
            guess(&world, "a").await.assert_refused(429, "too_many_attempts");
        }
        assert_eq!(purses.calls.load(Ordering::Relaxed), calls + 2);
    }
    // After the flood all sources ask again, and at once.
    world.advance(Duration::from_secs(60));
    let (calls, mut context) = (purses.calls.load(Ordering::Relaxed), Context::from_waker(Waker::noop()));
    let names: Vec<_> = (300..310).map(|source: u32| source.to_string()).collect();
    let mut guesses: Vec<_> = names.iter().map(|source| Box::pin(guess(&world, source))).collect();
    assert!(guesses.iter_mut().all(|guess| guess.as_mut().poll(&mut context).is_pending()));
    assert_eq!(purses.calls.load(Ordering::Relaxed), calls + 10);
    for guess in guesses {
        guess.await.assert_refused(403, "invalid_code");
    }
}

#[tokio::test]
async fn a_source_that_found_everybodys_budget_spent_asks_at_its_next_guess() {
    let purses = Arc::new(Counting::default());
    let (of_source, of_flow) = (Budget::per_minute(1), Budget::per_minute(120));
    let world = world(&purses, plenty().misses_per_source(of_source).misses(of_flow));
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    guess(&world, "a").await.assert_refused(429, "too_many_attempts");
    world.advance(Duration::from_secs(60));
    for source in 0..120 {
        guess(&world, &source.to_string()).await.assert_refused(403, "invalid_code");
    }
    guess(&world, "b").await.assert_refused(429, "too_many_attempts");
    guess(&world, "a").await.assert_refused(429, "too_many_attempts");
    world.advance(Duration::from_millis(500));
    guess(&world, "a").await.assert_refused(403, "invalid_code");
}

/// A process that remembers a refusal forgets it when it gives something back itself.
#[tokio::test]
async fn what_is_given_back_may_be_spent_again() {
    let purses = Arc::new(Counting::default());
    let world = world(&purses, plenty().misses(Budget::per_minute(1)));
    let code = world.mint().await;
    world.exchange(CredentialKind::Key, &code).await.ok();
    let code = world.mint().await;
    world.exchange(CredentialKind::Key, &code).await.ok();
}

/// Otherwise somebody who can make the engine fail guesses for free while a key is rotated.
#[tokio::test]
async fn a_miss_under_one_key_is_not_forgiven_where_the_next_look_fails() {
    let engine = Engine::new();
    engine.staggers.store(true, Ordering::Relaxed);
    let ring = SlotKeys::new(&SlotKey::new([2; 32]).unwrap(), &[SlotKey::new([1; 32]).unwrap()]);
    let storage = Storage::shared_records(engine, ring);
    let world =
        World::with(|setup| setup.storage(storage).policy(|policy| policy.misses(Budget::per_minute(1))));
    world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(503, "unavailable");
    world.exchange(CredentialKind::Key, "ABC-DEF-GHJ").await.assert_refused(429, "too_many_attempts");
}

/// The caller may hang up at any await. If the code was found, the guess was no miss.
#[tokio::test]
async fn a_caller_who_hangs_up_after_a_hit_has_paid_nothing() {
    let mut hung_up = 0;
    for polls in 1.. {
        let purses = Arc::new(Counting::default());
        let world = world(&purses, plenty().misses_per_source(Budget::per_minute(5)));
        let code = world.mint().await;
        let body = exchange_body(CredentialKind::Key, &code).to_string();
        let sent = request(EXCHANGE).header("x-source", "a").body(body.clone().into()).unwrap();
        let mut answering = Box::pin(world.send(sent));
        let mut context = Context::from_waker(Waker::noop());
        if (0..polls).any(|_| answering.as_mut().poll(&mut context).is_ready()) {
            break;
        }
        drop(answering);
        let again = request(EXCHANGE).header("x-source", "b").body(body.into()).unwrap();
        if world.send(again).await.status == 200 {
            // The code had not been found yet.
            continue;
        }
        hung_up += 1;
        if hung_up == 1 {
            // The engine found it, but nobody heard of that. The fee stays paid, and comes back by
            // itself.
            continue;
        }
        for _ in 0..5 {
            guess(&world, "a").await.assert_refused(403, "invalid_code");
        }
    }
    assert!(hung_up >= 2, "{hung_up}");
}

/// Many requests at once, whose callers hang up, can't take from everybody either.
#[tokio::test]
async fn a_source_with_nothing_left_costs_everybody_nothing() {
    let purses = Arc::new(Counting::default());
    let policy = plenty().misses_per_source(Budget::per_minute(1)).misses(Budget::per_minute(20));
    let world = world(&purses, policy);
    guess(&world, "a").await.assert_refused(403, "invalid_code");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..30 {
        let body = exchange_body(CredentialKind::Key, "ABC-DEF-GHJ").to_string();
        let sent = request(EXCHANGE).header("x-source", "a").body(body.into()).unwrap();
        let _ = Box::pin(world.send(sent)).as_mut().poll(&mut context);
    }
    guess(&world, "b").await.assert_refused(403, "invalid_code");
}

/// Nobody can guess a challenge id, so a client with a good one only has to wait.
#[tokio::test]
async fn a_challenge_that_meets_an_exhausted_budget_works_when_something_came_back() {
    let purses = Arc::new(Counting::default());
    let policy = plenty().misses(Budget::per_minute(1));
    let (one, other) = (world(&purses, policy.clone()), world(&purses, policy));
    let body = one.registration(CredentialKind::Key).await;
    // Another process spends it. This one remembers no refusal, so it takes the challenge while it
    // asks.
    guess(&other, "a").await.assert_refused(403, "invalid_code");
    one.register(&body).await.assert_refused(429, "too_many_attempts");
    one.advance(Duration::from_secs(60));
    one.register(&body).await.ok();
}

#[tokio::test]
async fn where_nothing_is_left_nobody_is_asked() {
    let engine = Engine::new();
    let purses = Arc::new(Counting::default());
    let storage = Storage::shared_apart(engine.clone(), purses.clone(), keys());
    let policy = plenty().misses(Budget::per_minute(1));
    let world = World::with(|setup| setup.storage(storage).policy(|_| policy));
    let mut body = world.registration(CredentialKind::Key).await;
    body["challengeIdentifier"] = "A".repeat(43).into();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
    world.register(&body).await.assert_refused(429, "too_many_attempts");
    let asked = engine.takes();
    for _ in 0..100 {
        world.register(&body).await.assert_refused(429, "too_many_attempts");
    }
    assert_eq!(engine.takes(), asked);
}

/// Names are hashed into a fixed number of purses, so of 2 000 sources some share one. The chance
/// that none do is one in 10¹³.
#[tokio::test]
async fn a_shared_store_has_so_many_purses_and_no_more_however_many_sources_guess() {
    let purses = Arc::new(Counting::default());
    let world = world(&purses, plenty());
    for source in 0..2_000 {
        guess(&world, &source.to_string()).await.assert_refused(403, "invalid_code");
    }
    let held = purses.whole_at.lock().unwrap().len();
    // The purse of everybody is one of them.
    assert!((1_800..2_001).contains(&held), "{held} purses");
}
