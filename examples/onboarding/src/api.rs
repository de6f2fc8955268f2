use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use credential_code::code::CredentialAnswer;
use credential_code::host::CredentialRepository;
use serde::Serialize;
use serde_json::json;

use crate::host::DemoHost;
use crate::places::Places;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) host: Arc<DemoHost>,
    pub(crate) places: Arc<Places>,
}

/// `GET /auth/credentials`: the signed-in user's credentials.
pub(crate) async fn credentials(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(user) = app.host.signed_in(&headers) else { return unauthenticated() };
    match app.host.credentials(&user).await {
        Ok(credentials) => {
            let items: Vec<_> = credentials.iter().map(CredentialAnswer::from).collect();
            answer(&json!({ "items": items }))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(crate) fn answer(body: &impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A refusal in the form of the library's own.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "status": status.as_u16(), "message": message });
    (status, answer(&json!({ "error": error, "message": message }))).into_response()
}

fn unauthenticated() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first.")
}
