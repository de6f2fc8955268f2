use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::flow::builder::build::{BuildError, check, check_lifetime};
use crate::flow::builder::foundation::Foundation;
#[cfg(feature = "memory")]
use crate::flow::builder::in_memory::in_memory;
use crate::flow::{Front, Listener, RequestLimits, SharedPurses, SourceOf};
use crate::host::{Authenticator, CredentialRepository, RelyingParties, RelyingPartyList};
use crate::model::{RelyingParty, UserId};
use crate::store::{OneTimeStore, PurseStore, Record, Sharing, SlotKeys};

const LONGEST_CHALLENGE_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What a host says of a flow, whichever it is.
pub(crate) struct CommonSettings {
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
    pub(crate) credentials: Option<Arc<dyn CredentialRepository>>,
    pub(crate) listed_parties: Vec<RelyingParty>,
    pub(crate) resolver: Option<Arc<dyn RelyingParties>>,
    #[cfg(feature = "memory")]
    pub(crate) memory_capacity: u64,
    pub(crate) purses: Option<Arc<dyn PurseStore>>,
    pub(crate) slot_keys: Option<SlotKeys>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) listener: Option<Listener>,
    pub(crate) source_of: SourceOf,
    pub(crate) challenge_lifetime: Duration,
    pub(crate) limits: RequestLimits,
}

impl Default for CommonSettings {
    fn default() -> Self {
        Self {
            authenticator: None,
            credentials: None,
            listed_parties: Vec::new(),
            resolver: None,
            #[cfg(feature = "memory")]
            memory_capacity: 100_000,
            purses: None,
            slot_keys: None,
            clock: None,
            listener: None,
            source_of: Box::new(|_| None),
            challenge_lifetime: Duration::from_secs(5 * 60),
            limits: RequestLimits { body: 64 * 1024, read_deadline: Duration::from_secs(10) },
        }
    }
}

impl CommonSettings {
    /// Checks them, also against the stores of the flow.
    pub(crate) fn into_parts<const STORES: usize>(
        self,
        stores: [(&'static str, Option<Sharing>); STORES],
    ) -> Result<CommonParts, BuildError> {
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
        check(
            self.limits.body >= 1024,
            "body_limit",
            "an attestation or assertion needs at least a kilobyte",
        )?;
        check(!self.limits.read_deadline.is_zero(), "read_deadline", "no body arrives in no time")?;
        #[cfg(feature = "memory")]
        check(self.memory_capacity > 0, "memory_capacity", "a store holds at least one record")?;
        let listener = self.listener.ok_or(BuildError::Missing("events"))?;
        let Foundation { clock, slot_keys, purses } =
            Foundation::new(self.clock, self.slot_keys, self.purses, stores)?;
        Ok(CommonParts {
            front: Front {
                authenticator: self.authenticator.ok_or(BuildError::Missing("authenticator"))?,
                relying_parties,
                clock,
                listener,
                source_of: self.source_of,
                limits: self.limits,
            },
            credentials: self.credentials.ok_or(BuildError::Missing("credentials"))?,
            #[cfg(feature = "memory")]
            memory_capacity: self.memory_capacity,
            slot_keys,
            purses,
            challenge_lifetime: self.challenge_lifetime,
        })
    }
}

/// What a flow holds, whichever it is.
pub(crate) struct CommonParts {
    pub(crate) front: Front,
    pub(crate) credentials: Arc<dyn CredentialRepository>,
    #[cfg(feature = "memory")]
    memory_capacity: u64,
    pub(crate) slot_keys: SlotKeys,
    pub(crate) purses: Option<SharedPurses>,
    pub(crate) challenge_lifetime: Duration,
}

impl CommonParts {
    /// The host's store, or one in memory. `user` tells whose record it is.
    pub(crate) fn store<R: Record>(
        &self,
        setter: &'static str,
        store: Option<Arc<dyn OneTimeStore<R>>>,
        #[cfg_attr(not(feature = "memory"), allow(unused_variables))] user: fn(&R) -> &UserId,
    ) -> Result<Arc<dyn OneTimeStore<R>>, BuildError> {
        #[cfg(feature = "memory")]
        let store = store
            .or_else(|| Some(in_memory(self.memory_capacity, &self.front.clock, &self.front.listener, user)));
        store.ok_or(BuildError::Missing(setter))
    }
}
