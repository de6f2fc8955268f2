//! The owner is asked.

use std::sync::Arc;
use std::time::Duration;

use credential_code::host::Caller;
use credential_code::host::{AuthError, AuthRequest, Authenticator, async_trait};
use credential_code::model::{Approval, CredentialId, CredentialKind};
use credential_code::store::{PendingApproval, SlotKey, SlotKeys};
use credential_code::testing::KeyClient;
use credential_code::{CodeFlow, CodePolicy, Storage};
use serde_json::json;

use crate::support::{World, attest, plenty, register_body, text, user};
use crate::table::Table;

#[tokio::test]
async fn nothing_is_in_the_repository_before_the_owner_approves() {
    let world = World::asking(Approval::Asked);
    let (id, answer) = world.pending().await;
    assert_eq!(answer["isActive"], false);
    assert_eq!(answer["enrolmentId"], id.as_str());
    assert_eq!(answer["approval"]["expiration"], "2100-01-01T00:05:00.000Z");
    assert!(answer["approval"].get("checkCode").is_none(), "{answer}");
    assert!(world.host.stored().is_empty());
    let seen = world.enrolment(&id).await;
    assert_eq!(seen["stage"], "pending");
    assert_eq!(seen["expiration"], answer["approval"]["expiration"]);
    assert_eq!(seen["checkCodeAsked"], false);
    assert_eq!(seen["credential"]["isActive"], false);
    assert_eq!(seen["credential"]["credentialUuid"], answer["credentialUuid"]);

    let approved = world.approve(&id, &json!({})).await.ok();
    assert_eq!(approved["isActive"], true);
    assert_eq!(approved["credentialUuid"], answer["credentialUuid"]);
    assert_eq!(approved.as_object().unwrap().len(), 9, "{approved}");
    let [stored] = &world.host.stored()[..] else { panic!("one is stored") };
    assert!(stored.is_active() && stored.uuid.as_str() == text(&answer, "credentialUuid"));
    let seen = world.enrolment(&id).await;
    assert_eq!((&seen["stage"], &seen["credential"]["isActive"]), (&json!("added"), &json!(true)));
    assert!(seen.get("checkCodeAsked").is_none() && seen.get("attemptsLeft").is_none(), "{seen}");
}

#[tokio::test]
async fn every_kind_waits_and_is_stored_as_it_was_verified() {
    let world = World::asking(Approval::Asked);
    for kind in crate::support::KINDS {
        let minted = world.minted().await;
        let challenge = world.exchange(kind, &text(&minted, "code")).await.ok();
        world.register(&register_body(&challenge, &attest(kind, &challenge))).await.ok();
        world.approve(&text(&minted, "enrolmentId"), &json!({})).await.ok();
    }
    let stored = world.host.stored();
    assert_eq!(stored.len(), 4);
    for credential in stored {
        let is_protected = credential.kind == CredentialKind::PasswordProtectedKey;
        assert_eq!(credential.encrypted_private_key.is_some(), is_protected, "{credential:?}");
        assert_eq!(credential.fido2.is_some(), credential.kind == CredentialKind::Fido2, "{credential:?}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_nothing_behind() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    assert_eq!(world.refuse(&id).await.ok()["stage"], "refused");
    let late = world.approve(&id, &json!({})).await;
    late.assert_refused(409, "conflict");
    assert_eq!(late.json()["error"]["stage"], "refused");
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn what_is_not_pending_is_neither_approved_nor_refused() {
    for approval in [Approval::NotAsked, Approval::Asked, Approval::AskedWithCheckCode] {
        let world = World::asking(approval);
        let waiting = text(&world.minted().await, "enrolmentId");
        let (opened, _) = world.opened().await;
        let revoked = text(&world.minted().await, "enrolmentId");
        world.revoke(&revoked).await.ok();
        for (id, stage) in [(waiting, "waiting"), (opened, "opened"), (revoked, "revoked")] {
            for body in [json!({}), json!({ "checkCode": "123456" })] {
                let answer = world.approve(&id, &body).await;
                answer.assert_refused(409, "conflict");
                assert_eq!(answer.json()["error"]["stage"], stage);
            }
            world.refuse(&id).await.assert_refused(409, "conflict");
        }
    }
}

#[tokio::test]
async fn an_approval_that_nobody_gives_lapses() {
    let policy = plenty().approval(Approval::Asked).approval_lifetime(Duration::from_secs(120));
    let world = World::with(|setup| setup.policy(|_| policy));
    let (id, _) = world.pending().await;
    world.advance(Duration::from_secs(120) - Duration::from_millis(1));
    assert_eq!(world.stage(&id).await, "pending");
    world.advance(Duration::from_millis(1));
    world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
    assert_eq!(world.stage(&id).await, "refused");
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn an_owner_who_revokes_what_waits_refuses_it() {
    let world = World::asking(Approval::Asked);
    let (id, _) = world.pending().await;
    assert_eq!(world.revoke(&id).await.ok()["stage"], "revoked");
    world.approve(&id, &json!({})).await.assert_refused(409, "conflict");
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn three_wrong_check_codes_refuse() {
    let world = World::asking(Approval::AskedWithCheckCode);
    let (id, answer) = world.pending().await;
    let right = text(&answer["approval"], "checkCode");
    assert!(right.len() == 6 && right.bytes().all(|byte| byte.is_ascii_digit()), "{right}");
    let wrong = json!({ "checkCode": if right == "000000" { "000001" } else { "000000" } });
    let seen = world.enrolment(&id).await;
    assert_eq!((&seen["checkCodeAsked"], &seen["attemptsLeft"]), (&json!(true), &json!(3)));
    assert!(!seen.to_string().contains(&right), "the owner reads it elsewhere: {seen}");
    for left in [2, 1] {
        world.approve(&id, &wrong).await.assert_refused(403, "invalid_check_code");
        assert_eq!(world.enrolment(&id).await["attemptsLeft"], left);
    }
    world.approve(&id, &wrong).await.assert_refused(403, "invalid_check_code");
    let late = world.approve(&id, &json!({ "checkCode": right })).await;
    late.assert_refused(409, "conflict");
    assert_eq!(late.json()["error"]["stage"], "refused");
    assert!(world.host.stored().is_empty());
}

#[tokio::test]
async fn the_right_check_code_approves_after_two_wrong_ones() {
    let world = World::asking(Approval::AskedWithCheckCode);
    let (id, answer) = world.pending().await;
    let right = text(&answer["approval"], "checkCode");
    let wrong = json!({ "checkCode": if right == "000000" { "000001" } else { "000000" } });
    for _ in 0..2 {
        world.approve(&id, &wrong).await.assert_refused(403, "invalid_check_code");
    }
    world.approve(&id, &json!({ "checkCode": right })).await.ok();
    assert_eq!(world.host.stored().len(), 1);
    // A second time it is said to be there, with its check code and without.
    for body in [json!({ "checkCode": right }), json!({})] {
        let late = world.approve(&id, &body).await;
        late.assert_refused(409, "conflict");
        assert_eq!(late.json()["error"]["stage"], "added");
    }
}

#[tokio::test]
async fn a_missing_or_malformed_check_code_counts_nothing() {
    let world = World::asking(Approval::AskedWithCheckCode);
    let (id, _) = world.pending().await;
    for body in [
        json!({}),
        json!({ "checkCode": "" }),
        json!({ "checkCode": "12345" }),
        json!({ "checkCode": "1234567" }),
        json!({ "checkCode": "12345a" }),
        json!({ "checkCode": "１２３４５６" }),
        json!({ "checkCode": 123456 }),
        json!({ "checkCode": null }),
        json!({ "checkcode": "123456" }),
        json!([]),
    ] {
        world.approve(&id, &body).await.assert_refused(400, "invalid_request");
    }
    assert_eq!(world.enrolment(&id).await["attemptsLeft"], 3);
}

/// Each attempt takes the waiting record, so racing attempts count one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_than_three_check_codes_are_tried_however_many_race() {
    for _ in 0..20 {
        let world = World::asking(Approval::AskedWithCheckCode);
        let (id, answer) = world.pending().await;
        let right: u32 = text(&answer["approval"], "checkCode").parse().unwrap();
        let mut racers = tokio::task::JoinSet::new();
        for offset in 1..=50 {
            let (world, id) = (world.clone(), id.clone());
            let guess = format!("{:06}", (right + offset) % 1_000_000);
            racers.spawn(
                async move { world.approve(&id, &json!({ "checkCode": guess })).await.status.as_u16() },
            );
        }
        let statuses = racers.join_all().await;
        let tried = statuses.iter().filter(|status| **status == 403).count();
        assert!(tried <= 3, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 403 | 409)), "{statuses:?}");
    }
}

#[tokio::test]
async fn the_same_proof_gets_the_same_answer_while_it_waits_and_another_none() {
    let world = World::asking(Approval::AskedWithCheckCode);
    let (id, body) = world.opened().await;
    let first = world.register(&body).await.ok();
    for _ in 0..7 {
        assert_eq!(world.register(&body).await.ok(), first);
    }
    let mut other = body.clone();
    let challenge =
        json!({ "challenge": body_challenge(&body), "challengeIdentifier": body["challengeIdentifier"] });
    other["credentialInfo"] =
        register_body(&challenge, &attest(CredentialKind::Key, &challenge))["credentialInfo"].clone();
    world.register(&other).await.assert_refused(403, "invalid_challenge");
    // A credential that only took the id of the first is refused, too.
    other["credentialInfo"]["credId"] = body["credentialInfo"]["credId"].clone();
    world.register(&other).await.assert_refused(403, "invalid_challenge");
    assert_eq!(world.register(&body).await.ok(), first);
    world.refuse(&id).await.ok();
    world.register(&body).await.assert_refused(403, "invalid_challenge");
}

/// Returns the challenge that a registration answers.
fn body_challenge(body: &serde_json::Value) -> String {
    use base64::Engine as _;
    let data = text(&body["credentialInfo"], "clientData");
    let data = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(data).unwrap();
    text(&serde_json::from_slice(&data).unwrap(), "challenge")
}

#[tokio::test]
async fn a_credential_of_the_owners_is_refused_at_register_and_the_challenge_stays_good() {
    let world = World::asking(Approval::Asked);
    let (first, body) = world.opened().await;
    world.register(&body).await.ok();
    world.approve(&first, &json!({})).await.ok();
    let (id, mut body) = world.opened().await;
    let fresh = body.clone();
    body["credentialInfo"]["credId"] = world.host.stored()[0].id.as_str().into();
    world.register(&body).await.assert_refused(409, "duplicate_credential");
    assert_eq!(world.stage(&id).await, "opened");
    world.register(&fresh).await.ok();
    assert_eq!(world.stage(&id).await, "pending");
}

#[tokio::test]
async fn a_duplicate_at_approval_is_told_to_both_sides() {
    let world = World::asking(Approval::Asked);
    let (first, mut one) = world.opened().await;
    let (second, mut two) = world.opened().await;
    for body in [&mut one, &mut two] {
        body["credentialInfo"]["credId"] = "the same".into();
    }
    world.register(&one).await.ok();
    let answer = world.register(&two).await.ok();
    world.approve(&first, &json!({})).await.ok();
    let refused = world.approve(&second, &json!({})).await;
    refused.assert_refused(409, "duplicate_credential");
    assert_eq!(refused.json()["error"]["stage"], "refused");
    assert_eq!(world.stage(&second).await, "refused");
    let outcome = world.outcome(&json!({ "token": answer["approval"]["token"] })).await.ok();
    assert_eq!(outcome["stage"], "refused");
    assert_eq!(world.host.stored().len(), 1);
}

#[tokio::test]
async fn a_duplicate_that_came_during_approval_is_told_to_both_sides() {
    let world = World::asking(Approval::Asked);
    let (id, body) = world.opened().await;
    world.register(&body).await.ok();
    world.host.hold_insertions();
    let approving = {
        let (world, id) = (world.clone(), id.clone());
        tokio::spawn(async move { world.approve(&id, &json!({})).await })
    };
    while world.host.held_insertions() == 0 {
        tokio::task::yield_now().await;
    }
    let mut other = KeyClient::p256().credential(user(), CredentialKind::Key);
    other.id = CredentialId::new(text(&body["credentialInfo"], "credId")).unwrap();
    world.host.seed(other);
    world.host.release_insertions();
    approving.await.unwrap().assert_refused(409, "duplicate_credential");
    assert_eq!(world.stage(&id).await, "refused");
}

#[tokio::test]
async fn what_waited_is_dropped_when_its_owner_refuses() {
    let table = Arc::new(Table::default());
    let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
    let storage = Storage::shared_records(table.clone(), keys);
    let policy = plenty().approval(Approval::Asked);
    let world = World::with(|setup| setup.storage(storage).policy(|_| policy));
    let (id, _) = world.pending().await;
    assert_eq!(table.slots::<PendingApproval>().len(), 1);
    world.refuse(&id).await.ok();
    assert_eq!(table.slots::<PendingApproval>().len(), 0);
}

/// The first header names the session.
struct Sessions(Arc<credential_code::testing::MemoryHost>);

#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, request: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        let caller = self.0.authenticate(request).await?;
        match request.head.headers.get("x-session") {
            Some(session) => Ok(caller.in_session(session.to_str().unwrap())),
            None => Ok(caller),
        }
    }
}

#[tokio::test]
async fn only_the_session_that_minted_decides() {
    let host = super::two_users();
    let (sessions, users) = (Sessions(host.clone()), host.clone());
    let world = World::with(|setup| {
        let setup = setup.policy(|_| plenty().approval(Approval::Asked));
        setup.site(|site| site.authenticator(sessions).users(users).credentials(host))
    });
    let in_session = |path: String, session: Option<&'static str>, body: &str| {
        let mut request = crate::support::request(&path);
        if let Some(session) = session {
            request = request.header("x-session", session);
        }
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let world = world.clone();
        async move { world.send(request).await }
    };
    let body = json!({ "expiration": world.unix(60) }).to_string();
    let minted = in_session(crate::support::MINT.into(), Some("laptop"), &body).await.ok();
    let challenge = world.exchange(CredentialKind::Key, &text(&minted, "code")).await.ok();
    world.register(&register_body(&challenge, &attest(CredentialKind::Key, &challenge))).await.ok();
    let id = text(&minted, "enrolmentId");
    let [approve, refuse] = ["approve", "refuse"].map(|what| format!("{}/{id}/{what}", super::ENROLMENTS));
    for session in [None, Some("phone")] {
        in_session(approve.clone(), session, "{}").await.assert_refused(403, "forbidden");
        in_session(refuse.clone(), session, "{}").await.assert_refused(403, "forbidden");
    }
    in_session(approve, Some("laptop"), "{}").await.ok();
}

/// A flow of the site that asks nobody is no way around one that asks.
#[tokio::test]
async fn of_two_flows_of_a_site_the_stricter_approval_counts() {
    let world = World::asking(Approval::Asked);
    let lax = CodeFlow::new(&world.site, plenty()).unwrap();
    let code = world.flow.code_format().parse(&world.mint().await).unwrap();
    let party = Arc::new(crate::support::party());
    let request = credential_code::code::ExchangeRequest::new(code, CredentialKind::Key, party);
    let challenge = lax.exchange(request).await.unwrap();
    let proof = KeyClient::p256().attest(CredentialKind::Key, challenge.challenge.as_str());
    let request =
        credential_code::code::RegisterRequest::new(challenge.challenge_id, "laptop", proof, None).unwrap();
    let registration = lax.register(request).await.unwrap();
    assert!(registration.approval.is_some() && !registration.credential.is_active());
    assert!(world.host.stored().is_empty());
}

/// One flow asks the owner, and one asks nobody. A challenge is minted at the second and answered
/// at the first. Sending it again at the second stores nothing.
#[tokio::test]
async fn a_challenge_that_waits_for_approval_waits_at_every_flow() {
    let lax = World::new();
    let strict = CodeFlow::new(&lax.site, plenty().approval(Approval::Asked)).unwrap();
    let (id, body) = lax.opened().await;
    let app = axum::Router::new().nest_service("/auth/credentials", credential_code::CodeRouter::new(strict));
    let mut strict = lax.clone();
    strict.app = app;
    let first = strict.register(&body).await.ok();
    assert_eq!(lax.register(&body).await.ok(), first);
    assert!(lax.host.stored().is_empty());
    strict.approve(&id, &json!({})).await.ok();
    lax.host.clear();
    lax.register(&body).await.assert_refused(403, "invalid_challenge");
    assert!(lax.host.stored().is_empty());
}

#[test]
fn an_approval_takes_a_second_to_ten_minutes() {
    let site = credential_code::testing::site(&Arc::default());
    let build =
        |seconds| CodeFlow::new(&site, CodePolicy::default().approval_lifetime(Duration::from_secs(seconds)));
    for (seconds, is_built) in [(0, false), (1, true), (600, true), (601, false)] {
        assert_eq!(build(seconds).is_ok(), is_built, "{seconds}");
    }
}

#[cfg(feature = "deprecated-kinds")]
#[test]
fn a_secret_that_would_lie_in_a_store_until_it_is_approved_builds_nothing() {
    let site = credential_code::testing::site(&Arc::default());
    let policy = CodePolicy::default().approval(Approval::Asked);
    let refusal = CodeFlow::new(&site, policy.kinds([CredentialKind::Totp])).unwrap_err().to_string();
    assert!(refusal.contains("`approval`") && refusal.contains("`kinds`"), "{refusal}");
}

#[tokio::test]
async fn a_caller_is_the_user_whatever_else_is_said() {
    let caller = Caller::new(user()).in_session("secret-session");
    assert!(!format!("{caller:?}").contains("secret-session"));
}
