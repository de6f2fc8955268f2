//! Rules of the house. They run in a process apart from other flows, because threads may share one
//! subscriber of `tracing`. Another thread could then reach a line first. That line would be
//! missing from the log that is searched for secrets.

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
mod comparisons;
mod keys;
mod layering;
#[cfg(feature = "tracing")]
mod secrets;
