//! The step-up applies in whatever order a site is built.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use credential_code::action::{
    ActionRequest, ActionRouter, BeginRequest, CompleteRequest, RedeemRequest, UserActions,
};
use credential_code::clock::Clock;
use credential_code::code::{EnrolmentRequest, ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::error::{Error, ErrorKind};
use credential_code::event::Event;
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller};
use credential_code::model::{Approval, CredentialKind, Requirement, Stage, User, UserId, UserStatus};
use credential_code::site::{BuildError, SiteBuilder};
use credential_code::store::Budget;
use credential_code::testing::{KeyClient, ManualClock, MemoryHost, site, site_builder};
use credential_code::{
    ActionFlow, ActionPolicy, CodeFlow, CodePolicy, CodeRouter, RelyingParty, Site, Storage,
};
use http::{Request, StatusCode, header};

use crate::openapi::ask;
use crate::site::{INIT, MINT, begin_body, mint_body};

type Setter = Arc<dyn Fn(SiteBuilder) -> SiteBuilder>;

fn host() -> Arc<MemoryHost> {
    Arc::new(MemoryHost::new([User::new(UserId::new("us-1").unwrap(), "ada@example.com")]))
}

/// Returns everything that a site needs. One setter sets the authenticator through `host`, and one
/// sets it alone.
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

/// Returns every order of that many things.
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
    ask(app.clone(), request.body(Body::from(body.clone())).unwrap(), &body).await.status()
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
        let signed = codes.signed_by(&actions).unwrap();
        let answer = post(&mounted(signed.clone()), MINT, mint_body()).await;
        assert_eq!(answer, StatusCode::FORBIDDEN, "{order:?}");
        assert!(matches!(signed.signed_by(&actions), Err(BuildError::Twice("signed_by"))));
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

/// Only the text of an id would say that both are one user.
#[test]
fn actions_of_another_site_sign_nothing() {
    let (site, other) = (site(&host()), site(&host()));
    let codes = CodeFlow::new(&site, CodePolicy::default()).unwrap();
    let actions = ActionFlow::new(&other, ActionPolicy::default()).unwrap();
    let refused = codes.signed_by(&actions).unwrap_err();
    assert!(refused.to_string().contains("`signed_by`"), "{refused}");
}

/// Returns the answer to a mint without an action, and the number of refusals that were told. The
/// site asks for an action by `authenticator`.
async fn told_of_a_mint(bearer: &Arc<MemoryHost>, authenticator: impl Authenticator) -> (StatusCode, usize) {
    let told = Arc::new(AtomicUsize::new(0));
    let heard = told.clone();
    let site = Site::builder()
        .host(bearer.clone())
        .authenticator(authenticator)
        .relying_party(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap())
        .events(move |event| {
            if matches!(event, Event::Refused { .. }) {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        })
        .storage(Storage::in_memory().with_clock(ManualClock::new()))
        .build()
        .unwrap();
    let app = mounted(CodeFlow::new(&site, CodePolicy::default()).unwrap());
    let first = post(&app, MINT, mint_body()).await;
    assert_eq!(post(&app, MINT, mint_body()).await, first);
    (first, told.load(Ordering::Relaxed))
}

/// The listener of the site that answers hears of each refusal once, whichever part refused.
#[tokio::test]
async fn a_refusal_of_another_sites_flow_is_told_at_the_site_that_answers() {
    let bearer = host();
    let actions = ActionFlow::new(&site(&bearer), ActionPolicy::default()).unwrap();
    let demanding = UserActions::new(bearer.clone(), actions);
    assert_eq!(told_of_a_mint(&bearer, demanding).await, (StatusCode::FORBIDDEN, 2));
}

/// Refuses with one error, over and over.
struct Remembering(Error);

#[async_trait]
impl Authenticator for Remembering {
    async fn authenticate(&self, _: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        Err(AuthError::Refused(self.0.clone()))
    }
}

#[tokio::test]
async fn an_error_that_a_host_returns_again_is_told_again() {
    let remembered = Remembering(AuthError::Forbidden("closed".into()).into());
    assert_eq!(told_of_a_mint(&host(), remembered).await, (StatusCode::FORBIDDEN, 2));
}

/// An action from a flow that asks for less at one endpoint does not pass at another.
#[tokio::test]
async fn an_action_of_a_flow_that_asks_for_less_is_worth_nothing() {
    let bearer = host();
    let client = KeyClient::p256();
    let user = UserId::new("us-1").unwrap();
    bearer.seed(client.credential(user.clone(), CredentialKind::Key));
    let site = site(&bearer);
    let party = RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap();
    let flow = |asked| ActionFlow::new(&site, ActionPolicy::default().user_verification(asked)).unwrap();
    let (strict, lax) = (flow(Requirement::Required), flow(Requirement::Discouraged));
    let (caller, action) = (Caller::new(user), ActionRequest::new("POST", MINT, b"{}").unwrap());
    let challenge = lax.begin(&caller, BeginRequest::new(action.clone(), Arc::new(party))).await.unwrap();
    let signed = client.assert(CredentialKind::Key, challenge.challenge.as_str());
    let answer = || CompleteRequest::new(challenge.challenge_id.clone(), signed.clone());
    strict.complete(&caller, answer()).await.unwrap_err();
    let proof = lax.complete(&caller, answer()).await.unwrap().proof;
    let redeem = || RedeemRequest::new(proof.clone(), action.clone());
    assert_eq!(strict.redeem(&caller, redeem()).await.unwrap_err().kind(), ErrorKind::UserActionRequired);
    lax.redeem(&caller, redeem()).await.unwrap();
}

/// An approval adds a credential, as a code does. So it takes a step-up of its own. A wrong check
/// code without a step-up counts nothing.
#[tokio::test]
async fn an_approval_needs_an_action_and_a_look_needs_none() {
    let bearer = host();
    let client = KeyClient::p256();
    let user = UserId::new("us-1").unwrap();
    bearer.seed(client.credential(user.clone(), CredentialKind::Key));
    let site = site(&bearer);
    let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
    let policy = CodePolicy::default().approval(Approval::AskedWithCheckCode);
    let codes = CodeFlow::new(&site, policy).unwrap().signed_by(&actions).unwrap();
    let caller = Caller::new(user.clone());
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 50;
    let minted = codes.mint(&caller, MintRequest::new(Expiration::from_unix(soon).unwrap())).await.unwrap();
    let party = Arc::new(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap());
    let exchange = ExchangeRequest::new(minted.code, CredentialKind::Key, party.clone());
    let challenge = codes.exchange(exchange).await.unwrap();
    let proof = KeyClient::p256().attest(CredentialKind::Key, challenge.challenge.as_str());
    let register = RegisterRequest::new(challenge.challenge_id, "laptop", proof, None).unwrap();
    let awaited = codes.register(register).await.unwrap().approval.unwrap();
    let right = awaited.check_code.unwrap().reveal().to_owned();
    let wrong = if right == "000000" { "000001" } else { "000000" };

    let app = mounted(codes.clone());
    let path = format!("/auth/credentials/enrolments/{}", minted.enrolment);
    let approve = format!("{path}/approve");
    for code in [wrong, &right, wrong] {
        let body = format!("{{\"checkCode\":\"{code}\"}}");
        assert_eq!(post(&app, &approve, body).await, StatusCode::FORBIDDEN);
    }
    let request = EnrolmentRequest::new(minted.enrolment);
    let seen = codes.enrolment(&caller, request, None).await.unwrap();
    assert_eq!((seen.stage, seen.attempts_left), (Stage::Pending, Some(3)));

    let body = format!("{{\"checkCode\":\"{right}\"}}");
    let action = ActionRequest::new("POST", &approve, body.as_bytes()).unwrap();
    let begun = actions.begin(&caller, BeginRequest::new(action, party)).await.unwrap();
    let signed = client.assert(CredentialKind::Key, begun.challenge.as_str());
    let proof =
        actions.complete(&caller, CompleteRequest::new(begun.challenge_id, signed)).await.unwrap().proof;
    let request = Request::post(&approve)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer us-1")
        .header("x-dfns-useraction", proof.reveal())
        .body(Body::from(body.clone()))
        .unwrap();
    assert_eq!(ask(app.clone(), request, &body).await.status(), StatusCode::OK);
    assert_eq!(bearer.stored().len(), 2);
    // Refusing and revoking take something away, so the bearer token is enough.
    assert_eq!(post(&app, &format!("{path}/refuse"), "{}".into()).await, StatusCode::CONFLICT);
}

/// Another try with what is spent is told as a refusal alone.
#[tokio::test]
async fn an_action_is_told_once_when_it_is_signed_and_once_when_it_is_spent() {
    let bearer = host();
    let client = KeyClient::p256();
    let user = UserId::new("us-1").unwrap();
    bearer.seed(client.credential(user.clone(), CredentialKind::Key));
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let listener = move |event: &Event<'_>| match event {
        Event::ActionSigned { user, credential, source, .. }
        | Event::ActionRedeemed { user, credential, source, .. } => {
            heard.lock().unwrap().push(format!("{}: {user} {credential} {source:?}", event.name()));
        }
        _ => {}
    };
    let site = site_builder(&bearer).events(listener).build().unwrap();
    let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
    let (caller, action) = (Caller::new(user), ActionRequest::new("POST", MINT, b"{}").unwrap());
    let party = RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap();
    let request = BeginRequest::new(action.clone(), Arc::new(party));
    let begun = actions.begin(&caller, request).await.unwrap();
    let signed = client.assert(CredentialKind::Key, begun.challenge.as_str());
    let mut complete = CompleteRequest::new(begun.challenge_id, signed);
    complete.source = Some("192.0.2.1".into());
    let proof = actions.complete(&caller, complete.clone()).await.unwrap().proof;
    actions.complete(&caller, complete).await.unwrap_err();
    let mut redeem = RedeemRequest::new(proof, action);
    redeem.source = Some("192.0.2.2".into());
    actions.redeem(&caller, redeem.clone()).await.unwrap();
    actions.redeem(&caller, redeem).await.unwrap_err();

    let id = client.credential_id();
    assert_eq!(
        *told.lock().unwrap(),
        [
            format!(r#"action_signed: us-1 {id} Some("192.0.2.1")"#),
            format!(r#"action_redeemed: us-1 {id} Some("192.0.2.2")"#),
        ]
    );
}

#[tokio::test]
async fn every_event_of_a_user_action_names_the_source_of_its_request() {
    let (told, source) = (Arc::new(Mutex::new(Vec::new())), "192.0.2.1");
    let heard = told.clone();
    let policy = ActionPolicy::default().challenges_per_user(Budget::per_minute(1));
    let listener = move |event: &Event<'_>| heard.lock().unwrap().push(format!("{event:?}"));
    let (site, client) = crate::site::Site::heard_by(policy, source, listener);
    let challenge = site.begin("POST", MINT, "{}").await;
    let throttled = site.post_as("us-1", INIT, begin_body("POST", MINT, "{}")).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    let assertion = client.assert(CredentialKind::Key, challenge["challenge"].as_str().unwrap());
    for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
        assert_eq!(site.complete(&challenge, &assertion).await.status, status);
    }
    let told = told.lock().unwrap();
    for name in ["Throttled", "ActionSigned", "Refused"] {
        assert!(told.iter().any(|event| event.starts_with(name)), "{name}");
    }
    for event in told.iter().filter(|event| !event.starts_with("Answered")) {
        assert!(event.contains(&format!("source: Some({source:?})")), "{event}");
    }
}

/// Everything that began before an instant is void, at each step of an action.
#[tokio::test]
async fn an_action_from_before_everything_was_declared_void_is_worth_nothing() {
    let bearer = host();
    let client = KeyClient::p256();
    let user = UserId::new("us-1").unwrap();
    bearer.seed(client.credential(user.clone(), CredentialKind::Key));
    let clock = ManualClock::new();
    let site = Site::builder()
        .host(bearer.clone())
        .sign_counters(bearer.clone())
        .relying_party(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap())
        .events(|_| {})
        .storage(Storage::in_memory().with_clock(clock.clone()))
        .build()
        .unwrap();
    let actions = ActionFlow::new(&site, ActionPolicy::default()).unwrap();
    let caller = Caller::new(user.clone());
    let party = Arc::new(RelyingParty::new("example.com", "Example", ["https://example.com"]).unwrap());
    let action = ActionRequest::new("POST", MINT, b"{}").unwrap();
    let begin = async |caller: &Caller| {
        let begun = actions.begin(caller, BeginRequest::new(action.clone(), party.clone())).await.unwrap();
        let signed = client.assert(CredentialKind::Key, begun.challenge.as_str());
        CompleteRequest::new(begun.challenge_id, signed)
    };
    let begun = begin(&caller).await;
    let signed = actions.complete(&caller, begin(&caller).await).await.unwrap();
    let old = caller.clone().since(clock.now());
    clock.advance(std::time::Duration::from_millis(1));
    bearer.set_void_before(&user, clock.now());
    let error = actions.complete(&caller, begun).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidChallenge);
    let error = actions.redeem(&caller, RedeemRequest::new(signed.proof, action.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UserActionRequired);
    // What a session from before begins is void already.
    let begun = begin(&old).await;
    let error = actions.complete(&old, begun).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidChallenge);
    // From then on, all of it works again.
    let signed = actions.complete(&caller, begin(&caller).await).await.unwrap();
    actions.redeem(&caller, RedeemRequest::new(signed.proof, action.clone())).await.unwrap();
    // A closed account signs nothing either.
    let begun = begin(&caller).await;
    bearer.set_status(&user, UserStatus::Deactivated);
    let error = actions.complete(&caller, begun).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidChallenge);
}
