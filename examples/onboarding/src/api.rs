use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use serde_json::json;

use crate::host::DemoHost;
use crate::mailbox::Mailbox;
use crate::notes::Notes;
use crate::places::Places;

/// The state that the handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) host: Arc<DemoHost>,
    pub(crate) places: Arc<Places>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) notes: Arc<Notes>,
}

pub(crate) fn answer(body: &impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Returns a refusal in the form of the library's own.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "status": status.as_u16(), "message": message });
    (status, answer(&json!({ "error": error, "message": message }))).into_response()
}
