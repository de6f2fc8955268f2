use axum_core::response::IntoResponse;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use crate::flow::{Error, ErrorKind};

impl ErrorKind {
    /// The status that an answer of this kind has.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::InvalidAttestation | Self::InvalidAssertion => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::InvalidCode | Self::InvalidChallenge => StatusCode::FORBIDDEN,
            Self::DuplicateCredential => StatusCode::CONFLICT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Most answers are shorter, so that they are written without moving.
const USUAL_LENGTH: usize = 1024;

/// The message stands twice: some published clients read it at the top, others in the object.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorObject<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: &'static str,
    status: u16,
    message: &'a str,
}

/// An answer of 200. Never 202, which the published client takes for something else.
pub(crate) fn success(body: &impl Serialize) -> Response<Full<Bytes>> {
    json(StatusCode::OK, body)
}

/// An answer that says what the caller may know. The error itself goes along in the extensions, for an outer layer's log.
pub(crate) fn refusal(error: Error) -> Response<Full<Bytes>> {
    let kind = error.kind();
    let message = error.message();
    let object = ErrorObject { code: kind.as_str(), status: kind.status().as_u16(), message };
    let mut response = json(kind.status(), &ErrorBody { error: object, message });
    if let Some(retry_after) = error.retry_after() {
        let seconds = retry_after.as_millis().div_ceil(1000).max(1);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if kind == ErrorKind::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response.extensions_mut().insert(error);
    response
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let mut text = Vec::with_capacity(USUAL_LENGTH);
    // Our own bodies are structs of text and numbers, which always serialise.
    let _ = serde_json::to_writer(&mut text, body);
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// For handlers of the host's own that call the flow: the answer that the endpoints would give.
impl IntoResponse for Error {
    fn into_response(self) -> axum_core::response::Response {
        refusal(self).into_response()
    }
}
