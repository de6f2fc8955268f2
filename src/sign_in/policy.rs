use std::time::Duration;

use crate::model::Requirement;
use crate::site::{BuildError, check_lifetime};
use crate::store::Budget;

/// No challenge may live longer. A spent one is remembered for a little more than that.
const LONGEST_CHALLENGE_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The numbers and choices of a [`SignInFlow`](crate::sign_in::SignInFlow).
///
/// ```
/// use std::time::Duration;
///
/// use credential_code::sign_in::SignInPolicy;
///
/// let policy = SignInPolicy::default().challenge_lifetime(Duration::from_secs(10 * 60));
/// # drop(policy);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SignInPolicy {
    pub(super) user_verification: Requirement,
    pub(super) challenge_lifetime: Duration,
    pub(super) misses_per_source: Budget,
    pub(super) sign_ins_per_user: Budget,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self {
            user_verification: Requirement::Required,
            challenge_lifetime: Duration::from_secs(5 * 60),
            misses_per_source: Budget::per_minute(60),
            sign_ins_per_user: Budget::per_minute(60),
        }
    }
}

impl SignInPolicy {
    /// Sets whether passkeys have to verify the person. Default: required, since nothing else is
    /// asked.
    pub fn user_verification(mut self, requirement: Requirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// Sets how long a challenge lives. Default: five minutes; at most thirty. A page that stays
    /// open longer asks for another.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.challenge_lifetime = lifetime;
        self
    }

    /// Sets how many answers of one source may be wrong, and how many of its answers are checked at
    /// once. Default: 60 a minute. Nobody can guess a signature: this budget protects the host's
    /// tables from load. It does not bound requests without a
    /// [source](crate::sign_in::CompleteRequest::with_source).
    pub fn misses_per_source(mut self, budget: Budget) -> Self {
        self.misses_per_source = budget;
        self
    }

    /// Sets how often one user may sign in, so that nobody fills the store. Default: 60 a minute.
    pub fn sign_ins_per_user(mut self, budget: Budget) -> Self {
        self.sign_ins_per_user = budget;
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let rule = "one second to thirty minutes";
        check_lifetime(self.challenge_lifetime, LONGEST_CHALLENGE_LIFETIME, "challenge_lifetime", rule)
    }
}
