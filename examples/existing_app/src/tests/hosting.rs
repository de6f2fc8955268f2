//! What the library needs from a host: sessions, tables, notices.

use axum::body::Body;
use axum::http::{Method, Request, header};
use credential_code::RelyingParty;
use credential_code::model::{CredentialKind, UserId};
use credential_code::testing::{management_contract, repository_contract};
use serde_json::{Value, json};
use uuid::Uuid;

use super::browser::{APP1, APP2, Browser, World};
use super::codes::in_a_minute;
use crate::codes::host::Host;

const MINT: &str = "/auth/credentials/code";

#[tokio::test]
async fn nothing_changes_from_another_origin_or_without_one() {
    let world = World::new().await;
    let (mut ada, old) = world.ada().await;
    let action = ada.signed(&old, "POST", MINT, &in_a_minute()).await;

    for origin in [Some(APP2), Some("https://evil.test"), Some("null"), None] {
        let mut request = Request::post(MINT).header(header::CONTENT_TYPE, "application/json");
        request = request.header("x-dfns-useraction", &action);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.body(Body::from(in_a_minute().to_string())).unwrap();
        assert_eq!(ada.send(request).await.refusal(), "forbidden", "{origin:?}");
    }
}

#[tokio::test]
async fn an_old_session_looks_and_changes_nothing_until_a_new_sign_in() {
    let world = World::new().await;
    let (mut ada, old) = world.ada().await;
    // As if eleven minutes had passed.
    let age = "UPDATE sessions SET record = json_set(record, '$.data.signed_in_at',
        json_extract(record, '$.data.signed_in_at') - 660)";
    sqlx::query(age).execute(&world.db).await.unwrap();

    assert_eq!(ada.listed().await.len(), 1);
    assert_eq!(ada.post(MINT, &in_a_minute()).await.refusal(), "step_up_required");
    ada.sign_in(&old).await.ok();
    ada.mint(&old).await;
}

#[tokio::test]
async fn nobody_mints_or_lists_without_a_session() {
    let world = World::new().await;
    let mut stranger = world.browser(APP1);
    assert_eq!(stranger.post(MINT, &in_a_minute()).await.refusal(), "unauthenticated");
    assert_eq!(stranger.get("/auth/credentials").await.refusal(), "unauthenticated");
}

async fn mails(world: &World) -> Vec<String> {
    sqlx::query_scalar("SELECT mail FROM outbox ORDER BY id").fetch_all(&world.db).await.unwrap()
}

/// Returns a browser at app 2 in which a passkey is about to be registered.
async fn about_to_register(world: &World) -> (Browser, super::browser::Passkey, Value) {
    let (mut ada, old) = world.ada().await;
    let code = ada.mint(&old).await;
    let mut app2 = world.browser(APP2);
    let (new, challenge) = app2.exchange(&code).await;
    (app2, new, challenge)
}

#[tokio::test]
async fn the_notice_lies_in_the_outbox_and_its_link_takes_the_passkey_back() {
    let world = World::new().await;
    let (mut app2, new, challenge) = about_to_register(&world).await;
    assert!(mails(&world).await.is_empty());
    app2.register(&new, &challenge).await.ok();

    let [mail] = mails(&world).await.try_into().unwrap();
    let (about, token) = mail.split_once(&format!("{APP1}/undo#")).unwrap();
    assert!(about.contains("phone"), "{mail}");
    let mut anywhere = world.browser(APP1);
    anywhere.post("/auth/credentials/enrolments/undo", &json!({ "token": token })).await.ok();
    assert_eq!(world.count("passkeys").await, 1);
    assert!(!world.browser(APP2).sign_in(&new).await.status.is_success());
}

#[tokio::test]
async fn a_notice_that_can_not_be_written_leaves_no_passkey() {
    let world = World::new().await;
    let (mut app2, new, challenge) = about_to_register(&world).await;
    sqlx::query("ALTER TABLE outbox RENAME TO elsewhere").execute(&world.db).await.unwrap();
    assert_eq!(app2.register(&new, &challenge).await.refusal(), "internal");
    assert_eq!((world.count("passkeys").await, world.count("elsewhere").await), (1, 0));

    sqlx::query("ALTER TABLE elsewhere RENAME TO outbox").execute(&world.db).await.unwrap();
    app2.register(&new, &challenge).await.ok();
    assert_eq!((world.count("passkeys").await, world.count("outbox").await), (2, 1));
}

#[tokio::test]
async fn passkeys_from_before_are_listed_and_sign() {
    let world = World::new().await;
    let (mut ada, old) = world.ada().await;
    // The table before it was migrated.
    let back = "DROP TRIGGER passkeys_of_sign_up; DROP INDEX passkeys_by_uuid;
        ALTER TABLE passkeys DROP COLUMN uuid; ALTER TABLE passkeys DROP COLUMN name;
        ALTER TABLE passkeys DROP COLUMN origin; ALTER TABLE passkeys DROP COLUMN party; ALTER TABLE passkeys DROP COLUMN created_at;
        ALTER TABLE passkeys DROP COLUMN status; DELETE FROM migrations WHERE number = 2";
    sqlx::raw_sql(back).execute(&world.db).await.unwrap();
    let after = World::over(world.db.clone(), None).await;

    ada.router = after.router.clone();
    let [listed] = ada.listed().await.try_into().unwrap();
    assert_eq!((&listed["name"], &listed["origin"]), (&json!("Passkey"), &json!(APP1)));
    ada.mint(&old).await;
}

#[tokio::test]
async fn the_table_keeps_every_law_of_the_librarys_suites() {
    let world = World::new().await;
    // The suite stores credentials for that domain.
    let party = RelyingParty::new("example.com", "The application", [APP1]).unwrap();
    let host = Host { db: world.db.clone(), party };
    let mut users = Vec::new();
    for name in ["ada", "bob"] {
        let id = Uuid::new_v4().to_string();
        let insert = sqlx::query("INSERT INTO users (id, name) VALUES (?1, ?2)").bind(&id).bind(name);
        insert.execute(&world.db).await.unwrap();
        users.push(UserId::new(id).unwrap());
    }
    let users = users.try_into().unwrap();
    repository_contract(&host, &users, &[CredentialKind::Fido2]).await;
    management_contract(&host, &users, &[CredentialKind::Fido2]).await;
}

#[tokio::test]
async fn what_app_2_may_not_do_it_is_refused_before_it_asks() {
    let world = World::new().await;
    let preflight = |path: &str, origin: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
            .body(Body::empty())
            .unwrap()
    };
    let mut browser = world.browser(APP2);
    for step in ["/auth/credentials/code/init", "/auth/credentials/code/verify"] {
        let answer = browser.send(preflight(step, APP2)).await;
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], APP2, "{step}");
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "{step}");
        let answer = browser.send(preflight(step, "https://evil.test")).await;
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{step}");
    }
    for path in [MINT, "/auth/credentials", "/auth/credentials/enrolments/undo", "/auth/action/init", "/me"] {
        let answer = browser.send(preflight(path, APP2)).await;
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
    }
}
