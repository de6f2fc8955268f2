//! No secret shows in what is written down: `Debug`, errors, events, the log.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use credential_code::action::{ActionRequest, CompleteRequest, RedeemRequest};
use credential_code::attestation::Attestation;
#[cfg(feature = "webauthn-rs")]
use credential_code::attestation::AttestationEngine;
use credential_code::code::{ExchangeRequest, Expiration, MintRequest, RegisterRequest};
use credential_code::event::Event;
use credential_code::host::{AuthRequest, Caller};
use credential_code::model::{ActionProof, ChallengeId, CredentialKind, EncryptedPrivateKey};
use credential_code::store::{CodeGrant, SlotKey, SlotKeys};
use credential_code::testing::{KeyClient, SoftAuthenticator, StatementFormat};
use credential_code::{CodeRouter, RelyingParty, Storage};
use http::Request;
use serde_json::{Value, json};
use tower::Service as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::flaky::Flaky;
use crate::support::{
    self, Answer, KINDS, ORIGIN, PARTY, Setup, World, attest, base64url, exchange_body, register_body, text,
    user,
};

const PEM: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPnotForAnybody\n-----END PRIVATE KEY-----\n";
const ENCRYPTED: &str = "c2VjcmV0LWJ1dC1lbmNyeXB0ZWQ=";

/// The lines that were written down.
#[derive(Clone, Default)]
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
            let bytes = format!("{:?}", secret.as_bytes());
            assert!(!log.contains(secret), "{secret} in {log}");
            assert!(!log.contains(bytes.trim_matches(['[', ']'])), "{secret} as bytes in {log}");
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
async fn written(change: impl FnOnce(Setup) -> Setup, run: impl AsyncFnOnce(&World)) -> [Log; 2] {
    let (log, events) = (Log::default(), Log::default());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let heard = events.clone();
    let world = World::with(|setup| {
        change(setup).events(move |event: &Event<'_>| {
            heard.push(&format!("{event:?} {event:#?}\n"));
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
    run(&world).await;
    drop(guard);
    let ours = Log::default();
    let all = log.0.lock().unwrap().clone();
    all.lines().filter(|line| !line.contains("webauthn_rs_core")).for_each(|line| ours.push(line));
    assert!(ours.0.lock().unwrap().contains("a credential was registered"));
    [ours, events]
}

#[tokio::test]
async fn no_secret_is_in_the_log_or_in_an_event_or_in_a_source_of_an_error() {
    let mut secrets = Vec::new();
    let written = written(
        |setup| setup,
        async |world| {
            secrets = run(world).await;
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
        async |world| {
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
        async |world| {
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
        secrets.extend(
            app.secret()
                .reveal()
                .chunks(10)
                .map(|bytes| format!("{bytes:?}").trim_matches(['[', ']']).into()),
        );
        secrets
    }

    #[tokio::test]
    async fn no_secret_is_in_the_log_or_in_an_event_or_in_a_source_of_an_error() {
        let mut secrets = Vec::new();
        let written = written(allow, async |world| secrets = run(world).await).await;
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
