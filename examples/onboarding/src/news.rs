use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use credential_code::host::CredentialRepository;
use credential_code::model::{Credential, EnrolmentId};
use serde::Serialize;

use crate::api::{App, answer, refusal};
use crate::mailbox::Mail;
use crate::notes::Maker;

/// The facts that app 1 shows beside the lists of the library.
#[derive(Serialize)]
struct News<'a> {
    mails: Vec<MailAnswer<'a>>,
    credentials: HashMap<&'a str, Details>,
    waiting: HashMap<&'a str, &'a Maker>,
}

#[derive(Serialize)]
struct MailAnswer<'a> {
    date: u64,
    subject: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(flatten)]
    maker: Option<Maker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<u64>,
}

/// `GET /demo/news`: returns the mails of the user who is signed in. It also returns what is known
/// of their credentials, by uuid, and of those that wait for approval, by enrolment. Times are
/// milliseconds since 1970.
pub(crate) async fn news(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(user) = app.host.signed_in(&headers) else {
        return refusal(StatusCode::UNAUTHORIZED, "unauthenticated", "Nobody is signed in.");
    };
    let Ok(credentials) = app.host.credentials(&user).await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The credentials can't be read.");
    };
    let details = |credential: &Credential| Details {
        maker: Maker::of(credential),
        last_used: app.notes.last_use(credential).map(milliseconds),
    };
    let mails = app.mailbox.of(&user);
    let waiting = app.notes.waiting(&user);
    answer(&News {
        mails: mails.iter().map(MailAnswer::from).collect(),
        credentials: credentials.iter().map(|stored| (stored.uuid.as_str(), details(stored))).collect(),
        waiting: waiting.iter().map(|(id, maker): (&EnrolmentId, _)| (id.as_str(), maker)).collect(),
    })
}

impl<'a> From<&'a Mail> for MailAnswer<'a> {
    fn from(mail: &'a Mail) -> Self {
        let Mail { date, subject, text, undo, .. } = mail;
        Self { date: milliseconds(*date), subject, text, undo: undo.as_deref() }
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
