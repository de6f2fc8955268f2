use std::fmt;
use std::time::Duration;

use crate::error::BoxError;
use crate::random::NoRandomness;

/// The reason why a site or a flow can't be built.
///
/// `Debug` is the same text, since a `main` that returns the error prints that.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Setters were not called, and their values have no sensible default.
    #[error("{}", missing(.0))]
    Missing(Vec<&'static str>),
    /// A setter was called twice, so it is not clear which call was meant.
    #[error("`{0}` was called twice: keep one of the calls")]
    Twice(&'static str),
    /// Two calls contradict each other.
    #[error("`{one}` and `{other}` contradict each other: {reason}")]
    Contradiction {
        /// One call.
        one: &'static str,
        /// The other call.
        other: &'static str,
        /// Why both can't hold.
        reason: &'static str,
    },
    /// A setting is out of its range.
    #[error("`{setting}` is out of range: {rule}")]
    Invalid {
        /// The setter.
        setting: &'static str,
        /// The range.
        rule: &'static str,
    },
    /// The resolved release of webauthn-rs-core judges a known registration wrongly.
    #[cfg(feature = "webauthn-rs")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webauthn-rs")))]
    #[error(transparent)]
    AttestationEngine(BoxError),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[source] BoxError),
}

fn missing(setters: &[&'static str]) -> String {
    let listed: Vec<_> = setters.iter().map(|setter| format!("`{setter}`{}", hint(setter))).collect();
    let were = if setters.len() == 1 { "was" } else { "were" };
    format!("{} {were} not called, and there is no default", listed.join(", "))
}

fn hint(setter: &str) -> &'static str {
    match setter {
        "authenticator" | "users" | "credentials" => " (`host` sets it, too)",
        "relying_party" => " (or `relying_parties`)",
        "storage" => " (with the feature `memory` it is `Storage::in_memory()`)",
        _ => "",
    }
}

pub(crate) fn check(holds: bool, setting: &'static str, rule: &'static str) -> Result<(), BuildError> {
    holds.then_some(()).ok_or(BuildError::Invalid { setting, rule })
}

pub(crate) fn check_lifetime(
    lifetime: Duration,
    longest: Duration,
    setting: &'static str,
    rule: &'static str,
) -> Result<(), BuildError> {
    check((Duration::from_secs(1)..=longest).contains(&lifetime), setting, rule)
}

/// Checks the lifetime: no challenge of any flow may live longer than an hour.
pub(crate) fn check_challenge_lifetime(lifetime: Duration) -> Result<(), BuildError> {
    check_lifetime(lifetime, Duration::from_secs(60 * 60), "challenge_lifetime", "one second to an hour")
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<NoRandomness> for BuildError {
    fn from(error: NoRandomness) -> Self {
        Self::Random(error.into())
    }
}
