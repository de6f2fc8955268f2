//! What a flow is built of, and what a bound that is reached tells the host.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_code::flow::{CodeFlowBuilder, ExchangeRequest, Expiration};
use credential_code::store::{CodeGrant, Record};
use credential_code::testing::{ManualClock, MemoryHost, flow_builder};
use credential_code::{Budget, Caller, CodeFlow, CredentialKind, Event, RelyingParty, User, UserId};

const SECOND: Duration = Duration::from_secs(1);

fn party() -> RelyingParty {
    RelyingParty::new("example.com", "Example", ["https://app.example.com"]).unwrap()
}

#[tokio::test]
async fn a_full_store_drops_the_oldest_code_and_says_so() {
    let user = UserId::new("us-1").unwrap();
    let host = Arc::new(MemoryHost::new([User::new(user.clone(), "ada@example.com")]));
    let evicted = Arc::new(Mutex::new(Vec::new()));
    let heard = evicted.clone();
    let flow = flow_builder(&host)
        .clock(Arc::new(ManualClock::new()))
        .memory_capacity(50)
        .codes_per_user(Budget::per_minute(1000))
        .events(move |event| {
            if let Event::Evicted { records, user, .. } = event {
                heard.lock().unwrap().push((*records, (*user).clone()));
            }
        })
        .build()
        .unwrap();
    let expiry = flow.code_expiry(Expiration::from_rfc3339("2026-01-01T00:01:00Z").unwrap()).unwrap();
    let caller = Caller::new(user.clone());
    let mut newest = flow.mint(&caller, expiry, None).await.unwrap();
    for _ in 0..500 {
        newest = flow.mint(&caller, expiry, None).await.unwrap();
    }
    let request = ExchangeRequest::new(newest.code, CredentialKind::Key, Arc::new(party()));
    flow.exchange(request, None).await.unwrap();
    let evicted = evicted.lock().unwrap();
    assert!(!evicted.is_empty());
    assert!(evicted.iter().all(|record| *record == (CodeGrant::NAME, user.clone())));
}

#[test]
fn a_flow_that_lacks_something_is_not_built() {
    let refusal = |builder: CodeFlowBuilder| builder.build().unwrap_err().to_string();
    assert!(refusal(CodeFlow::builder()).contains("relying_party"));
    assert!(refusal(CodeFlow::builder().relying_party(party())).contains("events"));
    let builder = || CodeFlow::builder().relying_party(party()).events(|_| {});
    assert!(refusal(builder()).contains("authenticator"));
    let host = Arc::new(MemoryHost::default());
    assert!(refusal(builder().host(host.clone()).kinds([])).contains("kinds"));
    assert!(refusal(builder().host(host.clone()).code_lifetime(601 * SECOND)).contains("code_lifetime"));
    let hours = builder().host(host.clone()).challenge_lifetime(3601 * SECOND);
    assert!(refusal(hours).contains("challenge_lifetime"));
    assert!(refusal(builder().host(host.clone()).memory_capacity(0)).contains("memory_capacity"));
    assert!(refusal(builder().host(host).body_limit(10)).contains("body_limit"));
}
