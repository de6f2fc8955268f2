//! Everything that a host sets up once: authenticator, users, credentials, relying parties, a
//! listener, and storage.
//!
//! A [`Site`] is the foundation of every flow. [`CodeFlow`](crate::CodeFlow),
//! [`ActionFlow`](crate::ActionFlow) and [`SignInFlow`](crate::sign_in::SignInFlow) are each
//! created over one, with a policy: the numbers and choices of that flow.
//!
//! ```
//! use credential_code::testing::MemoryHost;
//! use credential_code::{CodeFlow, CodePolicy, RelyingParty, Site};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let site = Site::builder()
//!     .host(MemoryHost::default())
//!     .relying_party(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?)
//!     .events(|event| println!("{event:?}"))
//!     .build()?;
//! let codes = CodeFlow::new(&site, CodePolicy::default())?;
//! # drop(codes);
//! # Ok(())
//! # }
//! ```

mod build_error;
mod builder;
mod limits;
mod source;
mod storage;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;

pub use self::build_error::BuildError;
pub(crate) use self::build_error::{check, check_challenge_lifetime, check_lifetime};
pub use self::builder::SiteBuilder;
pub(crate) use self::limits::RequestLimits;
pub use self::source::source_of;
pub use self::storage::Storage;
use crate::clock::Clock;
use crate::enrolment::Enrolments;
use crate::error::{Error, Reason};
use crate::event::{Asking, Event, Listener, Unsettled};
use crate::host::{
    Authenticator, Caller, CredentialManagement, CredentialRepository, PasskeyDirectory, RelyingParties,
    SignCounters, UserDirectory,
};
use crate::model::{User, UserId, UserStatus};
use crate::once::{Ceremony, Purses};
use crate::store::{Budget, RecordStore, SlotKeys, SlotLabel};

type SourceOf = Box<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

/// Everything that a host sets up, for all of its flows. It is cheap to clone. Create it with
/// [`Site::builder`].
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    authenticator: Arc<dyn Authenticator>,
    users: Arc<dyn UserDirectory>,
    credentials: Arc<dyn CredentialRepository>,
    passkeys: Option<Arc<dyn PasskeyDirectory>>,
    counters: Option<Arc<dyn SignCounters>>,
    management: Option<Arc<dyn CredentialManagement>>,
    relying_parties: Arc<dyn RelyingParties>,
    storage: storage::Open,
    listener: Listener,
    source_of: SourceOf,
    place_of: SourceOf,
    limits: RequestLimits,
}

impl Site {
    /// Starts a site.
    pub fn builder() -> SiteBuilder {
        SiteBuilder::default()
    }

    /// Returns the clock that the site uses.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.storage.clock
    }

    /// Returns whether both are one site.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn authenticator(&self) -> &Arc<dyn Authenticator> {
        &self.0.authenticator
    }

    pub(crate) fn credentials(&self) -> &dyn CredentialRepository {
        &*self.0.credentials
    }

    pub(crate) fn passkeys(&self) -> Option<&Arc<dyn PasskeyDirectory>> {
        self.0.passkeys.as_ref()
    }

    pub(crate) fn counters(&self) -> Option<&Arc<dyn SignCounters>> {
        self.0.counters.as_ref()
    }

    pub(crate) fn management(&self) -> Option<&Arc<dyn CredentialManagement>> {
        self.0.management.as_ref()
    }

    pub(crate) fn relying_parties(&self) -> &dyn RelyingParties {
        &*self.0.relying_parties
    }

    pub(crate) fn records(&self) -> &dyn RecordStore {
        &*self.0.storage.records
    }

    pub(crate) fn enrolments(&self) -> &Enrolments {
        &self.0.storage.enrolments
    }

    pub(crate) fn slot_keys(&self) -> &SlotKeys {
        &self.0.storage.keys
    }

    pub(crate) fn limits(&self) -> RequestLimits {
        self.0.limits
    }

    pub(crate) fn source_of(&self, head: &Parts) -> Option<String> {
        (self.0.source_of)(head)
    }

    pub(crate) fn place_of(&self, head: &Parts) -> Option<String> {
        (self.0.place_of)(head)
    }

    /// Returns the name of the caller's session in the form that a ledger may see.
    pub(crate) fn session_of(&self, caller: &Caller) -> Option<[u8; 32]> {
        let session = caller.session()?.as_bytes();
        Some(*self.slot_keys().newest(SlotLabel::Session, session).as_bytes())
    }

    /// Returns whether the caller is in that session. If none was named, any session will do.
    pub(crate) fn is_in_session(&self, caller: &Caller, named: Option<&[u8; 32]>) -> bool {
        let Some(named) = named else { return true };
        let is_named = |session: &str| {
            self.slot_keys().all(SlotLabel::Session, session.as_bytes()).any(|it| it.as_bytes() == named)
        };
        caller.session().is_some_and(is_named)
    }

    /// Returns one purse for each name. Flows with the same budget spend from the same purses.
    pub(crate) fn purses(&self, budget: Budget, label: SlotLabel) -> Purses {
        self.0.storage.purses.with(budget, label)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock().now()
    }

    /// Begins a step.
    pub(crate) fn ceremony<'a>(&'a self, asking: Asking<'a>) -> Ceremony<'a> {
        Ceremony { asking, listener: &self.0.listener, clock: self.clock() }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.0.listener.tell(event);
    }

    /// Reports an event unless the host's answer settles it.
    pub(crate) fn unsettled<'a>(&'a self, event: Event<'a>) -> Unsettled<'a> {
        Unsettled::new(&self.0.listener, event)
    }

    /// Reports a refusal, unless the listener has heard it, and returns it.
    pub(crate) fn refuse(&self, asking: Asking<'_>, error: impl Into<Error>) -> Error {
        self.0.listener.refuse(asking, error.into())
    }

    /// Returns the user, if they may do what began then.
    pub(crate) async fn active_user(
        &self,
        id: &UserId,
        began_at: SystemTime,
    ) -> Result<Result<User, Reason>, Error> {
        Ok(active(self.user(id).await?, began_at))
    }

    /// Looks a user up.
    pub(crate) async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        self.0.users.user(id).await.map_err(Error::host)
    }
}

/// Returns a user who may still do what they began then.
pub(crate) fn active(user: Option<User>, began_at: SystemTime) -> Result<User, Reason> {
    let user = user.ok_or(Reason::UserGone)?;
    match user.status {
        UserStatus::Deactivated => Err(Reason::UserGone),
        UserStatus::Active if user.voids(began_at) => Err(Reason::Void),
        UserStatus::Active => Ok(user),
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("storage", &self.0.storage).finish_non_exhaustive()
    }
}
