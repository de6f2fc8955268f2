//! Redis: every law, on a server, on a cluster, and through TLS.

mod cluster;
mod faults;
mod laws;
mod ledger;
mod life;
mod races;
mod reach;
mod relay;
