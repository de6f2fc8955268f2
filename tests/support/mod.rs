use std::sync::Arc;

use credential_code::CodeFlow;
use credential_code::testing::flow_builder;
use http::{Response, StatusCode, header};

pub(crate) const ENDPOINTS: [&str; 3] =
    ["/auth/credentials/code", "/auth/credentials/code/init", "/auth/credentials/code/verify"];

pub(crate) fn flow() -> CodeFlow {
    flow_builder(&Arc::default()).build().unwrap()
}

/// Whether an endpoint gave this answer to a `GET`, and not whatever is around it.
pub(crate) fn is_an_endpoints<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::METHOD_NOT_ALLOWED
        && response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store")
}
