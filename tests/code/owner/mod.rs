//! The owner of a code: their view and their decisions.

mod approval;
mod cascade;
mod endpoints;
mod events;
mod failures;
mod life;
mod races;
mod scope;
mod undo;
mod waiting;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use credential_code::CodePolicy;
use credential_code::event::Event;
use credential_code::model::{Approval, CredentialKind, User, UserId};
use http::{Request, header};
use serde_json::{Value, json};

use crate::support::{Answer, World, attest, plenty, register_body, text};

pub(crate) const ENROLMENTS: &str = "/auth/credentials/enrolments";

/// The steps of a test with enrolments over HTTP.
impl World {
    fn asking(approval: Approval) -> Self {
        Self::with(|setup| setup.policy(|_| plenty().approval(approval)))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(as_user("GET", path, crate::support::USER)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(as_user("DELETE", path, crate::support::USER)).await
    }

    async fn enrolment(&self, id: &str) -> Value {
        self.get(&format!("{ENROLMENTS}/{id}")).await.ok()
    }

    async fn stage(&self, id: &str) -> String {
        text(&self.enrolment(id).await, "stage")
    }

    pub(crate) async fn revoke(&self, id: &str) -> Answer {
        self.delete(&format!("{ENROLMENTS}/{id}")).await
    }

    pub(crate) async fn approve(&self, id: &str, body: &Value) -> Answer {
        self.post_json(&format!("{ENROLMENTS}/{id}/approve"), body).await
    }

    pub(crate) async fn refuse(&self, id: &str) -> Answer {
        self.post_json(&format!("{ENROLMENTS}/{id}/refuse"), &json!({})).await
    }

    pub(crate) async fn undo(&self, token: &str) -> Answer {
        self.post_json(&format!("{ENROLMENTS}/undo"), &json!({ "token": token })).await
    }

    async fn outcome(&self, body: &Value) -> Answer {
        self.post_json(&format!("{ENROLMENTS}/outcome"), body).await
    }

    pub(crate) async fn minted(&self) -> Value {
        self.post_json(crate::support::MINT, &json!({ "expiration": self.unix(60) })).await.ok()
    }

    /// Exchanges a new code for a key. Returns the enrolment's id, and a good registration.
    async fn opened(&self) -> (String, Value) {
        let minted = self.minted().await;
        let challenge = self.exchange(CredentialKind::Key, &text(&minted, "code")).await.ok();
        let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
        (text(&minted, "enrolmentId"), body)
    }

    /// Registers a key that waits for approval. Returns the enrolment's id, and register's answer.
    async fn pending(&self) -> (String, Value) {
        let (id, body) = self.opened().await;
        (id, self.register(&body).await.ok())
    }
}

fn as_user(method: &str, path: &str, user: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    request.header(header::AUTHORIZATION, format!("Bearer {user}")).body(Body::empty()).unwrap()
}

/// Adds a second user.
fn another_user() -> UserId {
    UserId::new("us-bob").unwrap()
}

fn two_users() -> Arc<credential_code::testing::MemoryHost> {
    let users = [User::new(crate::support::user(), "ada@example.com"), User::new(another_user(), "bob")];
    Arc::new(credential_code::testing::MemoryHost::new(users))
}

/// A listener that writes each event down in one line.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn world(&self, policy: CodePolicy) -> World {
        let told = self.clone();
        World::with(|setup| setup.policy(|_| policy).events(move |event| told.hear(event)))
    }

    fn hear(&self, event: &Event<'_>) {
        let what = format!("{event:?}");
        let name = what.split([' ', '{', '(']).next().unwrap().to_owned();
        let enrolment = event.enrolment().map_or("-".to_owned(), ToString::to_string);
        self.0.lock().unwrap().push(format!("{name} {enrolment}"));
    }

    /// Returns the events of an enrolment, in order.
    fn of(&self, enrolment: &str) -> Vec<String> {
        let told = self.0.lock().unwrap();
        let of_it = told.iter().filter_map(|line| line.strip_suffix(enrolment));
        of_it.map(|name| name.trim().to_owned()).collect()
    }
}
