use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::flow::attempts::Attempts;
#[cfg(feature = "deprecated-kinds")]
use crate::flow::builder::passwords::password_hasher;
use crate::flow::{CodeFlow, CodeFlowBuilder, Inner, Purses};
use crate::model::CredentialKind;
use crate::random::NoRandomness;
use crate::store::{BoxError, SlotLabel};

const LONGEST_CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);

impl CodeFlowBuilder {
    /// Checks everything, and starts the flow.
    pub fn build(self) -> Result<CodeFlow, BuildError> {
        #[cfg(feature = "fido2")]
        if self.kinds.is_none() && self.engine.demands_trust() {
            let rule = "trust is demanded of passkeys alone: say with `kinds` whether keys, for which no root vouches, are allowed";
            return Err(BuildError::Invalid { setting: "attestation_engine", rule });
        }
        let kinds = self.kinds.unwrap_or_else(default_kinds);
        check(!kinds.is_empty(), "kinds", "at least one kind has to be allowed")?;
        for kind in &kinds {
            check(kind.is_supported(), "kinds", needed_feature(*kind))?;
        }
        check(!self.fido2.algorithms.is_empty(), "fido2_policy", "at least one algorithm has to be offered")?;
        #[cfg(feature = "fido2")]
        if let Some(rule) = self.engine.unmet(&self.fido2) {
            return Err(BuildError::Invalid { setting: "attestation_engine", rule });
        }
        check_lifetime(
            self.code_lifetime,
            LONGEST_CODE_LIFETIME,
            "code_lifetime",
            "one second to ten minutes",
        )?;
        let parts = self.common.into_parts([
            ("code_store", self.codes.as_ref().map(|store| store.sharing())),
            ("registration_store", self.pending.as_ref().map(|store| store.sharing())),
        ])?;
        let codes = parts.store("code_store", self.codes, |grant| &grant.user)?;
        let pending = parts.store("registration_store", self.pending, |pending| &pending.user)?;
        let purses = parts.purses.as_ref();
        Ok(CodeFlow(Arc::new(Inner {
            front: parts.front,
            users: self.users.ok_or(BuildError::Missing("users"))?,
            credentials: parts.credentials,
            codes,
            pending,
            slot_keys: parts.slot_keys,
            #[cfg(feature = "deprecated-kinds")]
            passwords: password_hasher(self.passwords, &kinds)?,
            kinds,
            fido2: Arc::new(self.fido2),
            #[cfg(feature = "fido2")]
            engine: self.engine,
            code_format: self.code_format,
            code_lifetime: self.code_lifetime,
            challenge_lifetime: parts.challenge_lifetime,
            attempts: Attempts {
                of_source: Purses::new(self.misses_of_source, SlotLabel::MissesOfSource, purses),
                of_flow: Purses::one(self.misses_of_flow, SlotLabel::MissesOfFlow, purses),
            },
            codes_of_user: Purses::new(self.codes_of_user, SlotLabel::CodesOfUser, purses),
        })))
    }
}

/// All that this build can verify and that nobody has to ask for.
fn default_kinds() -> Vec<CredentialKind> {
    CredentialKind::ALL.into_iter().filter(|kind| kind.is_default()).collect()
}

fn needed_feature(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Fido2 => "`Fido2` needs the feature `fido2`",
        CredentialKind::Password | CredentialKind::Totp => {
            "`Password` and `Totp` need the feature `deprecated-kinds`"
        }
        CredentialKind::Key | CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey => {
            "keys need no feature"
        }
    }
}

/// The traits of a host are mostly set at once.
fn hint(setter: &str) -> &'static str {
    match setter {
        "authenticator" | "users" | "credentials" | "sign_counters" => " (`host` sets it, too)",
        _ => "",
    }
}

pub(super) fn check(holds: bool, setting: &'static str, rule: &'static str) -> Result<(), BuildError> {
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

/// Why a flow can't start.
///
/// `Debug` is the same text, since that is what a `main` prints that returns the error.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A setter was not called, and what it sets has no sensible default.
    #[error("`{0}` was not called on the builder, and has no default{hint}", hint = hint(.0))]
    Missing(&'static str),
    /// A setting is out of its range.
    #[error("`{setting}` is out of range: {rule}")]
    Invalid {
        /// The setter.
        setting: &'static str,
        /// The range.
        rule: &'static str,
    },
    /// A store is shared, and the slot keys would have been random.
    #[error(
        "`{setter}` got a store that other processes share, and none of them would find what lies under a random key: \
         call `slot_keys` with a ring that all of them have"
    )]
    RandomKeys {
        /// The setter of the store.
        setter: &'static str,
    },
    /// One store is shared, and the other is not.
    #[error(
        "`{shared}` got a store that other processes share, and `{alone}` did not: what one process begins, another could not \
         finish. Give both a shared one"
    )]
    HalfShared {
        /// The setter of the shared store.
        shared: &'static str,
        /// The setter of the other one.
        alone: &'static str,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(#[source] BoxError),
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
