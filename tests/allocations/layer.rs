//! A request that passes the layer allocates nothing.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use credential_code::testing::site;
use credential_code::{CodeFlow, CodeLayer, CodePolicy};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service};

/// Cannot be cloned, and allocates nothing itself.
struct Inner;

impl Service<Request<Full<Bytes>>> for Inner {
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

#[test]
fn passing_the_layer_allocates_nothing() {
    let flow = CodeFlow::new(&site(&Default::default()), CodePolicy::default()).unwrap();
    let mut service = CodeLayer::new(flow).layer(Inner);
    let request = Request::get("/auth/credentials/other").body(Full::from("sent")).unwrap();
    let mut cx = Context::from_waker(Waker::noop());

    let counted = allocation_counter::measure(|| {
        assert!(service.poll_ready(&mut cx).is_ready());
        let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
            panic!("the inner service is ready at once");
        };
        let mut body = pin!(response.into_body());
        assert!(black_box(body.as_mut().poll_frame(&mut cx)).is_ready());
    });

    assert_eq!(counted.count_total, 0);
}
