use std::time::Duration;

use crate::site::BuildError;
use crate::site::build_error::check;

/// What a request may cost before it is understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// The largest body, in bytes.
    pub(crate) body: usize,
    /// How long a body may take to arrive.
    pub(crate) read_deadline: Duration,
}

impl RequestLimits {
    /// Returns what the host says, or a default, in its range.
    pub(super) fn new(body: Option<usize>, read_deadline: Option<Duration>) -> Result<Self, BuildError> {
        let body = body.unwrap_or(64 * 1024);
        let read_deadline = read_deadline.unwrap_or(Duration::from_secs(10));
        let rule = "an attestation or assertion needs at least a kilobyte";
        check(body >= 1024, "body_limit", rule)?;
        check(!read_deadline.is_zero(), "read_deadline", "no body arrives in no time")?;
        Ok(Self { body, read_deadline })
    }
}
