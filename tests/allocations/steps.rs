//! Counts how often each step allocates, so that copies can't creep in.
//!
//! A row's number was measured, and is the same with either backend. It is the smallest of many
//! runs, because the store in memory sometimes tidies up in the middle of one. `core` and `native`
//! are the engines, on one registration each. Certificates make up most of the native engine's
//! allocations. If you raise a number, say in the commit what for. The table shows what they are
//! for, over HTTP and from the router's call to the whole answer:
//!
//! | what | mint | exchange, `Key` | register, `Key` |
//! | --- | ---: | ---: | ---: |
//! | futures: the router's, and one for each call of a host or a store | 4 | 5 | 4 |
//! | the host: the caller, and the user's two names | 3 | 2 | 2 |
//! | moka, and the record | 9 | 12 | 3 |
//! | what was read: path, code, ids, a name, and the two texts of a proof | 1 | 1 | 5 |
//! | what was made: code, challenge, challenge id, names, the credential | 1 | 3 | 5 |
//! | verification | | | 14 |
//! | the enrolment: its id, the ledger's future, what its owner is shown, the undo token | 3 | 5 | 17 |
//! | the answer: its texts, its body, its headers | 6 | 5 | 7 |

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use credential_code::action::ActionRouter;
use credential_code::assertion::Assertion;
use credential_code::attestation::{
    Attestation, AttestationEngine, Expected, NativeEngine, TrustAnchors, verify,
};
use credential_code::model::{
    AttestationTrust, Challenge, CoseAlgorithm, Credential, CredentialId, CredentialKind, Fido2Policy,
    Requirement, User,
};
use credential_code::serve::AnswerBody;
use credential_code::store::Budget;
use credential_code::testing::{KeyClient, MemoryHost, SoftAuthenticator, StatementFormat, site};
use credential_code::{ActionFlow, ActionPolicy};
use credential_code::{CodeRouter, RelyingParty};
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::Full;
use serde_json::{Value, json};
use tower::Service;

use crate::support::{
    self, EXCHANGE, MINT, ORIGIN, PARTY, REGISTER, World, base64url, exchange_body, register_body, text, user,
};

const RUNS: usize = 100;
const BEGIN: &str = "/auth/action/init";
const COMPLETE: &str = "/auth/action";
const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

/// Returns the outcome of a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// A router.
trait Endpoints: Service<Request<Full<Bytes>>, Response = Response<AnswerBody>, Error = Infallible> {}

impl<S: Service<Request<Full<Bytes>>, Response = Response<AnswerBody>, Error = Infallible>> Endpoints for S {}

fn answer(router: &mut impl Endpoints, request: Request<Full<Bytes>>) -> Response<AnswerBody> {
    let Ok(response) = now(router.call(request));
    response
}

fn post(path: &str, body: &Value) -> Request<Full<Bytes>> {
    support::request(path).header(header::ORIGIN, ORIGIN).body(Full::from(body.to_string())).unwrap()
}

fn json_of(response: Response<AnswerBody>) -> Value {
    assert_eq!(response.status(), 200);
    let mut body = pin!(response.into_body());
    match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => serde_json::from_slice(&frame.into_data().unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Returns the smallest number of allocations of several requests.
fn of_requests<R: Endpoints>(router: &mut R, path: &str, body: impl Fn(&mut R) -> Value) -> u64 {
    let counts = (0..RUNS).map(|_| {
        let request = post(path, &body(router));
        let mut response = None;
        let counted = allocation_counter::measure(|| response = Some(answer(router, request)));
        json_of(response.unwrap());
        counted.count_total
    });
    counts.min().unwrap()
}

fn of_step(path: &str, body: impl Fn(&World, &mut CodeRouter) -> Value) -> u64 {
    let world = World::new();
    of_requests(&mut CodeRouter::new(world.flow.clone()), path, |router| body(&world, router))
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

/// Creates the endpoints of user actions, for a user with that credential.
fn action_router(credential: Credential) -> ActionRouter {
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    host.seed(credential);
    let policy = ActionPolicy::default().challenges_per_user(Budget::per_minute(1_000_000));
    ActionRouter::new(ActionFlow::new(&site(&host), policy).unwrap())
}

fn begin_body() -> Value {
    json!({
        "userActionPayload": "{}",
        "userActionHttpMethod": "POST",
        "userActionHttpPath": MINT,
        "userActionServerKind": "Api",
    })
}

fn of_beginning(credential: Credential) -> u64 {
    of_requests(&mut action_router(credential), BEGIN, |_| begin_body())
}

fn of_completion(credential: Credential, assert: impl Fn(&str) -> Assertion) -> u64 {
    of_requests(&mut action_router(credential), COMPLETE, |router| {
        let challenge = json_of(answer(router, post(BEGIN, &begin_body())));
        let assertion = assert(&text(&challenge, "challenge"));
        let mut proof = json!({
            "credId": assertion.credential_id.as_str(),
            "clientData": base64url(&assertion.client_data),
            "signature": base64url(&assertion.signature),
        });
        if let Some(fido2) = &assertion.fido2 {
            proof["authenticatorData"] = base64url(&fido2.authenticator_data).into();
        }
        json!({
            "challengeIdentifier": challenge["challengeIdentifier"],
            "firstFactor": { "kind": assertion.kind.as_str(), "credentialAssertion": proof },
        })
    })
}

fn of_verification(attestation: &Attestation) -> u64 {
    of_verification_with(&AttestationEngine::default(), attestation)
}

fn of_verification_with(engine: &AttestationEngine, attestation: &Attestation) -> u64 {
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
    let challenge = Challenge::new(CHALLENGE).unwrap();
    let expected = Expected::new(attestation.kind, &challenge).with_attestation_engine(engine);
    let counted = allocation_counter::measure(|| {
        black_box(verify(&party, &expected, attestation)).unwrap();
    });
    counted.count_total
}

/// Returns the vectors of WebAuthn Level 3, and one of Android that it would accept.
fn published_files() -> [Value; 2] {
    let files = [
        include_str!("../vectors/webauthn_level_3.json"),
        include_str!("../vectors/bench_registration.json"),
    ];
    files.map(|file| serde_json::from_str(file).unwrap())
}

fn bytes(value: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value[member].as_str().unwrap()).unwrap()
}

/// Returns a published registration.
fn published(id: &str) -> Value {
    let [level_3, bench] = published_files();
    let mut all = level_3["vectors"].as_array().unwrap().iter().chain(bench["passkeys"].as_array().unwrap());
    all.find(|vector| vector["id"] == id).unwrap().clone()
}

fn native() -> AttestationEngine {
    NativeEngine::new().into()
}

/// Creates an engine that finds a root for the registration. So it checks one signature more.
fn trusting(id: &str) -> AttestationEngine {
    let vector = published(id);
    let (object, credential_id) = (bytes(&vector, "attestationData"), bytes(&vector, "credId"));
    let at = object.windows(credential_id.len()).position(|window| window == credential_id).unwrap();
    // The length of the id and the AAGUID stand before the id.
    let aaguid = object[at - 18..at - 2].try_into().unwrap();
    let root = bytes(&published_files()[0], "attestation_root_cert_b64url");
    NativeEngine::new().trust(TrustAnchors::new().with_root(&root, [aaguid]).unwrap()).into()
}

fn of_published(engine: &AttestationEngine, trust: AttestationTrust, id: &str) -> u64 {
    let vector = published(id);
    let text = |member| text(&vector, member);
    let attestation = Attestation::new(
        CredentialKind::Fido2,
        CredentialId::new(text("credId")).unwrap(),
        bytes(&vector, "clientData"),
        bytes(&vector, "attestationData"),
    );
    let party = RelyingParty::new(text("rp_id"), "Example", [text("origin")]).unwrap();
    let challenge = Challenge::new(text("challenge_b64url")).unwrap();
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Preferred;
    policy.algorithms = vec![CoseAlgorithm::Es256];
    let expected = Expected::new(CredentialKind::Fido2, &challenge)
        .with_fido2_policy(&policy)
        .with_attestation_engine(engine);
    let counted = allocation_counter::measure(|| {
        let verified = black_box(verify(&party, &expected, &attestation)).unwrap();
        assert_eq!(verified.fido2().unwrap().attestation_trust, trust);
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
    use AttestationTrust::{Trusted, Untrusted};
    use CredentialKind::{Fido2, Key};
    use StatementFormat::{None, PackedSelf};

    let (key_client, authenticator) = (KeyClient::p256(), SoftAuthenticator::new(None));
    let rows = [
        ("mint", 27, of_step(MINT, |world, _| mint_body(world))),
        ("exchange, Fido2", 34, of_exchange(Fido2)),
        ("exchange, Key", 33, of_exchange(Key)),
        ("register, Key, P-256", 57, of_register(Key, key(KeyClient::p256))),
        ("register, Key, Ed25519", 57, of_register(Key, key(KeyClient::ed25519))),
        ("register, Fido2, none", 55, of_register(Fido2, passkey(None))),
        ("begin an action, Key", 32, of_beginning(key_client.credential(user(), Key))),
        ("begin an action, Fido2", 33, of_beginning(authenticator.credential(user()))),
        (
            "complete an action, Key",
            35,
            of_completion(key_client.credential(user(), Key), |challenge| key_client.assert(Key, challenge)),
        ),
        (
            "complete an action, Fido2",
            41,
            of_completion(authenticator.credential(user()), |challenge| {
                authenticator.assert(PARTY, ORIGIN, challenge)
            }),
        ),
        ("verify, Key, P-256", 14, of_verification(&key(KeyClient::p256)(CHALLENGE))),
        ("verify, Key, Ed25519", 14, of_verification(&key(KeyClient::ed25519)(CHALLENGE))),
        ("native, none", 9, of_verification_with(&native(), &passkey(None)(CHALLENGE))),
        ("native, packed self", 10, of_verification_with(&native(), &passkey(PackedSelf)(CHALLENGE))),
        ("native, packed", 42, of_published(&native(), Untrusted, "w3c-packed-es256")),
        (
            "native, packed, trusted",
            42,
            of_published(&trusting("w3c-packed-es256"), Trusted, "w3c-packed-es256"),
        ),
        ("native, fido-u2f", 41, of_published(&native(), Untrusted, "w3c-fido-u2f-es256")),
        ("native, apple", 43, of_published(&native(), Untrusted, "w3c-apple-es256")),
        ("native, android-key", 30, of_published(&native(), Untrusted, "android-key-es256")),
        ("native, tpm", 50, of_published(&native(), Untrusted, "w3c-tpm-es256")),
    ];
    assert_no_more(&rows);
}

#[cfg(feature = "webauthn-rs")]
#[test]
fn no_verification_by_webauthn_rs_allocates_more_than_it_did() {
    use StatementFormat::{None, PackedSelf};

    let core = AttestationEngine::WebauthnRs;
    assert_no_more(&[
        ("none", 44, of_verification_with(&core, &passkey(None)(CHALLENGE))),
        ("packed self", 59, of_verification_with(&core, &passkey(PackedSelf)(CHALLENGE))),
        ("packed", 99, of_published(&core, AttestationTrust::Untrusted, "w3c-packed-es256")),
    ]);
}

fn assert_no_more(rows: &[(&str, u64, u64)]) {
    let more: Vec<_> = rows.iter().filter(|(_, most, count)| count > most).collect();
    assert!(more.is_empty(), "more than they did: {more:?}");
}
