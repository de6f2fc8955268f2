//! The whole flow over HTTP, for every kind, with answers checked against the published schemas.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use credential_code::attestation::Attestation;
use credential_code::clock::Clock;
use credential_code::code::{Expiration, LateExpiration};
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository, RelyingPartyList, async_trait};
use credential_code::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    Fido2Policy, NewCredential, Requirement, UserId,
};
use credential_code::testing::{KeyClient, MemoryHost, SoftAuthenticator, StatementFormat};
use credential_code::{CodeLayer, RelyingParty};
use http::{Request, Response, header};
use http_body_util::Full;
use serde_json::{Value, json};
use tower::{Layer, service_fn};

use crate::support::{
    Answer, EXCHANGE, KINDS, MINT, ORIGIN, PARTY, REGISTER, USER, World, ask, assert_uuid, assert_valid,
    attest, base64url, exchange_body, member_names, register_body, request, text, user,
};

fn assert_challenge(kind: CredentialKind, challenge: &Value) {
    assert_valid("init.response", challenge);
    assert_eq!(challenge["kind"], kind.as_str());
    assert_eq!(challenge["temporaryAuthenticationToken"], challenge["challengeIdentifier"]);
    assert_eq!(challenge["rp"], json!({ "id": PARTY, "name": "Example" }));
    let user = json!({ "id": USER, "displayName": "ada@example.com", "name": "ada@example.com" });
    assert_eq!(challenge["user"], user);
    assert_eq!(text(challenge, "challenge").len(), 43, "32 bytes without padding");
    assert_ne!(challenge["challenge"], challenge["challengeIdentifier"]);
    assert_eq!(challenge["attestation"], "none");
    let common = ["attestation", "challenge", "challengeIdentifier"];
    let rest = ["rp", "temporaryAuthenticationToken", "user"];
    let signing = ["kind", "pubKeyCredParams"];
    let names = match kind {
        CredentialKind::Fido2 => {
            let offered = json!([{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }]);
            assert_eq!(challenge["pubKeyCredParams"], offered);
            let selection = json!({
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            });
            assert_eq!(challenge["authenticatorSelection"], selection);
            let (first, second) = common.split_at(1);
            let options = ["publicKey"];
            [first, &["authenticatorSelection"], second, &["excludeCredentials"], &signing, &options, &rest]
                .concat()
        }
        _ => [&common[..], &signing, &rest].concat(),
    };
    assert_eq!(member_names(challenge), names);
}

fn assert_credential(credential: &Value, sent: &Value) {
    assert_valid("verify.response", credential);
    let names = [
        "credentialId",
        "credentialUuid",
        "dateCreated",
        "isActive",
        "kind",
        "name",
        "origin",
        "publicKey",
        "relyingPartyId",
    ];
    let mut published = credential.clone();
    assert!(published.as_object_mut().unwrap().remove("enrolmentId").is_some(), "{credential}");
    assert_eq!(member_names(&published), names);
    assert_eq!(credential["kind"], sent["credentialKind"]);
    assert_eq!(credential["credentialId"], sent["credentialInfo"]["credId"]);
    assert_eq!(credential["name"], sent["credentialName"]);
    assert_eq!(credential["isActive"], true);
    assert_eq!(credential["origin"], ORIGIN);
    assert_eq!(credential["relyingPartyId"], PARTY);
    assert_eq!(credential["dateCreated"], "2100-01-01T00:00:00.000Z", "the clock stands still");
    assert_uuid(&text(credential, "credentialUuid"));
    let pem = text(credential, "publicKey");
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"), "{pem}");
    assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
}

/// Every client that the flow is for, with the encrypted private key that it lets the server keep.
type Client = (&'static str, CredentialKind, fn(CredentialKind, &str) -> Attestation, Option<&'static str>);

const ENCRYPTED: Option<&str> = Some("eyJrZXkiOiJBQUFBIiwiaXYiOiJBQUFBIn0=");

const CLIENTS: [Client; 11] = [
    ("a passkey with no statement", CredentialKind::Fido2, passkey_none, None),
    ("a passkey with no statement, in a browser", CredentialKind::Fido2, passkey_none_text, None),
    ("a self-attested passkey", CredentialKind::Fido2, passkey_packed, None),
    ("a self-attested passkey, in a browser", CredentialKind::Fido2, passkey_packed_text, None),
    ("a P-256 key", CredentialKind::Key, p256, None),
    ("an Ed25519 key", CredentialKind::Key, ed25519, None),
    ("a key that names its origin", CredentialKind::Key, p256_with_origin, None),
    ("a password-protected key", CredentialKind::PasswordProtectedKey, p256, ENCRYPTED),
    ("a recovery key", CredentialKind::RecoveryKey, ed25519, None),
    ("a recovery key with its private half", CredentialKind::RecoveryKey, p256, ENCRYPTED),
    ("a recovery key that encodes the challenge again", CredentialKind::RecoveryKey, p256_text, ENCRYPTED),
];

fn passkey_none(_: CredentialKind, challenge: &str) -> Attestation {
    SoftAuthenticator::new(StatementFormat::None).attest(PARTY, ORIGIN, challenge)
}

fn passkey_none_text(_: CredentialKind, challenge: &str) -> Attestation {
    SoftAuthenticator::new(StatementFormat::None).attest_text(PARTY, ORIGIN, challenge)
}

fn passkey_packed(_: CredentialKind, challenge: &str) -> Attestation {
    SoftAuthenticator::new(StatementFormat::PackedSelf).attest(PARTY, ORIGIN, challenge)
}

fn passkey_packed_text(_: CredentialKind, challenge: &str) -> Attestation {
    SoftAuthenticator::new(StatementFormat::PackedSelf).attest_text(PARTY, ORIGIN, challenge)
}

fn p256(kind: CredentialKind, challenge: &str) -> Attestation {
    KeyClient::p256().attest(kind, challenge)
}

fn p256_text(kind: CredentialKind, challenge: &str) -> Attestation {
    KeyClient::p256().attest(kind, &base64url(challenge.as_bytes()))
}

fn ed25519(kind: CredentialKind, challenge: &str) -> Attestation {
    KeyClient::ed25519().attest(kind, challenge)
}

fn p256_with_origin(kind: CredentialKind, challenge: &str) -> Attestation {
    let data =
        json!({ "challenge": challenge, "crossOrigin": false, "origin": ORIGIN, "type": "key.create" });
    KeyClient::p256().attest_client_data(kind, data.to_string())
}

/// Runs the flow of one client. The closure sends its requests.
async fn run(world: &World, client: Client, send: impl AsyncFn(&'static str, Value) -> Answer) {
    let (name, kind, attest, encrypted) = client;
    let mint = json!({ "expiration": world.unix(60) });
    assert_valid("code.request", &mint);
    let minted = send(MINT, mint).await.ok();
    assert_valid("code.response", &minted);
    assert_eq!(member_names(&minted), ["code", "enrolmentId", "expiration"]);
    assert_eq!(minted["expiration"], "2100-01-01T00:01:00.000Z");

    let exchange = exchange_body(kind, &text(&minted, "code"));
    assert_valid("init.request", &exchange);
    let challenge = send(EXCHANGE, exchange).await.ok();
    assert_challenge(kind, &challenge);

    let mut register = register_body(&challenge, &attest(kind, &text(&challenge, "challenge")));
    if let Some(encrypted) = encrypted {
        register["encryptedPrivateKey"] = encrypted.into();
    }
    assert_valid("verify.request", &register);
    let credential = send(REGISTER, register.clone()).await.ok();
    assert_credential(&credential, &register);

    let stored = world.host.stored();
    let [stored] = &stored[..] else { panic!("{name}: {stored:?}") };
    assert_eq!(stored.user, user(), "{name}");
    assert_eq!(stored.public_key.as_ref().unwrap().to_pem(), text(&credential, "publicKey"), "{name}");
    assert_eq!(stored.uuid.as_str(), text(&credential, "credentialUuid"), "{name}");
    assert_eq!(stored.encrypted_private_key.as_ref().map(|key| key.reveal()), encrypted, "{name}");
    assert_eq!(stored.fido2.is_some(), kind == CredentialKind::Fido2, "{name}");
}

#[tokio::test]
async fn every_client_registers_through_the_router() {
    for client in CLIENTS {
        let world = World::new();
        run(&world, client, async |path, body| world.post_json(path, &body).await).await;
    }
}

#[tokio::test]
async fn every_client_registers_through_the_layer_in_a_bare_stack() {
    for client in CLIENTS {
        let world = World::new();
        let inner = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, Infallible>(Response::builder().status(418).body(Full::<Bytes>::default()).unwrap())
        });
        let service = CodeLayer::new(world.flow.clone()).layer(inner);
        run(&world, client, async |path, body| {
            let body = body.to_string();
            ask(service.clone(), request(path).body(Full::from(body.clone())).unwrap(), &body).await
        })
        .await;
    }
}

#[tokio::test]
async fn exchange_and_register_need_nothing_but_their_bodies() {
    for authorization in [None, Some("Bearer nobody"), Some("Basic AAAA"), Some("")] {
        let world = World::new();
        let send = async |path: &str, body: &Value| {
            let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
            if let Some(value) = authorization {
                request = request.header(header::AUTHORIZATION, value).header("x-dfns-nonce", "e30");
            }
            world.send(request.body(Body::from(body.to_string())).unwrap()).await
        };
        let code = world.mint().await;
        let challenge = send(EXCHANGE, &exchange_body(CredentialKind::Key, &code)).await.ok();
        let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
        send(REGISTER, &body).await.ok();

        let refused = send(MINT, &json!({ "expiration": world.unix(60) })).await;
        refused.assert_refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_media_type_may_have_parameters() {
    let world = World::new();
    for media_type in
        ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json;"]
    {
        let request = Request::post(MINT)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::AUTHORIZATION, format!("Bearer {USER}"))
            .body(json!({ "expiration": world.unix(60) }).to_string().into());
        world.send(request.unwrap()).await.ok();
    }
}

#[tokio::test]
async fn password_and_totp_are_refused_by_a_message_that_names_what_is_allowed() {
    let world = World::new();
    let code = world.mint().await;
    for kind in [CredentialKind::Password, CredentialKind::Totp] {
        let answer = world.exchange(kind, &code).await;
        answer.assert_refused(400, "invalid_request");
        let message = text(&answer.json(), "message");
        for allowed in KINDS {
            assert!(message.contains(allowed.as_str()), "{message}");
        }
    }
    world.exchange(CredentialKind::Key, &code).await.ok();
}

#[tokio::test]
async fn a_kind_that_the_host_did_not_allow_is_refused_and_spends_nothing() {
    let world = World::with(|setup| setup.policy(|policy| policy.kinds([CredentialKind::Key])));
    let code = world.mint().await;
    let answer = world.exchange(CredentialKind::Fido2, &code).await;
    answer.assert_refused(400, "invalid_request");
    let message = text(&answer.json(), "message");
    assert!(message.contains("Key") && !message.contains("RecoveryKey"), "{message}");
    let challenge = world.exchange(CredentialKind::Key, &code).await.ok();

    let body = register_body(&challenge, &attest(CredentialKind::RecoveryKey, &challenge));
    world.register(&body).await.assert_refused(400, "invalid_request");
    let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
    world.register(&body).await.ok();
}

fn stored(world: &World, kind: CredentialKind, party: &str, number: u64) -> Credential {
    let id = base64url(format!("credential {party} {kind} {number}").as_bytes());
    let mut credential = Credential::new(
        user(),
        kind,
        CredentialId::new(id).unwrap(),
        CredentialUuid::new(format!("cr-aaaaa-bbbbb-{number:016}")).unwrap(),
        KeyClient::p256().public_key().clone(),
        party,
        RelyingParty::new(party, "", [format!("https://{party}")]).unwrap().origins()[0].clone(),
    );
    credential.created_at = world.clock.now() - Duration::from_secs(number);
    credential
}

#[tokio::test]
async fn only_active_passkeys_of_the_same_relying_party_are_excluded() {
    let world = World::new();
    let wanted = stored(&world, CredentialKind::Fido2, PARTY, 1);
    let mut deactivated = stored(&world, CredentialKind::Fido2, PARTY, 2);
    deactivated.status = CredentialStatus::Deactivated;
    let mut another_users = stored(&world, CredentialKind::Fido2, PARTY, 3);
    another_users.user = UserId::new("us-eve").unwrap();
    world.host.seed(stored(&world, CredentialKind::Key, PARTY, 4));
    world.host.seed(stored(&world, CredentialKind::Fido2, "example.org", 5));
    world.host.seed(deactivated);
    world.host.seed(another_users);
    world.host.seed(wanted.clone());

    let challenge = world.challenge(CredentialKind::Fido2).await;

    assert_valid("init.response", &challenge);
    let only = json!([{ "type": "public-key", "id": wanted.id.as_str() }]);
    assert_eq!(challenge["excludeCredentials"], only);
}

#[tokio::test]
async fn of_too_many_passkeys_the_newest_64_are_excluded() {
    let world = World::new();
    let all: Vec<_> = (0..70).map(|number| stored(&world, CredentialKind::Fido2, PARTY, number)).collect();
    all.iter().rev().for_each(|credential| world.host.seed(credential.clone()));

    let challenge = world.challenge(CredentialKind::Fido2).await;

    let excluded = challenge["excludeCredentials"].as_array().unwrap();
    let expected: Vec<_> = all[..64].iter().map(|credential| credential.id.as_str()).collect();
    assert_eq!(excluded.iter().map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(), expected);
}

/// A repository that gives more passkeys than it was asked for.
struct Careless(Arc<MemoryHost>);

#[async_trait]
impl CredentialRepository for Careless {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        self.0.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        self.0.insert(credential, most).await
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        _: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        self.0.passkeys(user, relying_party_id, usize::MAX).await
    }
}

#[tokio::test]
async fn of_too_many_passkeys_64_are_excluded_whatever_the_repository_gives() {
    let host = Arc::<MemoryHost>::default();
    let careless = Careless(host.clone());
    let world = World::with(|setup| setup.site(|site| site.credentials(careless)));
    (0..70).for_each(|number| host.seed(stored(&world, CredentialKind::Fido2, PARTY, number)));

    let challenge = world.challenge(CredentialKind::Fido2).await;

    assert_eq!(challenge["excludeCredentials"].as_array().unwrap().len(), 64);
}

#[tokio::test]
async fn a_registered_passkey_is_excluded_next_time() {
    let world = World::new();
    let credential = world.register(&world.registration(CredentialKind::Fido2).await).await.ok();

    let challenge = world.challenge(CredentialKind::Fido2).await;

    assert_eq!(challenge["excludeCredentials"][0]["id"], credential["credentialId"]);
}

#[tokio::test]
async fn what_is_asked_of_a_passkey_is_what_the_host_configured() {
    let mut policy = Fido2Policy::default();
    policy.user_verification = Requirement::Discouraged;
    policy.resident_key = Requirement::Preferred;
    policy.attachment = Some(credential_code::model::AuthenticatorAttachment::CrossPlatform);
    policy.attestation = credential_code::model::AttestationConveyance::Direct;
    let world = World::with(|setup| setup.policy(|codes| codes.fido2_policy(policy)));

    let challenge = world.challenge(CredentialKind::Fido2).await;

    assert_valid("init.response", &challenge);
    assert_eq!(challenge["attestation"], "direct");
    let selection = json!({
        "authenticatorAttachment": "cross-platform", "residentKey": "preferred", "requireResidentKey": false,
        "userVerification": "discouraged",
    });
    assert_eq!(challenge["authenticatorSelection"], selection);
    let mut present = SoftAuthenticator::new(StatementFormat::None);
    present.flags &= !SoftAuthenticator::USER_VERIFIED;
    let proof = present.attest(PARTY, ORIGIN, &text(&challenge, "challenge"));
    world.register(&register_body(&challenge, &proof)).await.ok();
}

#[tokio::test]
async fn a_keys_client_may_pad_its_base64url_and_name_its_key_as_it_likes() {
    let world = World::new();
    let challenge = world.challenge(CredentialKind::Key).await;
    let mut body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
    let id = "arn:aws:kms:eu-west-1:1:key/ä==";
    body["credentialInfo"]["credId"] = id.into();
    for member in ["clientData", "attestationData"] {
        let unpadded = text(&body["credentialInfo"], member);
        let padding = "=".repeat(unpadded.len().next_multiple_of(4) - unpadded.len());
        body["credentialInfo"][member] = (unpadded + &padding).into();
    }

    let credential = world.register(&body).await.ok();

    assert_eq!(credential["credentialId"], id);
}

#[tokio::test]
async fn a_passkey_of_an_android_app_is_registered_under_the_apps_origin() {
    let app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN, app]).unwrap();
    let world = World::with(|setup| setup.parties(RelyingPartyList::from(party)));
    for format in [StatementFormat::None, StatementFormat::PackedSelf] {
        let challenge = world.challenge(CredentialKind::Fido2).await;
        let signed = text(&challenge, "challenge");
        let proof = SoftAuthenticator::new(format).attest(PARTY, app, &signed);
        let credential = world.register(&register_body(&challenge, &proof)).await.ok();
        assert_eq!(credential["origin"], app);
    }
}

#[test]
fn an_expiration_is_after_1970() {
    assert!(Expiration::from_unix(0).is_err());
    assert!(Expiration::from_unix(1).is_ok());
}

/// The clock of the laptop is a minute ahead.
#[tokio::test]
async fn a_code_that_is_wanted_for_too_long_is_refused_or_shortened_as_the_policy_says() {
    for (late, expected) in [(LateExpiration::Refused, 400), (LateExpiration::Shortened, 200)] {
        let world = World::with(|setup| setup.policy(|policy| policy.late_expiration(late)));
        let answer = world.post_json(MINT, &json!({ "expiration": world.unix(125) })).await;
        assert_eq!(answer.status, expected, "{late:?}");
        if expected == 200 {
            let said = text(&answer.json(), "expiration");
            assert_eq!(
                Expiration::from_rfc3339(&said).unwrap(),
                Expiration::from_unix(world.unix(60)).unwrap()
            );
        }
    }
}
