use std::fmt;
use std::time::Duration;

#[cfg(feature = "fido2")]
use crate::attestation::AttestationEngine;
use crate::code::LateExpiration;
use crate::host::Keep;
use crate::model::{Approval, CodeFormat, CredentialKind, Fido2Policy};
use crate::secret::{PasswordPolicy, Secrets};
use crate::site::{BuildError, Site, check, check_challenge_lifetime, check_lifetime};
use crate::store::Budget;

/// No approval may take longer.
const LONGEST_APPROVAL_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// No code may live longer.
const LONGEST_CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The numbers and choices of a [`CodeFlow`](crate::CodeFlow).
/// [`manual::defaults`](crate::manual::defaults) gives the reason for every default.
///
/// ```
/// use std::time::Duration;
///
/// use credential_code::CodePolicy;
/// use credential_code::model::{CodeFormat, CredentialKind};
///
/// let policy = CodePolicy::default()
///     .kinds([CredentialKind::Fido2])
///     .code_format(CodeFormat::SCANNED)
///     .code_lifetime(Duration::from_secs(120));
/// # drop(policy);
/// ```
#[derive(Clone)]
#[must_use]
pub struct CodePolicy {
    kinds: Option<Vec<CredentialKind>>,
    passwords: Option<PasswordPolicy>,
    pub(super) fido2: Fido2Policy,
    #[cfg(feature = "fido2")]
    pub(super) engine: AttestationEngine,
    pub(super) code_format: CodeFormat,
    pub(super) code_lifetime: Duration,
    pub(super) late_expiration: LateExpiration,
    pub(super) challenge_lifetime: Duration,
    pub(super) misses_per_source: Budget,
    pub(super) misses: Budget,
    pub(super) codes_per_user: Budget,
    pub(super) begins_per_user: Budget,
    pub(super) approval: Approval,
    pub(super) approval_lifetime: Duration,
    pub(super) outstanding_per_user: Option<usize>,
    pub(super) credentials_per_user: usize,
    pub(crate) keep: Keep,
    is_sp_800_63b: bool,
}

impl Default for CodePolicy {
    fn default() -> Self {
        Self {
            kinds: None,
            passwords: None,
            fido2: Fido2Policy::default(),
            #[cfg(feature = "fido2")]
            engine: AttestationEngine::default(),
            code_format: CodeFormat::TYPED,
            code_lifetime: Duration::from_secs(60),
            late_expiration: LateExpiration::default(),
            challenge_lifetime: Duration::from_secs(5 * 60),
            misses_per_source: Budget::per_minute(10),
            misses: Budget::per_minute(600),
            codes_per_user: Budget::per_minute(10),
            begins_per_user: Budget::per_minute(60),
            approval: Approval::NotAsked,
            approval_lifetime: Duration::from_secs(5 * 60),
            outstanding_per_user: None,
            credentials_per_user: 256,
            keep: Keep::default(),
            is_sp_800_63b: false,
        }
    }
}

impl CodePolicy {
    /// Creates a policy for NIST SP 800-63B-4, section 4.1.2.2 (binding across endpoints). Codes
    /// have at least 112 bits and live ten minutes at most. Each notice has an undo token. A flow
    /// is not built if its policy or its site does less.
    pub fn sp_800_63b() -> Self {
        Self { is_sp_800_63b: true, code_lifetime: LONGEST_CODE_LIFETIME, ..Self::default() }
            .code_format(CodeFormat::SCANNED)
    }

    /// Sets whether the owner is asked before a credential is stored. Default: not asked, as
    /// published.
    pub fn approval(mut self, approval: Approval) -> Self {
        self.approval = approval;
        self
    }

    /// Sets how long an approval may take. Default: five minutes; at most ten.
    pub fn approval_lifetime(mut self, lifetime: Duration) -> Self {
        self.approval_lifetime = lifetime;
        self
    }

    /// Sets how many enrolments of a user may be outstanding. Minting or beginning one more revokes
    /// the oldest. Default: any number.
    pub fn outstanding_per_user(mut self, most: usize) -> Self {
        self.outstanding_per_user = Some(most);
        self
    }

    /// Sets how many credentials a user may have, inactive ones included. One more is refused
    /// before it is made, and again by the repository. Default: 256.
    pub fn credentials_per_user(mut self, most: usize) -> Self {
        self.credentials_per_user = most;
        self
    }

    /// Sets what must remain after a user's [changes](crate::manage). An undo is not such a change:
    /// it takes back what a stranger may have added. Default: nothing, as published.
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Sets the kinds that may be registered. Default: all that this build can verify and that the
    /// published schema does not deprecate. `Password` and `Totp` have to be listed, and need the
    /// feature `deprecated-kinds`.
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = CredentialKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// Sets which passwords are refused, and how the others are hashed. It has no default. It is
    /// required when [`kinds`](Self::kinds) lists [`CredentialKind::Password`].
    #[cfg(feature = "deprecated-kinds")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deprecated-kinds")))]
    pub fn passwords(mut self, policy: PasswordPolicy) -> Self {
        self.passwords = Some(policy);
        self
    }

    /// Sets the demands on passkeys.
    pub fn fido2_policy(mut self, policy: Fido2Policy) -> Self {
        self.fido2 = policy;
        self
    }

    /// Sets the engine that verifies the attestation statements of passkeys. Default: a
    /// [`NativeEngine`](crate::attestation::NativeEngine) that trusts nobody.
    #[cfg(feature = "fido2")]
    pub fn attestation_engine(mut self, engine: impl Into<AttestationEngine>) -> Self {
        self.engine = engine.into();
        self
    }

    /// Sets how long codes are. Default: [`CodeFormat::TYPED`].
    pub fn code_format(mut self, format: CodeFormat) -> Self {
        self.code_format = format;
        self
    }

    /// Sets how long a code may live at most. Default: one minute; at most ten.
    pub fn code_lifetime(mut self, longest: Duration) -> Self {
        self.code_lifetime = longest;
        self
    }

    /// Sets what happens if a client asks for a longer code lifetime. Default: the request is
    /// refused.
    pub fn late_expiration(mut self, late: LateExpiration) -> Self {
        self.late_expiration = late;
        self
    }

    /// Sets how long a challenge lives. Default: five minutes; at most an hour.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.challenge_lifetime = lifetime;
        self
    }

    /// Sets how many wrong guesses one source may make. Default: 10 a minute.
    pub fn misses_per_source(mut self, budget: Budget) -> Self {
        self.misses_per_source = budget;
        self
    }

    /// Sets how many wrong guesses all sources together may make. Default: 600 a minute.
    pub fn misses(mut self, budget: Budget) -> Self {
        self.misses = budget;
        self
    }

    /// Sets how many codes one user may mint. Default: 10 a minute.
    pub fn codes_per_user(mut self, budget: Budget) -> Self {
        self.codes_per_user = budget;
        self
    }

    /// Sets how often one user may begin to add a credential in the current application. Default:
    /// 60 a minute.
    pub fn begins_per_user(mut self, budget: Budget) -> Self {
        self.begins_per_user = budget;
        self
    }

    /// Returns the kinds that are allowed, after every other check.
    pub(super) fn check(&self, site: &Site) -> Result<Vec<CredentialKind>, BuildError> {
        #[cfg(feature = "fido2")]
        if self.kinds.is_none() && self.engine.demands_trust() {
            let rule = "trust is demanded of passkeys alone: say with `kinds` whether keys, for which no root \
                        vouches, are allowed";
            return Err(BuildError::Invalid { setting: "attestation_engine", rule });
        }
        let kinds = self.kinds.clone().unwrap_or_else(default_kinds);
        check(!kinds.is_empty(), "kinds", "at least one kind has to be allowed")?;
        for kind in &kinds {
            check(kind.is_supported(), "kinds", needed_feature(*kind))?;
        }
        check(!self.fido2.algorithms.is_empty(), "fido2_policy", "at least one algorithm has to be offered")?;
        #[cfg(feature = "fido2")]
        if let Some(rule) = self.engine.unmet(&self.fido2) {
            return Err(BuildError::Invalid { setting: "attestation_engine", rule });
        }
        #[cfg(feature = "webauthn-rs")]
        self.engine.check().map_err(|error| BuildError::AttestationEngine(error.into()))?;
        let rule = "one second to ten minutes";
        check_lifetime(self.code_lifetime, LONGEST_CODE_LIFETIME, "code_lifetime", rule)?;
        check_challenge_lifetime(self.challenge_lifetime)?;
        check_lifetime(self.approval_lifetime, LONGEST_APPROVAL_LIFETIME, "approval_lifetime", rule)?;
        check(self.outstanding_per_user != Some(0), "outstanding_per_user", "a code has to work")?;
        check(self.credentials_per_user > 0, "credentials_per_user", "one credential has to be allowed")?;
        self.check_approval(&kinds)?;
        self.check_sp_800_63b(site)?;
        Ok(kinds)
    }

    /// Rejects approval for kinds with a secret. Such a secret goes to the host alone, and may not
    /// wait in a store.
    fn check_approval(&self, kinds: &[CredentialKind]) -> Result<(), BuildError> {
        let has_secrets =
            kinds.iter().any(|kind| matches!(kind, CredentialKind::Password | CredentialKind::Totp));
        if self.approval == Approval::NotAsked || !has_secrets {
            return Ok(());
        }
        Err(BuildError::Contradiction {
            one: "approval",
            other: "kinds",
            reason: "the secret of a Password or a Totp may not lie in a store until it is approved",
        })
    }

    fn check_sp_800_63b(&self, site: &Site) -> Result<(), BuildError> {
        if !self.is_sp_800_63b {
            return Ok(());
        }
        if self.code_format.bits() < 112 {
            return Err(BuildError::Contradiction {
                one: "sp_800_63b",
                other: "code_format",
                reason: "a code without an identifier has at least 112 bits",
            });
        }
        if site.management().is_none() {
            return Err(BuildError::Missing(vec!["management"]));
        }
        Ok(())
    }

    /// Returns the state for `Password` and `Totp`.
    pub(super) fn secrets(&self, kinds: &[CredentialKind]) -> Result<Secrets, BuildError> {
        if self.passwords.is_none() && kinds.contains(&CredentialKind::Password) {
            return Err(BuildError::Missing(vec!["passwords"]));
        }
        Secrets::new(self.passwords.clone())
            .map_err(|rule| BuildError::Invalid { setting: "passwords", rule })
    }
}

/// Returns the kinds that this build can verify and that need no listing.
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

impl fmt::Debug for CodePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodePolicy").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}
