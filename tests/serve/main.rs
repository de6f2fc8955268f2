//! The two ways in: the layer around a service, and the router in an axum application. The document
//! describes their answers.

#[path = "../support/mod.rs"]
mod support;

mod document;
mod layer_tower;
mod mount_axum;
mod observability;
#[cfg(feature = "tracing")]
mod spans;
mod utoipa_host;
