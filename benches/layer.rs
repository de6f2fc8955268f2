//! Measures what the layer adds to a request that passes it.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use credential_code::testing::site;
use credential_code::{CodeFlow, CodeLayer, CodePolicy};
use criterion::{BatchSize, Bencher, Criterion};
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service};

/// Answers at once, so that only the way to it is measured.
#[derive(Clone)]
struct Bare;

impl Service<Request<Full<Bytes>>> for Bare {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(request.into_body())))
    }
}

/// Passes a request whose path is like an endpoint's up to the last segment.
fn pass<S: Service<Request<Full<Bytes>>>>(bencher: &mut Bencher<'_>, path: &str, mut service: S) {
    let mut cx = Context::from_waker(Waker::noop());
    bencher.iter_batched(
        || Request::get(path).body(Full::from("sent")).expect("the path is a URI"),
        |request| {
            assert!(black_box(&mut service).poll_ready(&mut cx).is_ready());
            pin!(service.call(request)).poll(&mut cx)
        },
        BatchSize::SmallInput,
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, path) in [("far", "/an/application/path"), ("near", "/auth/credentials/code/other")] {
        let mut group = criterion.benchmark_group(format!("pass_{name}"));
        group.bench_function("bare", |bencher| pass(bencher, path, Bare));
        group.bench_function("layer", |bencher| {
            let flow = CodeFlow::new(&site(&Default::default()), CodePolicy::default());
            pass(bencher, path, CodeLayer::new(flow.expect("the policy holds")).layer(Bare));
        });
        group.finish();
    }
    criterion.final_summary();
}
