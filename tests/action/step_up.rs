//! The step-up is there in whatever order a site is said.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use credential_code::action::{ActionRouter, UserActions};
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller};
use credential_code::model::{User, UserId};
use credential_code::site::SiteBuilder;
use credential_code::testing::{ManualClock, MemoryHost, site};
use credential_code::{
    ActionFlow, ActionPolicy, CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site, Storage,
};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::site::{INIT, MINT, begin_body, mint_body};

type Setter = Arc<dyn Fn(SiteBuilder) -> SiteBuilder>;

fn host() -> Arc<MemoryHost> {
    Arc::new(MemoryHost::new([User::new(UserId::new("us-1").unwrap(), "ada@example.com")]))
}

/// Everything that a site needs, the authenticator once by `host` and once by itself.
fn setters(authenticator: impl Authenticator + Clone) -> Vec<Setter> {
    let host = host();
    let (bearer, counters) = (host.clone(), host);
    vec![
        Arc::new(move |site| site.host(bearer.clone())),
        Arc::new(move |site| site.authenticator(authenticator.clone())),
        Arc::new(move |site| site.sign_counters(counters.clone())),
        Arc::new(|site| {
            site.relying_party(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap())
                .events(|_| {})
                .storage(Storage::in_memory().with_clock(ManualClock::new()))
        }),
    ]
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    match count {
        0 => vec![Vec::new()],
        _ => orders(count - 1)
            .into_iter()
            .flat_map(|order| {
                (0..count).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, count - 1);
                    longer
                })
            })
            .collect(),
    }
}

fn built(setters: &[Setter], order: &[usize]) -> Site {
    order.iter().fold(Site::builder(), |site, setter| setters[*setter](site)).build().unwrap()
}

async fn post(app: &Router, path: &str, body: String) -> StatusCode {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer us-1");
    app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status()
}

fn mounted(codes: CodeFlow) -> Router {
    Router::new().nest_service("/auth/credentials", CodeRouter::new(codes))
}

#[tokio::test]
async fn an_explicit_step_up_stands_beside_the_host_in_every_order() {
    let bearer = host();
    let actions = ActionFlow::new(&site(&bearer), ActionPolicy::default()).unwrap();
    let setters = setters(UserActions::new(bearer, actions));
    for order in orders(setters.len()) {
        let codes = CodeFlow::new(&built(&setters, &order), CodePolicy::default()).unwrap();
        assert_eq!(post(&mounted(codes), MINT, mint_body()).await, StatusCode::FORBIDDEN, "{order:?}");
    }
}

#[tokio::test]
async fn a_flow_that_is_signed_stays_signed_in_every_order() {
    let bearer = host();
    let setters = setters(bearer);
    for order in orders(setters.len()) {
        let site = built(&setters, &order);
        let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
        let codes = CodeFlow::new(&site, CodePolicy::default()).unwrap();
        let plain = post(&mounted(codes.clone()), MINT, mint_body()).await;
        assert_eq!(plain, StatusCode::OK, "nobody asked for a step-up: {order:?}");
        let signed = codes.signed_by(&actions);
        for flow in [signed.clone(), signed.signed_by(&actions)] {
            assert_eq!(post(&mounted(flow), MINT, mint_body()).await, StatusCode::FORBIDDEN, "{order:?}");
        }
    }
}

/// Lets nobody in.
#[derive(Clone)]
struct Closed;

#[async_trait]
impl Authenticator for Closed {
    async fn authenticate(&self, _: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        Err(AuthError::Forbidden("closed".into()))
    }
}

#[tokio::test]
async fn an_explicit_authenticator_is_asked_by_both_flows_in_every_order() {
    let setters = setters(Closed);
    for order in orders(setters.len()) {
        let site = built(&setters, &order);
        let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
        let codes = CodeFlow::new(&site, CodePolicy::default()).unwrap();
        assert_eq!(post(&mounted(codes), MINT, mint_body()).await, StatusCode::FORBIDDEN, "{order:?}");
        let app = Router::new().nest_service("/auth/action", ActionRouter::new(actions));
        let begun = post(&app, INIT, begin_body("POST", MINT, "{}")).await;
        assert_eq!(begun, StatusCode::FORBIDDEN, "{order:?}");
    }
}
