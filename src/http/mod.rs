//! From a request to the flow, and back.

pub(crate) mod body;

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;

use crate::{clock::SystemClock, flow::CodeFlow};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Mint,
    Exchange,
    Register,
}

/// The path that the endpoints live under.
#[derive(Clone, Debug)]
pub(crate) struct Mount(Arc<str>);

impl Default for Mount {
    fn default() -> Self {
        Self::new("/auth/credentials")
    }
}

impl Mount {
    pub(crate) fn new(path: &str) -> Self {
        Self(path.trim_end_matches('/').into())
    }

    pub(crate) fn endpoint_of(&self, path: &str) -> Option<Endpoint> {
        endpoint(path.strip_prefix(&*self.0)?)
    }

    pub(crate) fn endpoint_of_nested(&self, path: &str) -> Option<Endpoint> {
        self.endpoint_of(path).or_else(|| endpoint(path))
    }
}

fn endpoint(rest: &str) -> Option<Endpoint> {
    match rest {
        "/code" => Some(Endpoint::Mint),
        "/code/init" => Some(Endpoint::Exchange),
        "/code/verify" => Some(Endpoint::Register),
        _ => None,
    }
}

pub(crate) async fn respond<B>(
    flow: CodeFlow,
    _mount: Mount,
    endpoint: Option<Endpoint>,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let status = if endpoint.is_none() {
        StatusCode::NOT_FOUND
    } else if request.method() != Method::POST {
        StatusCode::METHOD_NOT_ALLOWED
    } else if request.headers().get(header::CONTENT_TYPE).is_none_or(|value| value != "application/json") {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else {
        match body::read(request.into_body(), None, 64 << 10, Duration::from_secs(10), &SystemClock).await {
            Ok(_) => StatusCode::BAD_REQUEST,
            Err(body::BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Err(body::BodyError::TimedOut) => StatusCode::REQUEST_TIMEOUT,
            Err(body::BodyError::Broken(error)) => {
                drop(error);
                StatusCode::BAD_REQUEST
            }
        }
    };
    drop(flow);
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
