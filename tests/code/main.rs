//! A code from mint to register: its life, its endpoints, and its races.

#[path = "../support/flaky.rs"]
mod flaky;
#[path = "../support/slow_table.rs"]
mod slow_table;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../support/table.rs"]
mod table;

mod authenticators;
#[cfg(feature = "deprecated-kinds")]
mod deprecated;
mod floods;
mod flow_build;
mod flow_http;
mod flow_life;
mod handles;
mod http_malformed;
mod machine;
mod owner;
mod races;
#[cfg(feature = "webauthn-rs")]
mod rows;
mod sharing;
mod unsettled;
mod unsettled_changes;
mod waits;
mod work;
