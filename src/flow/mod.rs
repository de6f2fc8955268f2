//! The flow: mint, exchange, register. It reads and writes no HTTP; of a request it knows the head, which the host is asked about.
//!
//! ```text
//! minted -> (exchange takes it) -> pending registration -> (register takes it) -> credential
//! ```
//!
//! 1. **A code is spent by exchange.** Of any number of racing exchanges, one gets a challenge. A passkey dialog that was cancelled
//!    needs no new code: the challenge is still good, since nothing has reached the server.
//! 2. **A challenge is spent by register.** Of any number of racing registers, at most one makes a credential.
//! 3. **What was not the caller's fault is put back**, with its old expiry and at most five times: when the host or a store fails after the
//!    take, and when the person can mend the refusal with the same challenge. Every other refusal leaves it spent. (Someone who hangs up
//!    between the take and the answer has spent it, too.)
//! 4. **Parse everything, then take, then act.** Malformed input never spends anything.
//! 5. **A code says nothing.** Unknown, spent, expired and mistyped codes get one answer, and every code that has a code's form costs
//!    the same work.
//! 6. **Guessing is limited by misses**, for each source and for the whole flow.
//! 7. **The flow never signs anybody in.** One code buys one credential and nothing else.

mod attempts;
mod builder;
mod error;
mod event;
mod exchange;
mod expiration;
mod front;
mod listener;
#[cfg(feature = "tracing")]
mod log;
mod mint;
#[cfg(not(feature = "deprecated-kinds"))]
mod no_secret;
mod proof;
mod purses;
mod register;
#[cfg(feature = "deprecated-kinds")]
mod secret;
mod source;
mod taken;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use self::attempts::BudgetScope;
use self::attempts::{Attempt, Attempts};
pub use self::builder::{BuildError, CodeFlowBuilder};
pub(crate) use self::builder::{CommonSettings, check_lifetime};
pub(crate) use self::error::Reason;
pub use self::error::{Error, ErrorKind};
pub use self::event::{Event, Step};
pub use self::exchange::{ExchangeRequest, RegistrationChallenge};
pub use self::expiration::{CodeExpiry, Expiration};
pub(crate) use self::front::{Front, RequestLimits, SourceOf};
pub(crate) use self::listener::{Listener, Refused};
pub use self::mint::MintedCode;
pub use self::proof::Proof;
pub(crate) use self::purses::{Purses, SharedPurses, Unpaid};
pub use self::register::RegisterRequest;
pub use self::source::source_of;
pub(crate) use self::taken::{NotTaken, Refusal, Spent, Taken, take};
#[cfg(feature = "fido2")]
use crate::attestation::AttestationEngine;
use crate::host::{CredentialRepository, UserDirectory};
use crate::model::{CodeFormat, CredentialKind, Fido2Policy, User, UserId, UserStatus};
#[cfg(feature = "deprecated-kinds")]
use crate::secret::PasswordHasher;
use crate::store::{CodeGrant, OneTimeStore, PendingRegistration, SlotKeys};

/// The flow with everything that the host brought to it. Cheap to clone; made by [`CodeFlow::builder`].
///
/// Put it behind HTTP with [`CodeRouter`](crate::CodeRouter) or [`CodeLayer`](crate::CodeLayer), or call its three methods from
/// a transport of your own.
#[derive(Clone)]
pub struct CodeFlow(Arc<Inner>);

struct Inner {
    front: Front,
    users: Arc<dyn UserDirectory>,
    credentials: Arc<dyn CredentialRepository>,
    codes: Arc<dyn OneTimeStore<CodeGrant>>,
    pending: Arc<dyn OneTimeStore<PendingRegistration>>,
    slot_keys: SlotKeys,
    kinds: Vec<CredentialKind>,
    #[cfg(feature = "deprecated-kinds")]
    passwords: Option<PasswordHasher>,
    fido2: Arc<Fido2Policy>,
    #[cfg(feature = "fido2")]
    engine: AttestationEngine,
    code_format: CodeFormat,
    code_lifetime: Duration,
    challenge_lifetime: Duration,
    attempts: Attempts,
    codes_of_user: Purses,
}

impl CodeFlow {
    /// Starts a flow. See [`CodeFlowBuilder`] for what it needs.
    pub fn builder() -> CodeFlowBuilder {
        CodeFlowBuilder::new()
    }

    /// How codes are written, and read.
    pub fn code_format(&self) -> CodeFormat {
        self.0.code_format
    }

    pub(crate) fn front(&self) -> &Front {
        &self.0.front
    }

    /// Tells the host, and the log.
    fn tell(&self, event: &Event<'_>) {
        self.0.front.listener.tell(event);
    }

    /// Tells of a refusal and returns it.
    pub(crate) fn refuse(&self, refused: Refused<'_>, error: impl Into<Error>) -> Error {
        self.0.front.listener.refuse(refused, error)
    }

    fn now(&self) -> SystemTime {
        self.0.front.clock.now()
    }

    /// The user, if they may add credentials.
    async fn active_user(&self, id: &UserId) -> Result<Option<User>, Error> {
        let user = self.0.users.user(id).await.map_err(Error::host)?;
        Ok(user.filter(|user| match user.status {
            UserStatus::Active => true,
            UserStatus::Deactivated => false,
        }))
    }

    /// Pays for one guess, or says that there is nothing left to pay with.
    async fn begin_attempt<'a>(&'a self, refused: Refused<'a>) -> Result<Attempt<'a>, Error> {
        let attempt = self.0.attempts.begin(refused.source, self.now()).await;
        attempt.map_err(|(scope, unpaid)| self.0.front.listener.refuse_unpaid(refused, scope, unpaid))
    }
}

impl fmt::Debug for CodeFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeFlow")
            .field("kinds", &self.0.kinds)
            .field("codes", &self.0.codes)
            .field("pending", &self.0.pending)
            .field("clock", &self.0.front.clock)
            .finish_non_exhaustive()
    }
}
