use std::time::Duration;

use http::HeaderName;

use crate::action::user_actions::HEADER;
use crate::model::Requirement;
use crate::site::{BuildError, check_challenge_lifetime, check_lifetime};
use crate::store::Budget;

/// No signed action may live longer.
const LONGEST_ACTION_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The numbers and choices of an [`ActionFlow`](crate::ActionFlow).
///
/// ```
/// use std::time::Duration;
///
/// use credential_code::ActionPolicy;
///
/// let policy = ActionPolicy::default().action_lifetime(Duration::from_secs(30));
/// # drop(policy);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ActionPolicy {
    pub(super) user_verification: Requirement,
    pub(super) challenge_lifetime: Duration,
    pub(super) action_lifetime: Duration,
    pub(super) challenges_per_user: Budget,
    pub(super) header: HeaderName,
}

impl Default for ActionPolicy {
    fn default() -> Self {
        Self {
            user_verification: Requirement::Required,
            challenge_lifetime: Duration::from_secs(5 * 60),
            action_lifetime: Duration::from_secs(60),
            challenges_per_user: Budget::per_minute(60),
            header: HEADER,
        }
    }
}

impl ActionPolicy {
    /// Sets whether passkeys have to verify the person. Default: required, since an action is worth
    /// as much as a sign-in.
    pub fn user_verification(mut self, requirement: Requirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// Sets how long a challenge lives. Default: five minutes; at most an hour.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.challenge_lifetime = lifetime;
        self
    }

    /// Sets how long a signed action lives. Default: one minute; at most ten.
    pub fn action_lifetime(mut self, lifetime: Duration) -> Self {
        self.action_lifetime = lifetime;
        self
    }

    /// Sets how many challenges one user may ask for, so that nobody fills the store. Default: 60
    /// a minute.
    pub fn challenges_per_user(mut self, budget: Budget) -> Self {
        self.challenges_per_user = budget;
        self
    }

    /// Sets the header that carries a signed action. Default: `X-DFNS-USERACTION`.
    pub fn header(mut self, header: HeaderName) -> Self {
        self.header = header;
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let rule = "one second to ten minutes";
        check_lifetime(self.action_lifetime, LONGEST_ACTION_LIFETIME, "action_lifetime", rule)?;
        check_challenge_lifetime(self.challenge_lifetime)
    }
}
