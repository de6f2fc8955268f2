//! The two ways in: the layer around a service, and the router in an axum application.

#[path = "../support/mod.rs"]
mod support;

mod layer_tower;
mod mount_axum;
#[cfg(feature = "tracing")]
mod spans;
