use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use crate::action::ActionFlow;
use crate::action::flow::Inner;
use crate::clock::Clock;
#[cfg(feature = "memory")]
use crate::flow::in_memory;
use crate::flow::{
    BuildError, Event, Foundation, Front, Listener, Purses, RequestLimits, SourceOf, check, check_lifetime,
};
use crate::host::{Authenticator, CredentialRepository, RelyingParties, RelyingPartyList, SignCounters};
use crate::model::{RelyingParty, Requirement};
use crate::store::{Budget, OneTimeStore, PendingAction, PurseStore, SlotKeys, SlotLabel, UserAction};

const LONGEST_CHALLENGE_LIFETIME: Duration = Duration::from_secs(60 * 60);
const LONGEST_ACTION_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Builds an [`ActionFlow`]. The host, at least one relying party and a listener for events have no default, and are missed by
/// [`build`](Self::build).
#[must_use]
pub struct ActionFlowBuilder {
    authenticator: Option<Arc<dyn Authenticator>>,
    credentials: Option<Arc<dyn CredentialRepository>>,
    counters: Option<Arc<dyn SignCounters>>,
    listed_parties: Vec<RelyingParty>,
    resolver: Option<Arc<dyn RelyingParties>>,
    pending: Option<Arc<dyn OneTimeStore<PendingAction>>>,
    actions: Option<Arc<dyn OneTimeStore<UserAction>>>,
    #[cfg(feature = "memory")]
    memory_capacity: u64,
    purses: Option<Arc<dyn PurseStore>>,
    slot_keys: Option<SlotKeys>,
    clock: Option<Arc<dyn Clock>>,
    listener: Option<Listener>,
    source_of: SourceOf,
    user_verification: Requirement,
    challenge_lifetime: Duration,
    action_lifetime: Duration,
    challenges_of_user: Budget,
    misses_of_user: Budget,
    limits: RequestLimits,
}

impl ActionFlowBuilder {
    pub(super) fn new() -> Self {
        Self {
            authenticator: None,
            credentials: None,
            counters: None,
            listed_parties: Vec::new(),
            resolver: None,
            pending: None,
            actions: None,
            #[cfg(feature = "memory")]
            memory_capacity: 100_000,
            purses: None,
            slot_keys: None,
            clock: None,
            listener: None,
            source_of: Box::new(|_| None),
            user_verification: Requirement::Required,
            challenge_lifetime: Duration::from_secs(5 * 60),
            action_lifetime: Duration::from_secs(60),
            challenges_of_user: Budget::per_minute(600),
            misses_of_user: Budget::per_minute(1000),
            limits: RequestLimits { body: 64 * 1024, read_deadline: Duration::from_secs(10) },
        }
    }

    /// One type that is everything that a host has to be.
    pub fn host<H: Authenticator + CredentialRepository + SignCounters>(self, host: Arc<H>) -> Self {
        self.authenticator(host.clone()).credentials(host.clone()).sign_counters(host)
    }

    /// Who tells who is asking for a challenge, by a bearer token say. Not a [`UserActions`](crate::UserActions): nobody could get the
    /// first action.
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = Some(authenticator);
        self
    }

    /// Who keeps the credentials.
    pub fn credentials(mut self, credentials: Arc<dyn CredentialRepository>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Who keeps the signature counters of passkeys.
    pub fn sign_counters(mut self, counters: Arc<dyn SignCounters>) -> Self {
        self.counters = Some(counters);
        self
    }

    /// Lists a relying party. The first is the one of requests without an `Origin` header.
    pub fn relying_party(mut self, party: RelyingParty) -> Self {
        self.listed_parties.push(party);
        self
    }

    /// Finds relying parties in another way than by a list, which this replaces.
    pub fn relying_parties(mut self, resolver: Arc<dyn RelyingParties>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Hears of everything that happens, on the request's own task.
    pub fn events(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Listener::new(listener));
        self
    }

    /// Where requests come from, for the events.
    pub fn source(mut self, source: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.source_of = Box::new(source);
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
        self.memory_capacity = records;
        self
    }

    /// Where all budgets are kept, so that several processes spend them together. Default: in this process, at no cost. A shared store is asked once
    /// more by each begin, and once or twice more by each complete and redeem.
    pub fn budgets(mut self, purses: Arc<dyn PurseStore>) -> Self {
        self.purses = Some(purses);
        self
    }

    /// The keys that slots are made with; the code flow's will do. Default: a random one, which no other process has. With a
    /// [shared](crate::store::Sharing) store there is no default.
    pub fn slot_keys(mut self, keys: SlotKeys) -> Self {
        self.slot_keys = Some(keys);
        self
    }

    /// What time it is. Default: the clock of the shared store, if there is one, else the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whether passkeys have to verify the person. Default: required, since an action is worth as much as a sign-in.
    pub fn user_verification(mut self, requirement: Requirement) -> Self {
        self.user_verification = requirement;
        self
    }

    /// How long a challenge lives. Default: five minutes; no more than an hour.
    pub fn challenge_lifetime(mut self, lifetime: Duration) -> Self {
        self.challenge_lifetime = lifetime;
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
        self.limits.body = bytes;
        self
    }

    /// How long a body may take to arrive, from its first byte to its last. Default: ten seconds.
    pub fn read_deadline(mut self, deadline: Duration) -> Self {
        self.limits.read_deadline = deadline;
        self
    }

    /// Checks everything, and starts the flow.
    pub fn build(self) -> Result<ActionFlow, BuildError> {
        let relying_parties: Arc<dyn RelyingParties> = match self.resolver {
            Some(resolver) => resolver,
            None if self.listed_parties.is_empty() => return Err(BuildError::Missing("relying_party")),
            None => Arc::new(RelyingPartyList::new(self.listed_parties)),
        };
        check_lifetime(
            self.challenge_lifetime,
            LONGEST_CHALLENGE_LIFETIME,
            "challenge_lifetime",
            "one second to an hour",
        )?;
        check_lifetime(
            self.action_lifetime,
            LONGEST_ACTION_LIFETIME,
            "action_lifetime",
            "one second to ten minutes",
        )?;
        check(self.limits.body >= 1024, "body_limit", "an assertion needs at least a kilobyte")?;
        check(!self.limits.read_deadline.is_zero(), "read_deadline", "no body arrives in no time")?;
        #[cfg(feature = "memory")]
        check(self.memory_capacity > 0, "memory_capacity", "a store holds at least one record")?;
        let listener = self.listener.ok_or(BuildError::Missing("events"))?;
        let stores = [
            ("challenge_store", self.pending.as_ref().map(|store| store.sharing())),
            ("action_store", self.actions.as_ref().map(|store| store.sharing())),
        ];
        let Foundation { clock, slot_keys, purses } =
            Foundation::new(self.clock, self.slot_keys, self.purses, stores)?;
        let purses = purses.as_ref();
        #[cfg(feature = "memory")]
        let (pending, actions) = (
            self.pending.or_else(|| {
                Some(in_memory(self.memory_capacity, &clock, &listener, |it: &PendingAction| &it.user))
            }),
            self.actions.or_else(|| {
                Some(in_memory(self.memory_capacity, &clock, &listener, |it: &UserAction| &it.user))
            }),
        );
        #[cfg(not(feature = "memory"))]
        let (pending, actions) = (self.pending, self.actions);
        Ok(ActionFlow::new(Inner {
            front: Front {
                authenticator: self.authenticator.ok_or(BuildError::Missing("authenticator"))?,
                relying_parties,
                clock,
                listener,
                source_of: self.source_of,
                limits: self.limits,
            },
            credentials: self.credentials.ok_or(BuildError::Missing("credentials"))?,
            counters: self.counters.ok_or(BuildError::Missing("sign_counters"))?,
            pending: pending.ok_or(BuildError::Missing("challenge_store"))?,
            actions: actions.ok_or(BuildError::Missing("action_store"))?,
            slot_keys,
            user_verification: self.user_verification,
            challenge_lifetime: self.challenge_lifetime,
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
