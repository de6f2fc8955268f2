mod build;
mod common;
mod foundation;
#[cfg(feature = "memory")]
mod in_memory;
#[cfg(feature = "deprecated-kinds")]
mod passwords;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

pub use self::build::BuildError;
pub(crate) use self::build::check_lifetime;
pub(crate) use self::common::CommonSettings;
#[cfg(feature = "fido2")]
use crate::attestation::AttestationEngine;
use crate::clock::Clock;
use crate::flow::{Event, Listener};
use crate::host::{Authenticator, CredentialRepository, RelyingParties, UserDirectory};
use crate::model::{CodeFormat, CredentialKind, Fido2Policy, RelyingParty};
#[cfg(feature = "deprecated-kinds")]
use crate::secret::PasswordPolicy;
use crate::store::{Budget, CodeGrant, OneTimeStore, PendingRegistration, PurseStore, SlotKeys};

/// Builds a [`CodeFlow`](crate::CodeFlow). What has no sensible default has none, and is missed by [`build`](Self::build), not by the first request:
/// the host, at least one relying party, and a listener for events. Every other default is argued for in
/// [`manual::defaults`](crate::manual::defaults).
#[must_use]
pub struct CodeFlowBuilder {
    common: CommonSettings,
    users: Option<Arc<dyn UserDirectory>>,
    codes: Option<Arc<dyn OneTimeStore<CodeGrant>>>,
    pending: Option<Arc<dyn OneTimeStore<PendingRegistration>>>,
    kinds: Option<Vec<CredentialKind>>,
    #[cfg(feature = "deprecated-kinds")]
    passwords: Option<PasswordPolicy>,
    fido2: Fido2Policy,
    #[cfg(feature = "fido2")]
    engine: AttestationEngine,
    code_format: CodeFormat,
    code_lifetime: Duration,
    misses_of_source: Budget,
    misses_of_flow: Budget,
    codes_of_user: Budget,
}

impl CodeFlowBuilder {
    pub(super) fn new() -> Self {
        Self {
            common: CommonSettings::default(),
            users: None,
            codes: None,
            pending: None,
            kinds: None,
            #[cfg(feature = "deprecated-kinds")]
            passwords: None,
            fido2: Fido2Policy::default(),
            #[cfg(feature = "fido2")]
            engine: AttestationEngine::default(),
            code_format: CodeFormat::TYPED,
            code_lifetime: Duration::from_secs(60),
            misses_of_source: Budget::per_minute(10),
            misses_of_flow: Budget::per_minute(600),
            codes_of_user: Budget::per_minute(10),
        }
    }

    /// One type that is everything that a host has to be.
    pub fn host<H: Authenticator + UserDirectory + CredentialRepository>(self, host: Arc<H>) -> Self {
        self.authenticator(host.clone()).users(host.clone()).credentials(host)
    }

    /// Who tells who is asking.
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.common.authenticator = Some(authenticator);
        self
    }

    /// Who knows the users.
    pub fn users(mut self, users: Arc<dyn UserDirectory>) -> Self {
        self.users = Some(users);
        self
    }

    /// Who keeps the credentials.
    pub fn credentials(mut self, credentials: Arc<dyn CredentialRepository>) -> Self {
        self.common.credentials = Some(credentials);
        self
    }

    /// Lists a relying party. The first is the one of requests without an `Origin` header.
    pub fn relying_party(mut self, party: RelyingParty) -> Self {
        self.common.listed_parties.push(party);
        self
    }

    /// Finds relying parties in another way than by a list, which this replaces.
    pub fn relying_parties(mut self, resolver: Arc<dyn RelyingParties>) -> Self {
        self.common.resolver = Some(resolver);
        self
    }

    /// Hears of everything that happens. Called on the request's own task, so hand over whatever takes long: write the audit log, count,
    /// and tell the user of every [`Event::Registered`].
    pub fn events(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.common.listener = Some(Listener::new(listener));
        self
    }

    /// Where requests come from, for the miss budget of each source: the peer's address, say, of which an IPv6 one should be cut to
    /// its /64. Take `X-Forwarded-For` only from a proxy of your own that overwrites it. Without a source, only the flow-wide budget
    /// counts.
    pub fn source(mut self, source: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.common.source_of = Box::new(source);
        self
    }

    /// Where codes lie. Default: in memory.
    pub fn code_store(mut self, store: Arc<dyn OneTimeStore<CodeGrant>>) -> Self {
        self.codes = Some(store);
        self
    }

    /// Where pending registrations lie. Default: in memory.
    pub fn registration_store(mut self, store: Arc<dyn OneTimeStore<PendingRegistration>>) -> Self {
        self.pending = Some(store);
        self
    }

    /// How many codes, and how many pending registrations, the default stores hold. Default: 100 000 each.
    #[cfg(feature = "memory")]
    pub fn memory_capacity(mut self, records: u64) -> Self {
        self.common.memory_capacity = records;
        self
    }

    /// Where all budgets are kept, so that several processes spend them together. Default: in this process, at no cost. A shared store is asked once
    /// more by each mint, and one to four times more by each exchange and register.
    pub fn budgets(mut self, purses: Arc<dyn PurseStore>) -> Self {
        self.common.purses = Some(purses);
        self
    }

    /// The keys that slots are made with. Default: a random one, which no other process has. With a [shared](crate::store::Sharing) store
    /// there is no default.
    pub fn slot_keys(mut self, keys: SlotKeys) -> Self {
        self.common.slot_keys = Some(keys);
        self
    }

    /// What time it is. Default: the clock of the shared store, if there is one, else the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.common.clock = Some(clock);
        self
    }

    /// The kinds that may be registered. Default: all that this build can verify and that the published schema does not deprecate.
    /// `Password` and `Totp` have to be listed, and need the feature `deprecated-kinds`.
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = CredentialKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// What is asked of passkeys.
    pub fn fido2_policy(mut self, policy: Fido2Policy) -> Self {
        self.fido2 = policy;
        self
    }

    /// Who verifies the attestation statements of passkeys. Default: [`AttestationEngine::WebauthnRs`].
    #[cfg(feature = "fido2")]
    pub fn attestation_engine(mut self, engine: impl Into<AttestationEngine>) -> Self {
        self.engine = engine.into();
        self
    }

    /// How long codes are. Default: [`CodeFormat::TYPED`].
    pub fn code_format(mut self, format: CodeFormat) -> Self {
        self.code_format = format;
        self
    }

    /// How long a code may live at most. Default: a minute; no more than ten.
    pub fn code_lifetime(mut self, longest: Duration) -> Self {
        self.code_lifetime = longest;
        self
    }

    /// How long a challenge lives. Default: five minutes; no more than an hour.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.common.challenge_lifetime = lifetime;
        self
    }

    /// Wrong guesses that one source may make. Default: 10 a minute.
    pub fn misses_per_source(mut self, budget: Budget) -> Self {
        self.misses_of_source = budget;
        self
    }

    /// Wrong guesses that everybody together may make. Default: 600 a minute.
    pub fn misses(mut self, budget: Budget) -> Self {
        self.misses_of_flow = budget;
        self
    }

    /// Codes that one user may mint. Default: 10 a minute.
    pub fn codes_per_user(mut self, budget: Budget) -> Self {
        self.codes_of_user = budget;
        self
    }

    /// The largest body, in bytes. Default: 64 KiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.common.limits.body = bytes;
        self
    }

    /// How long a body may take to arrive, from its first byte to its last. Default: ten seconds.
    pub fn read_deadline(mut self, deadline: Duration) -> Self {
        self.common.limits.read_deadline = deadline;
        self
    }
}

impl fmt::Debug for CodeFlowBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeFlowBuilder").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}
