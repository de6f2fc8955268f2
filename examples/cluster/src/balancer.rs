use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use credential_code::error::BoxError;
use credential_code::site::source_of;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::worker::FORWARDED_FOR;

const LONGEST_BODY: usize = 1 << 20;

/// Hands each request to the next process. In production nginx, HAProxy or your platform does that.
#[derive(Debug)]
pub(crate) struct Balancer {
    workers: Vec<SocketAddr>,
    next: AtomicUsize,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Balancer {
    pub(crate) fn new(workers: Vec<SocketAddr>) -> Arc<Self> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Arc::new(Self { workers, next: AtomicUsize::new(0), client })
    }

    /// Forwards a request. A worker that can't be reached has seen nothing of it, so the next
    /// worker gets it. A request that a worker may have seen is never sent again: the client
    /// decides about that.
    pub(crate) async fn forward(
        State(balancer): State<Arc<Self>>,
        ConnectInfo(peer): ConnectInfo<SocketAddr>,
        request: Request,
    ) -> Response {
        let (mut head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        // Replaces whatever the client said about itself.
        if let Ok(source) = HeaderValue::from_str(&source_of(peer.ip())) {
            head.headers.insert(FORWARDED_FOR, source);
        }
        for _ in &balancer.workers {
            let number = balancer.next.fetch_add(1, Ordering::Relaxed) % balancer.workers.len();
            let Ok(uri) = at(balancer.workers[number], head.uri.path_and_query()) else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let mut head = head.clone();
            head.uri = uri;
            match balancer.client.request(Request::from_parts(head, body.clone().into())).await {
                Ok(response) => return response.map(Body::new),
                Err(error) if error.is_connect() => {}
                Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
            }
        }
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

fn at(worker: SocketAddr, path: Option<&PathAndQuery>) -> Result<Uri, BoxError> {
    let path = path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(worker.to_string()).path_and_query(path);
    Ok(uri.build()?)
}
