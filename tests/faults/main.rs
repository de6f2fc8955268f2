//! Processes, servers and connections die in the middle of flows. Every acknowledged credential
//! stays, and no code buys two. `cargo test --features postgres,redis --test faults -- --nocapture`
//! prints the figures.

#[path = "../support/mod.rs"]
mod support;

mod engines;
mod kills;
mod ledger;
mod load;
mod outages;
mod person;
mod relay;
mod worker;
