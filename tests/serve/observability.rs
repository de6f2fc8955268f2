//! The log of each request, whatever its outcome.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use credential_code::event::{BudgetScope, Event, Step};
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller};
use http::Request;
use serde_json::json;

use crate::support::{EXCHANGE, MINT, World, request};

#[tokio::test]
async fn each_answer_is_told_once_with_its_step_and_the_kind_of_its_refusal() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    let world = World::with(|setup| {
        setup.events(move |event| {
            if let Event::Answered { step, refused, .. } = event {
                assert_eq!(event.name(), "answered");
                kept.lock().unwrap().push((step.as_str(), refused.map(|kind| kind.as_str())));
            }
        })
    });
    world.mint().await;
    world.post_json(EXCHANGE, &json!({ "code": "A7U-KY6-9PT", "credentialKind": "Key" })).await;
    world.post(MINT, "{").await;
    let get = Request::get(MINT).body(Body::empty()).unwrap();
    world.send(get).await;
    let told = [
        ("mint", None),
        ("exchange", Some("invalid_code")),
        ("mint", Some("invalid_request")),
        ("mint", Some("method_not_allowed")),
    ];
    assert_eq!(*heard.lock().unwrap(), told);
}

struct Stale;

#[async_trait]
impl Authenticator for Stale {
    async fn authenticate(&self, _: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        Err(AuthError::StepUp("Sign in again to add a device.".into()))
    }
}

/// So a page need not compare sentences.
#[tokio::test]
async fn a_step_up_is_told_from_every_other_refusal() {
    let world = World::with(|setup| {
        let host = Arc::new(credential_code::testing::MemoryHost::default());
        setup.site(|site| site.authenticator(Stale).users(host.clone()).credentials(host))
    });
    let body = json!({ "expiration": world.unix(60) }).to_string();
    let answer = world.send(request(MINT).body(body.into()).unwrap()).await;
    answer.assert_refused(403, "step_up_required");
    assert_eq!(answer.json()["message"], "Sign in again to add a device.");
}

#[test]
fn names_are_those_of_the_page() {
    let page = include_str!("../../docs/observability.md");
    for name in ["`step`", "`enrolment`", "`scope`", "credential_code.steps", "credential_code.step.duration"]
    {
        assert!(page.contains(name), "{name}");
    }
    assert_eq!(BudgetScope::Flow.as_str(), "flow");
    assert!(page.contains(Step::FollowEnrolment.as_str()) && page.contains(Step::FollowOutcome.as_str()));
}
