//! No secret shows in what is written down: `Debug`, errors, events, the log.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use credential_code::action::{ActionRequest, BeginRequest, CompleteRequest, RedeemRequest};
use credential_code::attestation::Attestation;
#[cfg(feature = "webauthn-rs")]
use credential_code::attestation::AttestationEngine;
use credential_code::code::{
    ApproveRequest, ExchangeRequest, Expiration, MintRequest, OutcomeRequest, RegisterRequest, UndoRequest,
};
use credential_code::error::{BoxError, StoreError};
use credential_code::event::Event;
use credential_code::host::{Addition, AuthRequest, Caller, CredentialRepository};
use credential_code::model::{
    ActionProof, Approval, ChallengeId, CheckCode, Credential, CredentialKind, EncryptedPrivateKey,
    Insertion, NewCredential, UndoToken, UserId,
};
use credential_code::sign_in::{self, SignInChallenge, SignInFlow, SignInPolicy};
use credential_code::store::{ClearRecord, CodeGrant, MemoryStore, OneTimeStore, Slot, SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, MemoryHost, SoftAuthenticator, StatementFormat};
use credential_code::{ActionFlow, ActionPolicy, CodeFlow, CodeRouter, RelyingParty, Storage};
use http::Request;
use serde_json::{Value, json};
use tower::Service as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::flaky::Flaky;
use crate::support::{
    self, Answer, KINDS, ORIGIN, PARTY, Setup, World, attest, base64url, exchange_body, party, plenty,
    register_body, text, user,
};

const PEM: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPnotForAnybody\n-----END PRIVATE KEY-----\n";
const ENCRYPTED: &str = "c2VjcmV0LWJ1dC1lbmNyeXB0ZWQ=";

/// The lines that were written down.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn push(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    /// Asserts that no secret is in the lines, neither as text nor as the bytes that a derived
    /// `Debug` would list.
    fn assert_without(&self, secrets: &[String]) {
        let log = self.0.lock().unwrap();
        assert!(log.len() > 100, "{log}");
        for secret in secrets {
            assert!(secret.len() >= 6);
            assert!(!log.contains(secret), "{secret} in {log}");
            assert!(!log.contains(&listed(secret.as_bytes())), "{secret} as bytes in {log}");
        }
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns bytes as a derived `Debug` would list them.
fn listed(bytes: &[u8]) -> String {
    format!("{bytes:?}").trim_matches(['[', ']']).into()
}

/// Runs every kind with every refusal on its way. Returns the secrets that went by.
async fn run(world: &World) -> Vec<String> {
    let mut secrets = vec![ENCRYPTED.into(), PEM.lines().nth(1).unwrap().into()];
    for kind in KINDS {
        let code = world.mint().await;
        secrets.extend([code.clone(), code.replace('-', "")]);
        world.post_json(support::EXCHANGE, &exchange_body(CredentialKind::Totp, &code)).await;
        let challenge = world.exchange(kind, &code).await.ok();
        world.exchange(kind, &code).await;
        secrets.extend([text(&challenge, "challenge"), text(&challenge, "challengeIdentifier")]);
        let proof = attest(kind, &challenge);
        if let Ok(json) = serde_json::from_slice::<Value>(&proof.attestation_data) {
            secrets.push(text(&json, "signature"));
        }
        let mut body = register_body(&challenge, &proof);
        body["unknown"] = 1.into();
        world.register(&body).await;
        body.as_object_mut().unwrap().remove("unknown");
        world.host.fail();
        world.register(&body).await;
        world.host.recover();
        world.register(&body).await.ok();
        world.register(&body).await;

        let challenge = world.challenge(kind).await;
        secrets.extend([text(&challenge, "challenge"), text(&challenge, "challengeIdentifier")]);
        let mut body = register_body(&challenge, &attest(kind, &challenge));
        body["encryptedPrivateKey"] = PEM.into();
        world.register(&body).await;
        let proof = json!({ "publicKey": PEM, "signature": "00" }).to_string();
        let mut body = register_body(&challenge, &attest(kind, &challenge));
        body["credentialInfo"]["attestationData"] = base64url(proof.as_bytes()).into();
        world.register(&body).await.assert_refused(400, "invalid_attestation");
    }
    secrets
}

/// The undo tokens of the notices, in order.
type Notices = Arc<Mutex<Vec<String>>>;

/// Has the owner approve a credential by a check code and take it back, with refusals on the way.
/// Returns the secrets that went by.
async fn decide(world: &World, notices: &Notices) -> Vec<String> {
    let mut asking = world.clone();
    asking.flow = CodeFlow::new(&world.site, plenty().approval(Approval::AskedWithCheckCode)).unwrap();
    asking.app = Router::new().nest_service("/auth/credentials", CodeRouter::new(asking.flow.clone()));
    let minted = asking.post_json(support::MINT, &json!({ "expiration": asking.unix(60) })).await.ok();
    let (code, id) = (text(&minted, "code"), text(&minted, "enrolmentId"));
    let challenge = asking.exchange(CredentialKind::Key, &code).await.ok();
    let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
    let approval = asking.register(&body).await.ok()["approval"].clone();
    let (right, outcome) = (text(&approval, "checkCode"), text(&approval, "token"));
    let wrong = if right == "271828" { "314159" } else { "271828" };
    let long = "27182818284590";

    let send = async |path: &str, body: Value| {
        asking.post_json(&format!("/auth/credentials/enrolments/{path}"), &body).await
    };
    let approve = format!("{id}/approve");
    send(&approve, json!({ "checkCode": long })).await.assert_refused(400, "invalid_request");
    send(&approve, json!({ "checkCode": wrong })).await.assert_refused(403, "invalid_check_code");
    world.host.fail_insertions();
    send(&approve, json!({ "checkCode": right })).await.assert_refused(500, "internal");
    world.host.recover();
    send(&approve, json!({ "checkCode": right })).await.ok();
    send(&approve, json!({ "checkCode": right })).await.assert_refused(409, "conflict");
    send("outcome", json!({ "token": outcome })).await.ok();
    let undo = notices.lock().unwrap().last().unwrap().clone();
    send("outcome", json!({ "token": undo })).await.assert_refused(403, "invalid_token");
    send("undo", json!({ "token": outcome })).await.assert_refused(403, "invalid_token");
    send("undo", json!({ "token": undo })).await.ok();
    vec![code.replace('-', ""), code, right, wrong.into(), long.into(), outcome, undo]
}

/// Returns what a page sends, read as a host reads it.
fn signed_in(passkey: &SoftAuthenticator, challenge: &SignInChallenge) -> sign_in::CompleteRequest {
    let (signed, handle) = (challenge.challenge.as_str(), support::USER.as_bytes());
    let credential = passkey.assert_json(PARTY, ORIGIN, signed, handle);
    let body = json!({ "challengeIdentifier": challenge.challenge_id.reveal(), "credential": credential });
    serde_json::from_value(body).unwrap()
}

/// Signs a user action and a sign-in, and sends each again. Returns the secrets that went by.
async fn sign(world: &World) -> Vec<String> {
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    world.host.seed(passkey.credential(user()));
    let (party, caller) = (Arc::new(party()), Caller::new(user()));

    let actions = ActionFlow::new(&world.site, ActionPolicy::default()).unwrap();
    let action = ActionRequest::new("POST", support::MINT, b"{}").unwrap();
    let begun = actions.begin(&caller, BeginRequest::new(action.clone(), party.clone())).await.unwrap();
    let assertion = passkey.assert(PARTY, ORIGIN, begun.challenge.as_str());
    let mut secrets = vec![
        begun.challenge.as_str().to_owned(),
        begun.challenge_id.reveal().to_owned(),
        listed(&assertion.signature),
    ];
    let complete = CompleteRequest::new(begun.challenge_id, assertion);
    let signed = actions.complete(&caller, complete.clone()).await.unwrap();
    actions.complete(&caller, complete).await.unwrap_err();
    secrets.push(signed.proof.reveal().to_owned());
    let redeem = RedeemRequest::new(signed.proof, action);
    actions.redeem(&caller, redeem.clone()).await.unwrap();
    actions.redeem(&caller, redeem).await.unwrap_err();

    let flow = SignInFlow::new(&world.site, SignInPolicy::default()).unwrap();
    let begun = flow.begin(&party).unwrap();
    let complete = signed_in(&passkey, &begun);
    secrets.extend([
        begun.challenge.as_str().to_owned(),
        begun.challenge_id.reveal().to_owned(),
        listed(&complete.assertion.signature),
    ]);
    flow.complete(&party, complete.clone()).await.unwrap();
    flow.complete(&party, complete).await.unwrap_err();
    secrets
}

/// Sends a secret in the client data, in a member that the engines read differently. Returns the
/// secret and the answer.
async fn odd_client_data(world: &World) -> (String, Answer) {
    let challenge = world.challenge(CredentialKind::Fido2).await;
    let secret = "a token binding that somebody keeps to themselves";
    let client_data = json!({
        "type": "webauthn.create",
        "challenge": challenge["challenge"],
        "origin": ORIGIN,
        "crossOrigin": false,
        "tokenBinding": secret,
    });
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    let attestation = passkey.attest_client_data(PARTY, client_data.to_string());
    (secret.into(), world.register(&register_body(&challenge, &attestation)).await)
}

/// Returns the log and the events of a run. It leaves out the lines of the engine, which we can't
/// shorten.
async fn written(change: impl FnOnce(Setup) -> Setup, run: impl AsyncFnOnce(&World, &Notices)) -> [Log; 2] {
    let (log, events, notices) = (Log::default(), Log::default(), Notices::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let (heard, kept) = (events.clone(), notices.clone());
    let world = World::with(|setup| {
        change(setup).events(move |event: &Event<'_>| {
            heard.push(&format!("{event:?} {event:#?}\n"));
            kept.lock().unwrap().extend(event.undo_token().map(|token| token.reveal().to_owned()));
            if let Event::Refused { error, .. } = event {
                heard.push(&format!("{error} {error:?}\n"));
                let mut source = error.source();
                while let Some(error) = source {
                    heard.push(&format!("{error} {error:?}\n"));
                    source = error.source();
                }
            }
        })
    });
    let guard = tracing::subscriber::set_default(subscriber);
    run(&world, &notices).await;
    drop(guard);
    let ours = Log::default();
    let all = log.0.lock().unwrap().clone();
    all.lines().filter(|line| !line.contains("webauthn_rs_core")).for_each(|line| ours.push(line));
    assert!(ours.0.lock().unwrap().contains("a credential was registered"));
    let written = [ours, events];
    written.iter().for_each(|log| log.assert_without(&notices.lock().unwrap()));
    written
}

#[tokio::test]
async fn no_secret_is_in_the_log_or_in_an_event_or_in_a_source_of_an_error() {
    let mut secrets = Vec::new();
    let written = written(
        |setup| setup,
        async |world, notices| {
            secrets = run(world).await;
            secrets.extend(decide(world, notices).await);
            secrets.extend(sign(world).await);
            let (secret, answer) = odd_client_data(world).await;
            answer.ok();
            secrets.push(secret);
        },
    )
    .await;
    written.iter().for_each(|log| log.assert_without(&secrets));
}

/// The engine reads a member that this crate does not look at. It repeats that member in its
/// refusal.
#[cfg(feature = "webauthn-rs")]
#[tokio::test]
async fn no_secret_is_in_what_webauthn_rs_refuses() {
    let mut secrets = Vec::new();
    let written = written(
        |setup| setup.policy(|codes| codes.attestation_engine(AttestationEngine::WebauthnRs)),
        async |world, _| {
            secrets = run(world).await;
            let (secret, answer) = odd_client_data(world).await;
            answer.assert_refused(400, "invalid_attestation");
            secrets.push(secret);
        },
    )
    .await;
    written.iter().for_each(|log| log.assert_without(&secrets));
}

#[tokio::test]
async fn the_log_tells_the_last_cause() {
    let store = Flaky::new();
    let [log, _] = written(
        |setup| setup.storage(store.storage()),
        async |world, _| {
            let code = world.mint().await;
            store.fail_takes::<CodeGrant>(1);
            world.exchange(CredentialKind::Key, &code).await.assert_refused(503, "unavailable");
            world.register(&world.registration(CredentialKind::Key).await).await.ok();
        },
    )
    .await;
    let log = log.0.lock().unwrap();
    assert!(log.contains("the flaky store failed: it was told to fail"), "{log}");
}

/// Returns a request to mint, for the router itself.
fn minting(world: &World) -> Request<Body> {
    let body = json!({ "expiration": world.unix(60) }).to_string();
    support::request(support::MINT).body(Body::from(body)).unwrap()
}

/// A store in clear, and a repository. They write down what they are given.
#[derive(Debug)]
struct Given {
    store: MemoryStore,
    host: MemoryHost,
    shown: Log,
}

#[async_trait]
impl<R: ClearRecord> OneTimeStore<R> for Given
where
    MemoryStore: OneTimeStore<R>,
{
    async fn insert(&self, slot: Slot, record: R) -> Result<Insertion, StoreError> {
        self.shown.push(&format!("{slot:?} {record:?}"));
        self.store.insert(slot, record).await
    }

    async fn take(&self, slot: Slot, now: SystemTime) -> Result<Option<R>, StoreError> {
        self.store.take(slot, now).await
    }
}

#[async_trait]
impl CredentialRepository for Given {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        self.host.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        self.shown.push(&format!("{credential:?} {:?}", credential.undo_token()));
        self.host.insert(credential, most).await
    }
}

/// What the owner, the action and the sign-in bring, and every record that is stored meanwhile.
#[tokio::test]
async fn no_public_type_of_what_comes_after_register_shows_a_secret() {
    let (shown, notices) = (Log::default(), Notices::default());
    let (store, host) = (MemoryStore::new(100), MemoryHost::default());
    let given = Arc::new(Given { store, host, shown: shown.clone() });
    let kept = notices.clone();
    let world = World::with(|setup| {
        let setup = setup.storage(Storage::in_process(given.clone()));
        let setup = setup.site(|site| site.credentials(given));
        let setup = setup.policy(|policy| policy.approval(Approval::AskedWithCheckCode));
        setup.events(move |event| {
            kept.lock().unwrap().extend(event.undo_token().map(|token| token.reveal().to_owned()));
        })
    });
    let session = "the name of a session";
    let caller = Caller::new(user()).in_session(session);
    shown.push(&format!("{caller:?}"));
    let request = MintRequest::new(Expiration::from_unix(world.unix(60)).unwrap());
    let minted = world.flow.mint(&caller, request).await.unwrap();
    let code = minted.code.reveal();
    let kind = CredentialKind::PasswordProtectedKey;
    let party = Arc::new(party());
    let request = ExchangeRequest::new(minted.code, kind, party.clone());
    let challenge = world.flow.exchange(request).await.unwrap();
    let (signed, id) = (challenge.challenge.as_str().to_owned(), challenge.challenge_id.reveal().to_owned());
    let proof: Attestation = attest(kind, &json!({ "challenge": signed }));
    let encrypted = Some(EncryptedPrivateKey::new(ENCRYPTED).unwrap());
    let request = RegisterRequest::new(challenge.challenge_id, "laptop", proof, encrypted).unwrap();
    let registered = world.flow.register(request).await.unwrap();
    let awaited = registered.approval.clone().unwrap();
    shown.push(&format!("{registered:?} {registered:#?} {awaited:?} {:?}", awaited.outcome));
    let (right, outcome) = (awaited.check_code.unwrap(), awaited.outcome.reveal().to_owned());
    shown.push(&format!("{right:?} {:?}", CheckCode::new("27182x")));
    shown.push(&format!("{:?}", OutcomeRequest::new(awaited.outcome)));
    let mut request = ApproveRequest::new(registered.enrolment);
    request.check_code = Some(right.clone());
    shown.push(&format!("{request:?}"));
    shown.push(&format!("{:?}", world.flow.approve(&caller, request).await.unwrap()));
    let undo = notices.lock().unwrap()[0].clone();
    shown.push(&format!("{:?}", UndoRequest::new(UndoToken::new(&*undo))));

    let passkey = SoftAuthenticator::new(StatementFormat::None);
    world.host.seed(passkey.credential(user()));
    let actions = ActionFlow::new(&world.site, ActionPolicy::default()).unwrap();
    let action = ActionRequest::new("POST", support::MINT, b"{}").unwrap();
    let begun = actions.begin(&caller, BeginRequest::new(action, party.clone())).await.unwrap();
    shown.push(&format!("{actions:?} {begun:?}"));
    let flow = SignInFlow::new(&world.site, SignInPolicy::default()).unwrap();
    let signing_in = flow.begin(&party).unwrap();
    shown.push(&format!("{flow:?} {signing_in:?}"));
    let request = signed_in(&passkey, &signing_in);
    let signature = listed(&request.assertion.signature);
    shown.push(&format!("{request:?} {:?}", flow.complete(&party, request.clone()).await.unwrap()));

    let mut secrets = vec![code.replace('-', ""), code, signed, id, session.into(), ENCRYPTED.into()];
    secrets.extend([right.reveal().to_owned(), "27182x".into(), outcome, undo, signature]);
    for (challenge, id) in
        [(begun.challenge, begun.challenge_id), (signing_in.challenge, signing_in.challenge_id)]
    {
        secrets.extend([challenge.as_str().to_owned(), id.reveal().to_owned()]);
    }
    shown.assert_without(&secrets);
    for record in ["CodeGrant", "PendingRegistration", "PendingApproval", "PendingAction", "UserAction"] {
        assert!(shown.0.lock().unwrap().contains(&format!("{record} {{")), "no {record} was stored");
    }
}

#[tokio::test]
async fn no_public_type_shows_a_secret() {
    let world = World::new();
    let shown = Log::default();
    let answer = CodeRouter::new(world.flow.clone()).call(minting(&world)).await.unwrap();
    shown.push(&format!("{answer:?} {answer:#?}"));
    let code = Answer::read(answer).await.ok()["code"].as_str().unwrap().to_owned();
    shown.assert_without(&[code.clone(), code.replace('-', "")]);
    let party = Arc::new(RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap());
    let request = MintRequest::new(Expiration::from_unix(world.unix(60)).unwrap());
    shown.push(&format!("{request:?}"));
    let minted = world.flow.mint(&Caller::new(user()), request).await.unwrap();
    let code = minted.code.reveal();
    shown.push(&format!("{minted:?} {:?}", minted.code));
    let request = ExchangeRequest::new(minted.code, CredentialKind::Key, party);
    shown.push(&format!("{request:?}"));
    let challenge = world.flow.exchange(request).await.unwrap();
    shown.push(&format!("{challenge:?}"));
    let signed = String::from(challenge.challenge.as_str());
    let id = String::from(challenge.challenge_id.reveal());
    let proof: Attestation = attest(CredentialKind::RecoveryKey, &json!({ "challenge": signed }));
    let data: Value = serde_json::from_slice(&proof.attestation_data).unwrap();
    shown.push(&format!("{proof:?} {:?}", ChallengeId::new(&*id)));
    let encrypted = Some(EncryptedPrivateKey::new(ENCRYPTED).unwrap());
    shown.push(&format!("{encrypted:?}"));
    shown.push(&format!("{:?}", RegisterRequest::new(challenge.challenge_id, "laptop", proof, encrypted)));
    shown.push(&format!("{:?}", EncryptedPrivateKey::new(PEM)));
    let slot_key = SlotKey::new("a slot key of thirty-two bytes..").unwrap();
    let slot_keys = SlotKeys::new(&slot_key, &[]);
    shown.push(&format!("{slot_key:?} {slot_keys:?} {:?} {:?}", world.site, world.flow));
    shown.push(&format!("{:?}", Storage::shared_records(Flaky::new(), slot_keys)));
    let (head, ()) = support::request(support::MINT).body(()).unwrap().into_parts();
    let client = KeyClient::p256();
    let assertion = client.assert(CredentialKind::Key, &signed);
    shown.push(&format!("{assertion:?}"));
    shown.push(&format!("{:?}", CompleteRequest::new(ChallengeId::new(&*id), assertion)));
    let action = ActionRequest::new("POST", support::MINT, b"{}").unwrap();
    let action_proof = "a proof that somebody signed an action";
    shown.push(&format!("{:?}", RedeemRequest::new(ActionProof::new(action_proof), action)));
    let passkey = SoftAuthenticator::new(StatementFormat::None);
    shown.push(&format!("{:?}", passkey.assert(PARTY, ORIGIN, &signed)));
    shown.push(&format!("{:?}", AuthRequest::new(&head, support::MINT, b"{}")));
    let secrets = [
        code.replace('-', ""),
        code,
        signed,
        id,
        text(&data, "signature"),
        ENCRYPTED.into(),
        PEM.lines().nth(1).unwrap().into(),
        "a slot key of thirty-two bytes..".into(),
        action_proof.into(),
        format!("Bearer {}", support::USER),
    ];
    shown.assert_without(&secrets);
}

/// The same for passwords, one-time passwords, and the secrets that they are checked with.
#[cfg(feature = "deprecated-kinds")]
mod deprecated {
    use credential_code::clock::Clock;
    use credential_code::code::Proof;
    use credential_code::model::{
        ChallengeId, CredentialSecret, OneTimePassword, OtpUrl, Password, PasswordHash, TotpSecret,
    };
    use credential_code::secret::PasswordPolicy;
    use credential_code::testing::TotpClient;

    use super::*;
    use crate::support::secret_body;

    const PASSWORD: &str = "correct horse battery staple";
    const DENIED: &str = "Tr0ub4dor&3";

    fn allow(setup: Setup) -> Setup {
        setup.policy(|policy| policy.kinds(CredentialKind::ALL).passwords(PasswordPolicy::new([DENIED])))
    }

    async fn run(world: &World) -> Vec<String> {
        let challenge = world.challenge(CredentialKind::Totp).await;
        let url = text(&challenge, "otpUrl");
        let base32 = url.split_once("secret=").unwrap().1.split_once('&').unwrap().0;
        let app = TotpClient::scan(&url);
        let right = app.password_at(world.clock.now());
        let wrong = if right.starts_with('0') { "987654" } else { "012345" };
        let mut secrets = vec![base32.into(), right.clone(), wrong.into()];
        let totp = |password: &str| secret_body(&challenge, &json!({ "otpCode": password }));
        world.register(&totp("01234567890")).await.assert_refused(400, "invalid_request");
        world.register(&totp(wrong)).await.assert_refused(400, "invalid_attestation");
        world.host.fail();
        world.register(&totp(&right)).await.assert_refused(500, "internal");
        world.host.recover();
        world.register(&totp(&right)).await.ok();
        world.register(&totp(&right)).await.assert_refused(403, "invalid_challenge");

        let challenge = world.challenge(CredentialKind::Password).await;
        let password = |password: &str| secret_body(&challenge, &json!({ "password": password }));
        let long = "overlong".repeat(200);
        world.register(&password(&long)).await.assert_refused(400, "invalid_request");
        world.register(&password(DENIED)).await.assert_refused(400, "invalid_attestation");
        world.host.fail();
        world.register(&password(PASSWORD)).await.assert_refused(500, "internal");
        world.host.recover();
        world.register(&password(PASSWORD)).await.ok();
        world.register(&password(PASSWORD)).await.assert_refused(403, "invalid_challenge");

        secrets.extend(
            [PASSWORD, DENIED, &DENIED.to_lowercase(), &long, "overlong", "$argon2id$"].map(String::from),
        );
        secrets.extend(app.secret().reveal().chunks(10).map(listed));
        secrets
    }

    #[tokio::test]
    async fn no_secret_is_in_the_log_or_in_an_event_or_in_a_source_of_an_error() {
        let mut secrets = Vec::new();
        let written = written(allow, async |world, _| secrets = run(world).await).await;
        written.iter().for_each(|log| log.assert_without(&secrets));
    }

    #[tokio::test]
    async fn no_answer_of_register_has_a_secret() {
        let world = World::with(allow);
        let challenge = world.challenge(CredentialKind::Password).await;
        let answer = world.register(&secret_body(&challenge, &json!({ "password": PASSWORD }))).await.ok();
        assert!(
            !answer.to_string().contains("argon2id") && !answer.to_string().contains(PASSWORD),
            "{answer}"
        );
    }

    #[test]
    fn no_public_type_shows_a_secret() {
        const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";
        const URL: &str = "otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let secret = TotpSecret::new(*b"12345678901234567890");
        let proofs: [Proof; 2] =
            [Password::new(PASSWORD).unwrap().into(), OneTimePassword::new("287082").unwrap().into()];
        let requests =
            proofs.clone().map(|proof| RegisterRequest::new(ChallengeId::new("id"), "laptop", proof, None));
        let kept = [
            CredentialSecret::Totp { secret: secret.clone(), last_step: 1 },
            CredentialSecret::Password(PasswordHash::new(PHC).unwrap()),
        ];
        let shown = Log::default();
        shown.push(&format!("{proofs:?} {requests:?} {kept:?} {secret:?} {:?}", OtpUrl::new(URL)));
        shown.push(&format!("{:?} {:?}", TotpClient::scan(URL), PasswordPolicy::new([DENIED])));
        shown.push(&format!("{:?} {:?}", Password::new("short"), OneTimePassword::new("28708x")));
        let secrets =
            [PASSWORD, "287082", PHC, "aGFzaGhhc2g", "GEZDGNBV", "12345678901234567890", DENIED, "28708x"];
        shown.assert_without(&secrets.map(String::from));
    }
}
