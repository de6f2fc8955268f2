//! Add a credential with a one-time code.

#![forbid(unsafe_code)]

pub mod clock;
pub mod flow;
mod http;
pub mod layer;
pub mod router;
#[cfg(any(test, feature = "test-util"))]
pub mod testing;
