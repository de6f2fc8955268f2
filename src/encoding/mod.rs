//! Text forms, read strictly: what has two spellings for one value is refused, or said to be accepted.

pub(crate) mod base64url;
pub(crate) mod canonical_json;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod pem;
pub(crate) mod private_key;
pub(crate) mod rfc3339;
