//! The two ways in: the layer around a service, and the router in an axum application. And the
//! document that says what they answer.

#[path = "../support/mod.rs"]
mod support;

mod document;
mod layer_tower;
mod mount_axum;
mod observability;
#[cfg(feature = "tracing")]
mod spans;
mod utoipa_host;
