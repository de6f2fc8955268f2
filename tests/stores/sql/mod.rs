//! SQLite and PostgreSQL: every law, over both.

pub(crate) mod backend;
#[cfg(feature = "postgres")]
mod connections;
mod http;
mod laws;
mod purge;
mod races;
mod rows;
mod schema;
#[cfg(feature = "postgres")]
mod server;
