use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde::Serialize;

use crate::error::Error;
use crate::model::Stage;

/// Most answers are shorter, so they are written without a reallocation.
const USUAL_LENGTH: usize = 1024;

/// The message appears twice: some published clients read it at the top, others in the object.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
}

/// Creates an answer of 200. It is never 202, which the published client misunderstands.
pub(crate) fn success(body: &impl Serialize) -> Response<AnswerBody> {
    json(StatusCode::OK, body)
}

/// Creates an answer that says what the caller may know. The extensions carry the error itself, for
/// the log of an outer layer.
pub(crate) fn refusal(error: Error) -> Response<AnswerBody> {
    let kind = error.kind();
    let message = error.message();
    let object =
        ErrorObject { code: kind.as_str(), status: kind.status().as_u16(), message, stage: error.stage() };
    let mut response = json(kind.status(), &ErrorBody { error: object, message });
    if let Some(retry_after) = error.retry_after() {
        let seconds = retry_after.as_millis().div_ceil(1000).max(1);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response.extensions_mut().insert(error);
    response
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<AnswerBody> {
    let mut text = Vec::with_capacity(USUAL_LENGTH);
    // Our own bodies are structs of text and numbers, which always serialise.
    let _ = serde_json::to_writer(&mut text, body);
    let mut response = Response::new(AnswerBody(Some(text.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The body of an answer: JSON, in one piece. `Debug` shows none of it, since it may hold a code.
pub struct AnswerBody(Option<Bytes>);

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerBody({} bytes)", self.0.as_ref().map_or(0, Bytes::len))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |text| text.len() as u64))
    }
}

/// For handlers of your own that call the flow: gives the answer that the endpoints would give.
#[cfg(feature = "axum-core")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum-core")))]
impl axum_core::response::IntoResponse for Error {
    fn into_response(self) -> axum_core::response::Response {
        axum_core::response::IntoResponse::into_response(refusal(self))
    }
}
