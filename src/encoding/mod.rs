//! Text forms, read strictly. A second spelling of the same value is refused, unless the
//! documentation says that it is accepted.

pub(crate) mod base64url;
pub(crate) mod canonical_json;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod pem;
pub(crate) mod private_key;
pub(crate) mod rfc3339;
