//! Many at once: of any number of racing exchanges, and of any number of racing registers, one wins.

use std::sync::Arc;

use credential_code::flow::{ExchangeRequest, Expiration, RegisterRequest};
use credential_code::testing::{KeyClient, ManualClock, MemoryHost, flow_builder};
use credential_code::{Budget, Caller, CodeFlow, CredentialKind, ErrorKind, RelyingParty, User, UserId};
use tokio::task::JoinSet;

const RACERS: usize = 10_000;

fn host() -> Arc<MemoryHost> {
    Arc::new(MemoryHost::new([User::new(UserId::new("us-1").unwrap(), "ada@example.com")]))
}

fn flow(host: &Arc<MemoryHost>) -> CodeFlow {
    let plenty = Budget::per_minute(10_000_000);
    let clock = Arc::new(ManualClock::new());
    flow_builder(host).misses(plenty).codes_per_user(plenty).clock(clock).build().unwrap()
}

async fn minted(flow: &CodeFlow) -> ExchangeRequest<'static> {
    let expiry = flow.code_expiry(Expiration::from_rfc3339("2026-01-01T00:01:00Z").unwrap()).unwrap();
    let minted = flow.mint(&Caller::new(UserId::new("us-1").unwrap()), expiry, None).await.unwrap();
    let party = RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap();
    ExchangeRequest::new(minted.code, CredentialKind::Key, Arc::new(party))
}

/// Runs the same request so often at once, and tells how many won. All others are refused in the one way that losers are.
async fn winners<T, F>(loss: ErrorKind, request: impl Fn() -> F) -> usize
where
    T: Send + 'static,
    F: Future<Output = Result<T, credential_code::Error>> + Send + 'static,
{
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        racers.spawn(request());
    }
    let mut winners = 0;
    while let Some(outcome) = racers.join_next().await {
        match outcome.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error.kind(), loss),
        }
    }
    winners
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_exchanges_of_one_code_have_one_winner() {
    let flow = flow(&host());
    for _ in 0..5 {
        let request = minted(&flow).await;
        let exchange = || {
            let (flow, request) = (flow.clone(), request.clone());
            async move { flow.exchange(request).await }
        };
        assert_eq!(winners(ErrorKind::InvalidCode, exchange).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_registers_of_one_challenge_make_one_credential() {
    let host = host();
    let flow = flow(&host);
    for round in 1..=5 {
        let opened = flow.exchange(minted(&flow).await).await.unwrap();
        let attestation = KeyClient::p256().attest(CredentialKind::Key, opened.challenge.as_str());
        let request = RegisterRequest::new(opened.challenge_id, "a key", attestation, None).unwrap();
        let register = || {
            let (flow, request) = (flow.clone(), request.clone());
            async move { flow.register(request, None).await }
        };
        assert_eq!(winners(ErrorKind::InvalidChallenge, register).await, 1);
        assert_eq!(host.stored().len(), round);
    }
}
