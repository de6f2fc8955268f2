//! The code flow: mint, exchange, register. It needs no HTTP.
//!
//! ```text
//! minted -> (exchange takes it) -> pending registration -> (register takes it) -> credential
//! ```
//!
//! 1. **A code is spent by exchange.** Of any number of racing exchanges, one gets a challenge. A
//!    cancelled passkey dialog needs no new code. The challenge is still good, since nothing has
//!    reached the server.
//! 2. **A challenge is spent by register.** Of any number of racing registers, at most one creates
//!    a credential.
//! 3. **A failure that is not the caller's fault puts the record back**, with its old expiry and at
//!    most five times. This covers a host or a store that fails after the take. It also covers a
//!    refusal that the person can mend with the same challenge. Every other refusal leaves the
//!    record spent.
//! 4. **Parse everything, then take, then act.** Malformed input never spends anything.
//! 5. **An answer tells nothing about codes.** Unknown, spent, expired and mistyped codes get one
//!    answer. Every code of the right form costs the same work.
//! 6. **A budget of misses limits guessing**, for each source and for the whole flow.
//! 7. **The flow never signs anybody in.** One code buys one credential and nothing else.
//!
//! # What the owner sees and decides
//!
//! Everything that one code begins is an enrolment, under an id that is no secret. The user who
//! minted the code is its owner. A signed-in user who [adds a credential without a
//! code](crate::manage) begins an enrolment too. It starts as opened.
//!
//! | request, below `/auth/credentials` | caller | what it does |
//! | --- | --- | --- |
//! | `GET /enrolments` | the owner | lists the enrolments that are outstanding, or ended within the hour |
//! | `GET /enrolments/{id}` (`?after=STAGE&wait=SECONDS`) | the owner | returns one of them, at once or when it changes |
//! | `DELETE /enrolments/{id}` | the owner | ends it, before it added anything |
//! | `POST /enrolments/{id}/approve` | as mint | stores the credential that waits |
//! | `POST /enrolments/{id}/refuse` | the owner | drops it |
//! | `POST /enrolments/undo` | the token of a notice | takes back the credential that was added |
//! | `POST /enrolments/outcome` | the token of register's answer | tells the new client what happened to its credential |
//!
//! [`CodePolicy::approval`] says whether the owner is asked before a credential is stored.
//!
//! Each step has a file of its own, and takes one request value. The ceremony that all steps share
//! is in `once/`.

mod add;
mod endpoints;
mod exchange;
mod expiration;
mod mint;
mod opening;
mod own;
mod owner;
mod pending;
mod policy;
mod proof;
mod register;
pub(crate) mod wire;

use std::fmt;
use std::sync::Arc;

pub use self::exchange::ExchangeRequest;
pub use self::expiration::{Expiration, LateExpiration};
pub use self::mint::{MintRequest, MintedCode};
pub use self::opening::{BeginRequest, RegistrationChallenge};
pub use self::owner::wire::EnrolmentAnswer;
pub use self::owner::{ApproveRequest, EnrolmentRequest, Outcome, OutcomeRequest, UndoRequest};
pub use self::pending::{AwaitedApproval, Registration};
pub use self::policy::CodePolicy;
pub use self::proof::Proof;
pub use self::register::RegisterRequest;
pub use self::wire::CredentialAnswer;
use crate::action::{ActionFlow, UserActions};
pub use crate::enrolment::Wait;
use crate::error::Error;
use crate::host::{Authenticator, Keep};
use crate::model::{CodeFormat, CredentialKind, Fido2Policy};
use crate::once::{Fee, Purses};
use crate::secret::Secrets;
use crate::serve::{FlowLayer, FlowRouter};
use crate::site::{BuildError, Site};
use crate::store::SlotLabel;

/// How many wrong check codes refuse a credential.
const MOST_ATTEMPTS: u8 = 3;

/// The endpoints that add a credential with a code, under `/auth/credentials` unless you set
/// another path.
pub type CodeRouter = FlowRouter<CodeFlow>;

/// The endpoints that add a credential with a code, in front of a service.
pub type CodeLayer = FlowLayer<CodeFlow>;

/// The code flow over a [`Site`]. It is cheap to clone.
///
/// Put it behind HTTP with [`CodeRouter`] or [`CodeLayer`], or call its methods from a transport
/// of your own.
#[derive(Clone)]
pub struct CodeFlow {
    inner: Arc<Inner>,
    /// Decides who may mint: the site's authenticator, perhaps with a signed action.
    authenticator: Arc<dyn Authenticator>,
    actions: Option<ActionFlow>,
}

struct Inner {
    site: Site,
    policy: CodePolicy,
    kinds: Vec<CredentialKind>,
    fido2: Arc<Fido2Policy>,
    secrets: Secrets,
    misses_of_source: Purses,
    misses_of_flow: Purses,
    codes_of_user: Purses,
    begins_of_user: Purses,
}

impl CodeFlow {
    /// Creates the flow over a site.
    ///
    /// Flows over one site share its codes, challenges and budgets. A challenge of one flow may be
    /// answered at another, whose policy and engine then judge. Create one code flow for a site,
    /// and clone it.
    pub fn new(site: &Site, policy: CodePolicy) -> Result<Self, BuildError> {
        let kinds = policy.check(site)?;
        let inner = Inner {
            secrets: policy.secrets(&kinds)?,
            kinds,
            fido2: Arc::new(policy.fido2.clone()),
            misses_of_source: site.purses(policy.misses_per_source, SlotLabel::MissesOfSource),
            misses_of_flow: site.purses(policy.misses, SlotLabel::MissesOfFlow),
            codes_of_user: site.purses(policy.codes_per_user, SlotLabel::CodesOfUser),
            begins_of_user: site.purses(policy.begins_per_user, SlotLabel::BeginsOfUser),
            policy,
            site: site.clone(),
        };
        Ok(Self { inner: Arc::new(inner), authenticator: site.authenticator().clone(), actions: None })
    }

    /// Demands a user action (a step-up) from everybody who mints over HTTP, on top of the site's
    /// authenticator. The action is signed in that flow, which has to be over the same site.
    ///
    /// A host may call [`mint`](Self::mint) from a transport of its own. It then
    /// [redeems](ActionFlow::redeem) the action first. The site's own authenticator must not be a
    /// [`UserActions`] too: both would spend the one action of a request.
    pub fn signed_by(self, actions: &ActionFlow) -> Result<Self, BuildError> {
        if self.actions.is_some() {
            return Err(BuildError::Twice("signed_by"));
        }
        if !self.site().is(actions.site()) {
            return Err(BuildError::Contradiction {
                one: "CodeFlow::new",
                other: "signed_by",
                reason: "the flows are made over two sites, and a user of one may be somebody else at the other",
            });
        }
        let bearer = self.site().authenticator().clone();
        let authenticator = Arc::new(UserActions::new(bearer, actions.clone()));
        Ok(Self { authenticator, actions: Some(actions.clone()), ..self })
    }

    /// Returns the flow that signs mints.
    pub(crate) fn actions(&self) -> Option<&ActionFlow> {
        self.actions.as_ref()
    }

    /// Returns the authenticator that decides who may mint.
    pub(crate) fn authenticator(&self) -> &Arc<dyn Authenticator> {
        &self.authenticator
    }

    /// Returns what must remain after a user's changes.
    pub(crate) fn keep(&self) -> Keep {
        self.inner.policy.keep
    }

    /// Returns the format of codes.
    pub fn code_format(&self) -> CodeFormat {
        self.inner.policy.code_format
    }

    fn site(&self) -> &Site {
        &self.inner.site
    }

    /// Rejects a kind that the host did not allow, before anything is spent.
    fn check_kind(&self, kind: CredentialKind) -> Result<(), Error> {
        if self.inner.kinds.contains(&kind) {
            return Ok(());
        }
        let allowed: Vec<_> = self.inner.kinds.iter().map(|kind| kind.as_str()).collect();
        Err(Error::invalid_request(format!(
            "The kind {kind} is not allowed here, but these are: {}",
            allowed.join(", ")
        )))
    }

    /// Returns the fee of a guess at a code or a challenge.
    fn fee_of_guess<'a>(&'a self, source: Option<&'a str>) -> Fee<'a> {
        Fee::of_guess(&self.inner.misses_of_source, &self.inner.misses_of_flow, source)
    }
}

impl fmt::Debug for CodeFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeFlow")
            .field("kinds", &self.inner.kinds)
            .field("site", &self.inner.site)
            .finish_non_exhaustive()
    }
}
