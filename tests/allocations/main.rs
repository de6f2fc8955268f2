//! Counts allocations, in a process of its own, since counting replaces the allocator. Each thread
//! counts for itself, so the tests do not disturb each other.

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod layer;
mod ledger;
mod steps;
