use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use crate::event::{Event, Listener};
use crate::host::{
    Authenticator, CredentialManagement, CredentialRepository, PasskeyDirectory, RelyingParties,
    RelyingPartyList, SignCounters, UserDirectory,
};
use crate::model::RelyingParty;
use crate::site::limits::RequestLimits;
use crate::site::{BuildError, Inner, Site, SourceOf, Storage, check};

/// A client accepts related origins of at least five labels (WebAuthn Level 3). Known clients
/// accept no more.
const MOST_LABELS: usize = 5;

/// Builds a [`Site`].
///
/// The order of calls does not matter. A setter that is called twice is a [`BuildError`], and so
/// are two calls that contradict each other. So is a missing part without a sensible default: the
/// host, a relying party, a listener. The page on [defaults](crate::manual::defaults) gives the
/// reason for each.
#[derive(Default)]
#[must_use]
pub struct SiteBuilder {
    host: Option<Host>,
    authenticator: Option<Arc<dyn Authenticator>>,
    users: Option<Arc<dyn UserDirectory>>,
    credentials: Option<Arc<dyn CredentialRepository>>,
    passkeys: Option<Arc<dyn PasskeyDirectory>>,
    counters: Option<Arc<dyn SignCounters>>,
    management: Option<Arc<dyn CredentialManagement>>,
    relying_party: Option<RelyingParty>,
    relying_parties: Option<Arc<dyn RelyingParties>>,
    listener: Option<Listener>,
    storage: Option<Storage>,
    source: Option<SourceOf>,
    place: Option<SourceOf>,
    body_limit: Option<usize>,
    read_deadline: Option<Duration>,
    /// The first setter that was called twice.
    twice: Option<&'static str>,
}

/// The parts that one type of the host's implements.
struct Host {
    authenticator: Arc<dyn Authenticator>,
    users: Arc<dyn UserDirectory>,
    credentials: Arc<dyn CredentialRepository>,
}

impl SiteBuilder {
    /// Sets the authenticator, the users and the credentials, unless another call sets them.
    pub fn host<H>(mut self, host: H) -> Self
    where
        H: Authenticator + UserDirectory + CredentialRepository,
    {
        let host = Arc::new(host);
        let host = Host { authenticator: host.clone(), users: host.clone(), credentials: host };
        set(&mut self.host, host, "host", &mut self.twice);
        self
    }

    /// Sets the part that identifies the caller, by a bearer token or a session.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        set(&mut self.authenticator, Arc::new(authenticator), "authenticator", &mut self.twice);
        self
    }

    /// Sets the part that knows the users.
    pub fn users(mut self, users: impl UserDirectory) -> Self {
        set(&mut self.users, Arc::new(users), "users", &mut self.twice);
        self
    }

    /// Sets the part that keeps the credentials.
    pub fn credentials(mut self, credentials: impl CredentialRepository) -> Self {
        set(&mut self.credentials, Arc::new(credentials), "credentials", &mut self.twice);
        self
    }

    /// Sets the part that finds a passkey without its user. A [sign-in](crate::sign_in) needs it.
    pub fn passkeys(mut self, passkeys: impl PasskeyDirectory) -> Self {
        set(&mut self.passkeys, Arc::new(passkeys), "passkeys", &mut self.twice);
        self
    }

    /// Sets the part that keeps the signature counters of passkeys. User action signing needs it,
    /// and so does a [sign-in](crate::sign_in).
    pub fn sign_counters(mut self, counters: impl SignCounters) -> Self {
        set(&mut self.counters, Arc::new(counters), "sign_counters", &mut self.twice);
        self
    }

    /// Sets the part that changes stored credentials. Default: none, so nobody can take a
    /// credential back by an [undo token](crate::model::UndoToken).
    pub fn management(mut self, management: impl CredentialManagement) -> Self {
        set(&mut self.management, Arc::new(management), "management", &mut self.twice);
        self
    }

    /// Sets the one relying party of the site.
    pub fn relying_party(mut self, party: RelyingParty) -> Self {
        set(&mut self.relying_party, party, "relying_party", &mut self.twice);
        self
    }

    /// Sets how relying parties are found: by a [list](RelyingPartyList), or by a resolver of your
    /// own.
    pub fn relying_parties(mut self, parties: impl RelyingParties) -> Self {
        set(&mut self.relying_parties, Arc::new(parties), "relying_parties", &mut self.twice);
        self
    }

    /// Sets the listener, which hears of everything that happens. It is called on the request's own
    /// task, so hand over slow work. Write the audit log, count, and tell the user of every [added
    /// credential](Event::added_credential).
    pub fn events(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        set(&mut self.listener, Listener::new(listener), "events", &mut self.twice);
        self
    }

    /// Sets where records and budgets are kept. Default, with the feature `memory`: in memory.
    pub fn storage(mut self, storage: Storage) -> Self {
        set(&mut self.storage, storage, "storage", &mut self.twice);
        self
    }

    /// Sets how to find the network source of a request, for the miss budget of each source and for
    /// events. For example, use the peer's address, by [`source_of`](crate::site::source_of).
    ///
    /// Behind a proxy of your own, use the entry that the proxy adds: the last of
    /// `X-Forwarded-For`. Without a source, only the common budget counts.
    pub fn source(mut self, source: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        set(&mut self.source, Box::new(source), "source", &mut self.twice);
        self
    }

    /// Sets the host's own words for the place where a code was entered: "Chrome on Android, Lyon".
    /// The owner sees them. Default: none.
    pub fn place(mut self, place: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        set(&mut self.place, Box::new(place), "place", &mut self.twice);
        self
    }

    /// Sets the largest body, in bytes. Default: 64 KiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        set(&mut self.body_limit, bytes, "body_limit", &mut self.twice);
        self
    }

    /// Sets how long a body may take to arrive, from its first byte to its last. Default: ten
    /// seconds.
    pub fn read_deadline(mut self, deadline: Duration) -> Self {
        set(&mut self.read_deadline, deadline, "read_deadline", &mut self.twice);
        self
    }

    /// Checks everything, and opens the storage.
    pub fn build(self) -> Result<Site, BuildError> {
        if let Some(setter) = self.twice {
            return Err(BuildError::Twice(setter));
        }
        let relying_parties: Option<Arc<dyn RelyingParties>> =
            match (self.relying_party, self.relying_parties) {
                (Some(_), Some(_)) => {
                    return Err(BuildError::Contradiction {
                        one: "relying_party",
                        other: "relying_parties",
                        reason: "either is everything that the site has; list the party with the others",
                    });
                }
                (Some(party), None) => Some(Arc::new(RelyingPartyList::from(party))),
                (None, parties) => parties,
            };
        let mut missing = Vec::new();
        let host = self.host.as_ref();
        let authenticator = self.authenticator.or_else(|| host.map(|host| host.authenticator.clone()));
        let users = self.users.or_else(|| host.map(|host| host.users.clone()));
        let credentials = self.credentials.or_else(|| host.map(|host| host.credentials.clone()));
        #[cfg(feature = "memory")]
        let storage = self.storage.or_else(|| Some(Storage::in_memory()));
        #[cfg(not(feature = "memory"))]
        let storage = self.storage;
        let parts = (
            given(authenticator, "authenticator", &mut missing),
            given(users, "users", &mut missing),
            given(credentials, "credentials", &mut missing),
            given(relying_parties, "relying_party", &mut missing),
            given(self.listener, "events", &mut missing),
            given(storage, "storage", &mut missing),
        );
        let (
            Some(authenticator),
            Some(users),
            Some(credentials),
            Some(relying_parties),
            Some(listener),
            Some(storage),
        ) = parts
        else {
            return Err(BuildError::Missing(missing));
        };
        let within = relying_parties.listed().iter().all(|party| party.labels() <= MOST_LABELS);
        check(within, "relying_party", "browsers take origins of at most five labels for related ones")?;
        let storage = storage.open(&listener)?;
        let source_of = self.source.unwrap_or_else(|| Box::new(|_| None));
        let limits = RequestLimits::new(self.body_limit, self.read_deadline)?;
        let place_of = self.place.unwrap_or_else(|| Box::new(|_| None));
        let (passkeys, counters, management) = (self.passkeys, self.counters, self.management);
        Ok(Site(Arc::new(Inner {
            authenticator,
            users,
            credentials,
            passkeys,
            counters,
            management,
            relying_parties,
            storage,
            listener,
            source_of,
            place_of,
            limits,
        })))
    }
}

/// Notes a part that is missing.
fn given<T>(part: Option<T>, setter: &'static str, missing: &mut Vec<&'static str>) -> Option<T> {
    if part.is_none() {
        missing.push(setter);
    }
    part
}

/// Sets a part, and notes if its setter was called before.
pub(super) fn set<T>(part: &mut Option<T>, value: T, setter: &'static str, twice: &mut Option<&'static str>) {
    if part.replace(value).is_some() {
        twice.get_or_insert(setter);
    }
}

impl fmt::Debug for SiteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteBuilder").field("storage", &self.storage).finish_non_exhaustive()
    }
}
