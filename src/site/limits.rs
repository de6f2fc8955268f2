use std::time::Duration;

use crate::site::BuildError;
use crate::site::build_error::check;

/// The smallest body limit that has room for an attestation.
const SMALLEST_BODY_LIMIT: usize = 1024;

/// What a request may cost before it is understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// The largest body, in bytes.
    pub(crate) body: usize,
    /// How long a body may take to arrive.
    pub(crate) read_deadline: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { body: 64 * 1024, read_deadline: Duration::from_secs(10) }
    }
}

impl RequestLimits {
    pub(super) fn check(self) -> Result<(), BuildError> {
        let rule = "an attestation or assertion needs at least a kilobyte";
        check(self.body >= SMALLEST_BODY_LIMIT, "body_limit", rule)?;
        check(!self.read_deadline.is_zero(), "read_deadline", "no body arrives in no time")
    }
}
