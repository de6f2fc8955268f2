//! How often codes may be made and guessed.

use std::sync::Arc;
use std::time::Duration;

use credential_code::CodeFlow;
use credential_code::clock::Clock;
use credential_code::code::ExchangeRequest;
use credential_code::error::ErrorKind;
use credential_code::store::Budget;
use http::header;
use serde_json::{Value, json};

use super::{MILLI, good, key};
use crate::support::{Answer, EXCHANGE, MINT, REGISTER, World, exchange_body, party, plenty, request};

fn retry_after(answer: &Answer) -> u64 {
    answer.assert_refused(429, "too_many_attempts");
    answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_user_mints_so_many_codes_and_more_as_time_passes() {
    let world = World::with(|setup| setup.policy(|policy| policy.codes_per_user(Budget::per_minute(3))));
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
    let (of_source, of_flow) = (Budget::per_minute(of_source), Budget::per_minute(of_flow));
    World::with(|setup| {
        setup
            .site(|site| site.source(|head| Some(head.headers.get("x-source")?.to_str().ok()?.into())))
            .policy(|policy| policy.misses_per_source(of_source).misses(of_flow))
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
    // A request that the flow refused did not count against the source.
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
    assert_eq!(retry_after(&guess(&world, "a").await), 30);
    world.advance(Duration::from_secs(30));
    assert_eq!(retry_after(&guess(&world, "a").await), 11, "that is the budget of the flow");
    world.advance(Duration::from_secs(11));
    guess(&world, "a").await.assert_refused(403, "invalid_code");
}

#[tokio::test]
async fn flows_over_one_site_spend_one_budget() {
    let world = World::with(|setup| setup.policy(|policy| policy.misses(Budget::per_minute(3))));
    let policy = plenty().misses(Budget::per_minute(3));
    let other = CodeFlow::new(&world.site, policy).unwrap();
    let party = Arc::new(party());
    let guess =
        || ExchangeRequest::new(other.code_format().parse("AAA-AAA-AAA").unwrap(), key(), party.clone());
    for _ in 0..3 {
        assert_eq!(other.exchange(guess()).await.unwrap_err().kind(), ErrorKind::InvalidCode);
    }
    assert_eq!(other.exchange(guess()).await.unwrap_err().kind(), ErrorKind::TooManyAttempts);
    world.exchange(key(), "AAA-AAA-AAA").await.assert_refused(429, "too_many_attempts");
}

/// A flow with a short period can't refill a purse of one with a long period.
#[tokio::test]
async fn another_budget_is_another_purse() {
    let day = Budget::new(3, Duration::from_secs(86_400)).unwrap();
    let world = World::with(|setup| setup.policy(|policy| policy.misses(day)));
    let other = CodeFlow::new(&world.site, plenty().misses(Budget::per_minute(1))).unwrap();
    let guess = || {
        let code = other.code_format().parse("AAA-AAA-AAA").unwrap();
        other.exchange(ExchangeRequest::new(code, key(), Arc::new(party())))
    };
    for _ in 0..3 {
        world.exchange(key(), "AAA-AAA-AAA").await.assert_refused(403, "invalid_code");
    }
    guess().await.unwrap_err();
    assert_eq!(guess().await.unwrap_err().kind(), ErrorKind::TooManyAttempts);
    world.exchange(key(), "AAA-AAA-AAA").await.assert_refused(429, "too_many_attempts");
}

#[tokio::test]
async fn no_header_makes_another_source_unless_the_host_says_so() {
    let (one, four) = (Budget::per_minute(1), Budget::per_minute(4));
    let world = World::with(|setup| setup.policy(|policy| policy.misses_per_source(one).misses(four)));
    let guess = async |address: &str| {
        let mut asked = request(EXCHANGE);
        for header in ["forwarded", "x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip"] {
            asked = asked.header(header, address);
        }
        world.send(asked.body(exchange_body(key(), "AAA-AAA-AAA").to_string().into()).unwrap()).await
    };
    // As one source it would have one guess.
    for _ in 0..4 {
        guess("192.0.2.1").await.assert_refused(403, "invalid_code");
    }
    // As another source it would have one more.
    guess("192.0.2.2").await.assert_refused(429, "too_many_attempts");
}
