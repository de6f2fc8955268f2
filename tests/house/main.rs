//! Rules of the house. They run in a process apart from other flows: where several threads share one
//! subscriber of `tracing`, a line that another thread reaches first may be missing from the log
//! that is searched for secrets.

#[cfg(feature = "tracing")]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/flaky.rs"]
mod flaky;
#[cfg(feature = "tracing")]
#[path = "../support/mod.rs"]
mod support;

mod layering;
#[cfg(feature = "tracing")]
mod secrets;
