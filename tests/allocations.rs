//! How often each step allocates, so that copies can't creep in.
//!
//! A row's number is what was measured: the smallest of many runs, since now and then the store in memory tidies up in the middle of one.
//! Whoever raises a number says in the commit what for. What they are for, over HTTP and from the router's call to the whole answer:
//!
//! | what | mint | exchange, `Key` | register, `Key` |
//! | --- | ---: | ---: | ---: |
//! | futures: the router's, and one for each call of a host or a store | 4 | 5 | 4 |
//! | the host: who asks, and the user's two names | 3 | 2 | 2 |
//! | moka, and the record | 9 | 12 | 3 |
//! | what was read: path, code, ids, a name, and the two texts of a proof | 1 | 1 | 5 |
//! | what was made: code, challenge, challenge id, names, the credential | 1 | 3 | 5 |
//! | verification | | | 14 |
//! | the answer: its texts, its body, its headers | 6 | 5 | 7 |

#[path = "support/mod.rs"]
mod support;

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use credential_code::attestation::{Attestation, Expected, verify};
use credential_code::model::Challenge;
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use credential_code::{CodeRouter, CredentialKind, RelyingParty};
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::Full;
use serde_json::{Value, json};
use support::{EXCHANGE, MINT, ORIGIN, PARTY, REGISTER, World, exchange_body, register_body, text};
use tower::Service;

const RUNS: usize = 100;
const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

/// What is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn answer(router: &mut CodeRouter, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
    let Ok(response) = now(router.call(request));
    response
}

fn post(path: &str, body: &Value) -> Request<Full<Bytes>> {
    support::request(path).header(header::ORIGIN, ORIGIN).body(Full::from(body.to_string())).unwrap()
}

fn json_of(response: Response<Full<Bytes>>) -> Value {
    assert_eq!(response.status(), 200);
    let mut body = pin!(response.into_body());
    match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => serde_json::from_slice(&frame.into_data().unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The smallest number of allocations of several requests.
fn of_step(path: &str, body: impl Fn(&World, &mut CodeRouter) -> Value) -> u64 {
    let world = World::new();
    let mut router = CodeRouter::new(world.flow.clone());
    let counts = (0..RUNS).map(|_| {
        let request = post(path, &body(&world, &mut router));
        let mut response = None;
        let counted = allocation_counter::measure(|| response = Some(answer(&mut router, request)));
        json_of(response.unwrap());
        counted.count_total
    });
    counts.min().unwrap()
}

fn mint_body(world: &World) -> Value {
    json!({ "expiration": world.unix(60) })
}

fn code(world: &World, router: &mut CodeRouter) -> String {
    text(&json_of(answer(router, post(MINT, &mint_body(world)))), "code")
}

fn of_exchange(kind: CredentialKind) -> u64 {
    of_step(EXCHANGE, |world, router| exchange_body(kind, &code(world, router)))
}

fn of_register(kind: CredentialKind, attest: impl Fn(&str) -> Attestation) -> u64 {
    of_step(REGISTER, |world, router| {
        let exchange = post(EXCHANGE, &exchange_body(kind, &code(world, router)));
        let challenge = json_of(answer(router, exchange));
        register_body(&challenge, &attest(&text(&challenge, "challenge")))
    })
}

fn of_verification(attestation: &Attestation) -> u64 {
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
    let challenge = Challenge::new(CHALLENGE).unwrap();
    let expected = Expected::new(attestation.kind, &challenge);
    let counted = allocation_counter::measure(|| {
        black_box(verify(&party, &expected, attestation)).unwrap();
    });
    counted.count_total
}

fn passkey(format: StatementFormat) -> impl Fn(&str) -> Attestation {
    move |challenge| SoftAuthenticator::new(format).attest(PARTY, ORIGIN, challenge)
}

fn key(client: fn() -> KeyClient) -> impl Fn(&str) -> Attestation {
    move |challenge| client().attest(CredentialKind::Key, challenge)
}

#[test]
fn no_step_allocates_more_than_it_did() {
    let rows = [
        ("mint", 24, of_step(MINT, |world, _| mint_body(world))),
        ("exchange, Fido2", 29, of_exchange(CredentialKind::Fido2)),
        ("exchange, Key", 28, of_exchange(CredentialKind::Key)),
        ("register, Key, P-256", 40, of_register(CredentialKind::Key, key(KeyClient::p256))),
        ("register, Key, Ed25519", 40, of_register(CredentialKind::Key, key(KeyClient::ed25519))),
        ("register, Fido2, none", 72, of_register(CredentialKind::Fido2, passkey(StatementFormat::None))),
        ("verify, Key, P-256", 14, of_verification(&key(KeyClient::p256)(CHALLENGE))),
        ("verify, Key, Ed25519", 14, of_verification(&key(KeyClient::ed25519)(CHALLENGE))),
        ("verify, Fido2, none", 44, of_verification(&passkey(StatementFormat::None)(CHALLENGE))),
        ("verify, Fido2, packed self", 59, of_verification(&passkey(StatementFormat::PackedSelf)(CHALLENGE))),
    ];
    let more: Vec<_> = rows.iter().filter(|(_, most, count)| count > most).collect();
    assert!(more.is_empty(), "more than they did: {more:?}");
}
