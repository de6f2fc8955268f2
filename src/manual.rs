//! Pages to read: what each default is and why, and what an attacker may try.

#[doc = include_str!("../docs/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../docs/threat-model.md")]
pub mod threat_model {}
