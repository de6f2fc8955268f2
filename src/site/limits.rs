use std::time::Duration;

use crate::site::BuildError;
use crate::site::build_error::check;

/// The limits of a request before it is interpreted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// The largest body, in bytes.
    pub(crate) body: usize,
    /// How long a body may take to arrive.
    pub(crate) read_deadline: Duration,
}

impl RequestLimits {
    /// Returns the host's values, or the defaults, if they are in range.
    pub(super) fn new(body: Option<usize>, read_deadline: Option<Duration>) -> Result<Self, BuildError> {
        let body = body.unwrap_or(64 * 1024);
        let read_deadline = read_deadline.unwrap_or(Duration::from_secs(10));
        let rule = "an attestation or assertion needs at least a kilobyte";
        check(body >= 1024, "body_limit", rule)?;
        check(!read_deadline.is_zero(), "read_deadline", "no body arrives in no time")?;
        Ok(Self { body, read_deadline })
    }
}
