//! Stores: how a record is kept, the laws of every store, and each engine under them.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/table.rs"]
mod table;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
#[path = "../support/two_processes.rs"]
mod two_processes;

mod changing;
mod damaged_records;
mod ledger_contract_rejects;
mod memory_ledger;
#[cfg(feature = "redis")]
mod redis_store;
mod repository_contract_rejects;
mod sealed;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
mod store_codec;
mod store_contract;
mod store_contract_rejects;
