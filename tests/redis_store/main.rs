//! Redis: every law, on a server, on a cluster, and through TLS.
#![cfg(feature = "redis")]

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/two_processes.rs"]
mod two_processes;

mod cluster;
mod faults;
mod laws;
mod life;
mod races;
mod reach;
mod relay;
