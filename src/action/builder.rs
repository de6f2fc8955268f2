use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use crate::action::ActionFlow;
use crate::action::flow::Inner;
use crate::clock::Clock;
use crate::flow::{BuildError, CommonSettings, Event, Listener, Purses, check_lifetime};
use crate::host::{Authenticator, CredentialRepository, RelyingParties, SignCounters};
use crate::model::{RelyingParty, Requirement};
use crate::store::{Budget, OneTimeStore, PendingAction, PurseStore, SlotKeys, SlotLabel, UserAction};

const LONGEST_ACTION_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Builds an [`ActionFlow`]. The host, at least one relying party and a listener for events have no default, and are missed by
/// [`build`](Self::build).
#[must_use]
pub struct ActionFlowBuilder {
    common: CommonSettings,
    counters: Option<Arc<dyn SignCounters>>,
    pending: Option<Arc<dyn OneTimeStore<PendingAction>>>,
    actions: Option<Arc<dyn OneTimeStore<UserAction>>>,
    user_verification: Requirement,
    action_lifetime: Duration,
    challenges_of_user: Budget,
    misses_of_user: Budget,
}

impl ActionFlowBuilder {
    pub(super) fn new() -> Self {
        Self {
            common: CommonSettings::default(),
            counters: None,
            pending: None,
            actions: None,
            user_verification: Requirement::Required,
            action_lifetime: Duration::from_secs(60),
            challenges_of_user: Budget::per_minute(600),
            misses_of_user: Budget::per_minute(1000),
        }
    }

    /// One type that is everything that a host has to be.
    pub fn host<H: Authenticator + CredentialRepository + SignCounters>(self, host: Arc<H>) -> Self {
        self.authenticator(host.clone()).credentials(host.clone()).sign_counters(host)
    }

    /// Who tells who is asking for a challenge, by a bearer token say. Not a [`UserActions`](crate::UserActions): nobody could get the
    /// first action.
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.common.authenticator = Some(authenticator);
        self
    }

    /// Who keeps the credentials.
    pub fn credentials(mut self, credentials: Arc<dyn CredentialRepository>) -> Self {
        self.common.credentials = Some(credentials);
        self
    }

    /// Who keeps the signature counters of passkeys.
    pub fn sign_counters(mut self, counters: Arc<dyn SignCounters>) -> Self {
        self.counters = Some(counters);
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

    /// Hears of everything that happens, on the request's own task.
    pub fn events(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.common.listener = Some(Listener::new(listener));
        self
    }

    /// Where requests come from, for the events.
    pub fn source(mut self, source: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.common.source_of = Box::new(source);
        self
    }

    /// Where challenges lie that were not answered yet. Default: in memory.
    pub fn challenge_store(mut self, store: Arc<dyn OneTimeStore<PendingAction>>) -> Self {
        self.pending = Some(store);
        self
    }

    /// Where signed actions lie. Default: in memory.
    pub fn action_store(mut self, store: Arc<dyn OneTimeStore<UserAction>>) -> Self {
        self.actions = Some(store);
        self
    }

    /// How many challenges, and how many actions, the default stores hold. Default: 100 000 each.
    #[cfg(feature = "memory")]
    pub fn memory_capacity(mut self, records: u64) -> Self {
        self.common.memory_capacity = records;
        self
    }

    /// Where all budgets are kept, so that several processes spend them together. Default: in this process, at no cost. A shared store is asked once
    /// more by each begin, and once or twice more by each complete and redeem.
    pub fn budgets(mut self, purses: Arc<dyn PurseStore>) -> Self {
        self.common.purses = Some(purses);
        self
    }

    /// The keys that slots are made with; the code flow's will do. Default: a random one, which no other process has. With a
    /// [shared](crate::store::Sharing) store there is no default.
    pub fn slot_keys(mut self, keys: SlotKeys) -> Self {
        self.common.slot_keys = Some(keys);
        self
    }

    /// What time it is. Default: the clock of the shared store, if there is one, else the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.common.clock = Some(clock);
        self
    }

    /// Whether passkeys have to verify the person. Default: required, since an action is worth as much as a sign-in.
    pub fn user_verification(mut self, requirement: Requirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// How long a challenge lives. Default: five minutes; no more than an hour.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.common.challenge_lifetime = lifetime;
        self
    }

    /// How long a signed action lives. Default: a minute; no more than ten.
    pub fn action_lifetime(mut self, lifetime: Duration) -> Self {
        self.action_lifetime = lifetime;
        self
    }

    /// Challenges that one user may ask for, so that nobody fills the store. Default: 600 a minute.
    pub fn challenges_per_user(mut self, budget: Budget) -> Self {
        self.challenges_of_user = budget;
        self
    }

    /// Challenges and actions that one user may get wrong. Default: 1000 a minute. Nobody guesses 256 bits: it is there for clients that
    /// run wild.
    pub fn misses_per_user(mut self, budget: Budget) -> Self {
        self.misses_of_user = budget;
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

    /// Checks everything, and starts the flow.
    pub fn build(self) -> Result<ActionFlow, BuildError> {
        check_lifetime(
            self.action_lifetime,
            LONGEST_ACTION_LIFETIME,
            "action_lifetime",
            "one second to ten minutes",
        )?;
        let parts = self.common.into_parts([
            ("challenge_store", self.pending.as_ref().map(|store| store.sharing())),
            ("action_store", self.actions.as_ref().map(|store| store.sharing())),
        ])?;
        let pending = parts.store("challenge_store", self.pending, |pending| &pending.user)?;
        let actions = parts.store("action_store", self.actions, |action| &action.user)?;
        let purses = parts.purses.as_ref();
        Ok(ActionFlow::new(Inner {
            front: parts.front,
            credentials: parts.credentials,
            counters: self.counters.ok_or(BuildError::Missing("sign_counters"))?,
            pending,
            actions,
            slot_keys: parts.slot_keys,
            user_verification: self.user_verification,
            challenge_lifetime: parts.challenge_lifetime,
            action_lifetime: self.action_lifetime,
            challenges_of_user: Purses::new(
                self.challenges_of_user,
                SlotLabel::ActionChallengesOfUser,
                purses,
            ),
            misses_of_user: Purses::new(self.misses_of_user, SlotLabel::ActionMissesOfUser, purses),
        }))
    }
}

impl fmt::Debug for ActionFlowBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionFlowBuilder")
            .field("user_verification", &self.user_verification)
            .finish_non_exhaustive()
    }
}
