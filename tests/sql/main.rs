//! SQLite and PostgreSQL: every law, over both.
#![cfg(any(feature = "postgres", feature = "sqlite"))]

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/two_processes.rs"]
mod two_processes;

mod backend;
mod http;
mod laws;
mod purge;
mod races;
mod rows;
mod schema;
#[cfg(feature = "postgres")]
mod server;

use support::servers;
