//! The text forms of the library that its other files use.
#![allow(dead_code, unexpected_cfgs, reason = "these files have more than a target uses")]

#[path = "../../src/encoding/base64url.rs"]
pub(crate) mod base64url;
#[path = "../../src/encoding/canonical_json.rs"]
pub(crate) mod canonical_json;
#[path = "../../src/encoding/pem.rs"]
pub(crate) mod pem;
