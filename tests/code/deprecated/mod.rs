//! The kinds that the published schema deprecates, for hosts that list them.

mod password;
mod totp;

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use credential_code::assertion::{AssertionError, Expected, verify};
use credential_code::clock::Clock;
use credential_code::error::BoxError;
use credential_code::host::{Addition, CredentialRepository};
use credential_code::model::{
    Challenge, Credential, CredentialId, CredentialKind, CredentialSecret, Fido2Properties, NewCredential,
    User, UserId, UserStatus,
};
use credential_code::secret::PasswordPolicy;
use credential_code::testing::{
    KeyClient, MemoryHost, PasswordClient, SoftAuthenticator, StatementFormat, TotpClient, secret_contract,
};
use credential_code::{CodeLayer, RelyingParty};
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tower::{Layer, service_fn};

use crate::support::{
    Answer, EXCHANGE, KINDS, MINT, ORIGIN, PARTY, REGISTER, Setup, World, ask, assert_uuid, assert_valid,
    attest, exchange_body, member_names, register_body, request, secret_body, text, user,
};

pub(crate) const DEPRECATED: [CredentialKind; 2] = [CredentialKind::Password, CredentialKind::Totp];
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn policy() -> PasswordPolicy {
    PasswordPolicy::new(["Password1", "letmein1"])
}

/// Creates a world that allows every kind.
pub(crate) fn world() -> World {
    world_with(|setup| setup)
}

pub(crate) fn world_with(change: impl FnOnce(Setup) -> Setup) -> World {
    World::with(|setup| change(setup.policy(|all| all.kinds(CredentialKind::ALL).passwords(policy()))))
}

/// Returns the answer that a good client of the kind gives now.
pub(crate) fn good(world: &World, challenge: &Value) -> Value {
    match challenge["kind"].as_str() {
        Some("Totp") => {
            let password = TotpClient::scan(&text(challenge, "otpUrl")).password_at(world.clock.now());
            secret_body(challenge, &json!({ "otpCode": password }))
        }
        Some("Password") => secret_body(challenge, &json!({ "password": PASSWORD })),
        kind => panic!("{kind:?} signs"),
    }
}

/// Returns the secret of the one credential that the host has.
pub(crate) fn only_secret(world: &World) -> CredentialSecret {
    let stored = world.host.stored();
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    world.host.secret(&stored.id).unwrap()
}

fn assert_challenge(kind: CredentialKind, challenge: &Value) {
    assert_valid("init.response", challenge);
    assert_eq!(challenge["kind"], kind.as_str());
    assert_eq!(challenge["temporaryAuthenticationToken"], challenge["challengeIdentifier"]);
    assert_eq!(challenge["rp"], json!({ "id": PARTY, "name": "Example" }));
    let common = ["challengeIdentifier", "kind", "rp", "temporaryAuthenticationToken", "user"];
    match kind {
        CredentialKind::Totp => {
            assert_eq!(member_names(challenge), [&common[..2], &["otpUrl"], &common[2..]].concat());
        }
        _ => assert_eq!(member_names(challenge), common),
    }
}

async fn run(world: &World, kind: CredentialKind, send: impl AsyncFn(&'static str, Value) -> Answer) {
    let minted = send(MINT, json!({ "expiration": world.unix(60) })).await.ok();
    let exchange = exchange_body(kind, &text(&minted, "code"));
    assert_valid("init.request", &exchange);
    let challenge = send(EXCHANGE, exchange).await.ok();
    assert_challenge(kind, &challenge);
    let body = good(world, &challenge);
    assert_valid("verify.request", &body);

    let credential = send(REGISTER, body).await.ok();

    assert_valid("verify.response", &credential);
    assert_eq!(credential["kind"], kind.as_str());
    assert_eq!(credential["publicKey"], "");
    assert_eq!(credential["origin"], ORIGIN);
    assert_eq!(credential["relyingPartyId"], PARTY);
    assert_eq!(credential["name"], "laptop");
    assert_eq!(credential["isActive"], true);
    assert_eq!(credential.as_object().unwrap().len(), 10, "nine and enrolmentId: {credential}");
    assert_uuid(&text(&credential, "credentialUuid"));
    let id = text(&credential, "credentialId");
    let is_base64url = |symbol: char| symbol.is_ascii_alphanumeric() || "-_".contains(symbol);
    assert!(id.len() == 43 && id.chars().all(is_base64url), "32 bytes without padding: {id}");

    let stored = world.host.stored();
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!((&stored.user, stored.kind, stored.id.as_str()), (&user(), kind, &*id));
    assert!(stored.public_key.is_none() && stored.fido2.is_none() && stored.encrypted_private_key.is_none());
    match (kind, only_secret(world)) {
        (CredentialKind::Totp, CredentialSecret::Totp { secret, last_step }) => {
            assert_eq!(&secret, TotpClient::scan(&text(&challenge, "otpUrl")).secret());
            assert_eq!(last_step, world.unix(0) / 30);
        }
        (CredentialKind::Password, CredentialSecret::Password(hash)) => {
            assert!(PasswordClient::new(PASSWORD).opens(&hash));
        }
        (kind, secret) => panic!("{kind} with {secret:?}"),
    }
}

#[tokio::test]
async fn both_kinds_register_through_the_router() {
    for kind in DEPRECATED {
        let world = world();
        run(&world, kind, async |path, body| world.post_json(path, &body).await).await;
    }
}

#[tokio::test]
async fn both_kinds_register_through_the_layer_in_a_bare_stack() {
    for kind in DEPRECATED {
        let world = world();
        let inner = service_fn(|_: Request<Full<Bytes>>| async {
            Ok::<_, Infallible>(Response::builder().status(418).body(Full::<Bytes>::default()).unwrap())
        });
        let service = CodeLayer::new(world.flow.clone()).layer(inner);
        run(&world, kind, async |path, body| {
            let body = body.to_string();
            ask(service.clone(), request(path).body(Full::from(body.clone())).unwrap(), &body).await
        })
        .await;
    }
}

#[tokio::test]
async fn a_kind_that_is_not_listed_is_refused_by_name_and_spends_nothing() {
    for (allowed, refused) in [
        (vec![CredentialKind::Totp], CredentialKind::Password),
        (vec![CredentialKind::Password, CredentialKind::Key], CredentialKind::Totp),
        (KINDS.to_vec(), CredentialKind::Totp),
        (KINDS.to_vec(), CredentialKind::Password),
    ] {
        let world =
            World::with(|setup| setup.policy(|kinds| kinds.kinds(allowed.clone()).passwords(policy())));
        let code = world.mint().await;
        let answer = world.exchange(refused, &code).await;
        answer.assert_refused(400, "invalid_request");
        let message = text(&answer.json(), "message");
        let (_, named) = message.rsplit_once(": ").unwrap();
        let names: Vec<_> = allowed.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(named, names.join(", ") + ".");

        let mut challenge = world.exchange(allowed[0], &code).await.ok();
        let own = challenge["kind"].take();
        challenge["kind"] = refused.as_str().into();
        let info = match refused {
            CredentialKind::Password => json!({ "password": PASSWORD }),
            _ => json!({ "otpCode": "123456" }),
        };
        world.register(&secret_body(&challenge, &info)).await.assert_refused(400, "invalid_request");
        challenge["kind"] = own;
        let body = match allowed[0] {
            CredentialKind::Totp | CredentialKind::Password => good(&world, &challenge),
            kind => register_body(&challenge, &attest(kind, &challenge)),
        };
        world.register(&body).await.ok();
    }
}

#[tokio::test]
async fn a_challenge_is_spent_by_register_and_its_replay_gains_nothing() {
    for kind in DEPRECATED {
        let world = world();
        let challenge = world.challenge(kind).await;
        let body = good(&world, &challenge);
        world.register(&body).await.ok();
        world.register(&body).await.assert_refused(403, "invalid_challenge");
        assert_eq!(world.host.stored().len(), 1);
    }
}

#[tokio::test]
async fn a_proof_of_another_kind_than_the_challenges_spends_it() {
    let world = world();
    for kind in [CredentialKind::Totp, CredentialKind::Password, CredentialKind::Key] {
        for (other, info) in [
            (CredentialKind::Totp, json!({ "otpCode": "123456" })),
            (CredentialKind::Password, json!({ "password": PASSWORD })),
        ] {
            if kind == other {
                continue;
            }
            let mut challenge = world.challenge(kind).await;
            let own = challenge["kind"].take();
            challenge["kind"] = other.as_str().into();
            let answer = world.register(&secret_body(&challenge, &info)).await;
            answer.assert_refused(400, "invalid_attestation");
            challenge["kind"] = own;
            let body = match kind {
                CredentialKind::Key => register_body(&challenge, &attest(kind, &challenge)),
                _ => good(&world, &challenge),
            };
            world.register(&body).await.assert_refused(403, "invalid_challenge");
        }
    }
    for kind in DEPRECATED {
        let challenge = world.challenge(kind).await;
        // The server never tells this challenge, so a client can only guess it.
        let guessed = json!({ "challenge": "A".repeat(43) });
        let mut body = register_body(&challenge, &attest(CredentialKind::Key, &guessed));
        body["challengeIdentifier"] = challenge["challengeIdentifier"].clone();
        world.register(&body).await.assert_refused(400, "invalid_attestation");
        world.register(&good(&world, &challenge)).await.assert_refused(403, "invalid_challenge");
    }
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn a_failing_host_spends_no_challenge() {
    for kind in DEPRECATED {
        let world = world();
        let challenge = world.challenge(kind).await;
        let body = good(&world, &challenge);
        world.host.fail();
        world.register(&body).await.assert_refused(500, "internal");
        world.host.recover();
        world.register(&body).await.ok();
    }
}

/// A host whose database commits an insertion and loses the answer.
struct Forgetful(Arc<MemoryHost>);

#[async_trait]
impl CredentialRepository for Forgetful {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        self.0.credentials(user).await
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        match self.0.insert(credential, most).await? {
            Addition::Added => Err("the connection was lost".into()),
            refused @ (Addition::Duplicate | Addition::Full) => Ok(refused),
        }
    }
}

#[tokio::test]
async fn a_challenge_makes_one_credential_also_of_a_host_that_stores_it_and_then_fails() {
    for kind in DEPRECATED {
        let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
        let forgetful = Arc::new(Forgetful(host.clone()));
        let world = world_with(|setup| setup.site(|site| site.users(host.clone()).credentials(forgetful)));
        let challenge = world.challenge(kind).await;
        let body = good(&world, &challenge);
        world.register(&body).await.assert_refused(500, "internal");
        world.register(&body).await.assert_refused(409, "duplicate_credential");
        assert_eq!(host.stored().len(), 1);
    }
}

#[tokio::test]
async fn a_user_who_was_deactivated_meanwhile_gets_nothing() {
    for kind in DEPRECATED {
        let world = world();
        let challenge = world.challenge(kind).await;
        world.host.set_status(&user(), UserStatus::Deactivated);
        world.register(&good(&world, &challenge)).await.assert_refused(403, "invalid_challenge");
        assert!(world.host.stored().is_empty());
    }
}

#[tokio::test]
async fn a_challenge_expires_at_its_expiry() {
    for kind in DEPRECATED {
        let world = world();
        let challenge = world.challenge(kind).await;
        world.advance(std::time::Duration::from_secs(300));
        world.register(&good(&world, &challenge)).await.assert_refused(403, "invalid_challenge");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_racing_registers_one_wins() {
    for kind in DEPRECATED {
        let world = world();
        let challenge = world.challenge(kind).await;
        let body = good(&world, &challenge);
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..500 {
            let (world, body) = (world.clone(), body.clone());
            racers.spawn(async move { world.register(&body).await.status.as_u16() });
        }
        let statuses = racers.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{kind}");
        assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 499, "{kind}");
        assert_eq!(world.host.stored().len(), 1);
    }
}

#[test]
fn a_credential_without_a_public_key_signs_nothing() {
    let party = RelyingParty::new(PARTY, "Example", [ORIGIN]).unwrap();
    let challenge = Challenge::new("A".repeat(43)).unwrap();
    let client = KeyClient::p256();
    for kind in CredentialKind::ALL {
        let mut credential = client.credential(user(), kind);
        credential.public_key = None;
        credential.fido2 = Some(Fido2Properties::new("none"));
        let authenticator = SoftAuthenticator::new(StatementFormat::None);
        let mut passkey = authenticator.assert(PARTY, ORIGIN, challenge.as_str());
        passkey.credential_id = credential.id.clone();
        let signed = match kind {
            CredentialKind::Fido2 => passkey,
            _ => client.assert(kind, challenge.as_str()),
        };
        let refused = verify(&party, &Expected::new(&challenge), &credential, &signed).unwrap_err();
        assert!(matches!(refused, AssertionError::Kind), "{kind}: {refused:?}");
    }
}

#[tokio::test]
async fn the_host_in_memory_keeps_secrets_with_their_credentials() {
    let world = world();
    secret_contract(&*world.host, &user(), async |id| world.host.secret(id)).await;
}

#[tokio::test]
#[should_panic(expected = "a_secret_is_stored_with_its_credential")]
async fn a_host_that_loses_secrets_is_found_out() {
    let host = MemoryHost::default();
    secret_contract(&host, &UserId::new("us-1").unwrap(), async |_: &CredentialId| None).await;
}
