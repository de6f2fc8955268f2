//! Rules of the house. They run in a process apart from other flows. Threads may share one
//! subscriber of `tracing`. Then a line that another thread reaches first can be missing from the
//! log that is searched for secrets.

#[cfg(feature = "tracing")]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/flaky.rs"]
mod flaky;
#[cfg(feature = "tracing")]
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "tracing")]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/table.rs"]
mod table;

mod claims;
mod keys;
mod layering;
#[cfg(feature = "tracing")]
mod secrets;
