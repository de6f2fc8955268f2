//! User action signing: an existing credential signs exactly the request that a user is about to
//! make.
//!
//! Minting a code is as powerful as adding a credential, so a bearer token alone should not be
//! enough. [`CodeFlow::signed_by`](crate::CodeFlow::signed_by) also demands a *user action* (a
//! step-up). Users get one from an [`ActionFlow`]:
//!
//! | path, with the default mount | what it does |
//! | --- | --- |
//! | `/auth/action/init` | a signed-in user names a request, and gets a challenge |
//! | `/auth/action` | the challenge, signed by one of their credentials, buys a user action |
//!
//! 1. **A user action is for one request**: this user, this method, this path, and the JSON value
//!    of this body. Spacing, the order of members and the notation of numbers do not count. Clients
//!    write a body twice, and not always in the same way. A body without bytes is `{}`. A body that
//!    is not JSON is bound byte for byte.
//! 2. **That request spends it, once**, and no other request can. Its store address is derived from
//!    the request, so another request finds nothing and spends nothing. Of any number of racing
//!    requests one is let in.
//! 3. **It lives a minute.** The challenge before it lives five minutes.
//! 4. **Only the caller's own, active credentials sign**: passkeys, keys and password-protected
//!    keys. A recovery key never does.
//! 5. **One answer for every action that does not work.** Wrong answers and wrong actions have no
//!    budget: nobody can guess secrets of 256 bits. Such a budget would only allow a thief of the
//!    bearer token to lock the owner out. Challenges have a budget for each user, so that nobody
//!    fills the store.
//! 6. **A failure that is not the caller's fault puts the record back**, as in the [code's
//!    flow](crate::code), until the action is redeemed. Redeeming is final, even if the request
//!    behind it fails.
//!
//! # Examples
//!
//! Both flows use one site. Its authenticator checks the bearer token everywhere.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use credential_code::testing::MemoryHost;
//! use credential_code::{
//!     ActionFlow, ActionPolicy, AuthFlows, AuthRouter, CodeFlow, CodePolicy, RelyingParty, Site,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Arc::new(MemoryHost::default());
//! let site = Site::builder()
//!     .host(host.clone())
//!     .sign_counters(host)
//!     .relying_party(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?)
//!     .events(|event| println!("{event:?}"))
//!     .build()?;
//! let actions = ActionFlow::new(&site, ActionPolicy::default())?;
//! let codes = CodeFlow::new(&site, CodePolicy::default())?.signed_by(&actions)?;
//!
//! let app: Router = Router::new().nest_service("/auth", AuthRouter::new(AuthFlows::new(codes)));
//! # drop(app);
//! # Ok(())
//! # }
//! ```

mod begin;
mod complete;
mod endpoints;
mod policy;
mod redeem;
mod request;
mod user_actions;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use self::begin::{ActionChallenge, BeginRequest};
pub use self::complete::{CompleteRequest, SignedAction};
pub use self::policy::ActionPolicy;
pub use self::redeem::RedeemRequest;
pub use self::request::ActionRequest;
pub use self::user_actions::UserActions;
use crate::host::SignCounters;
use crate::model::{ActionProof, ChallengeId, Requirement, UserId};
use crate::once::Purses;
use crate::serve::{FlowLayer, FlowRouter};
use crate::site::{BuildError, Site};
use crate::store::SlotLabel;

/// The endpoints of user action signing, under `/auth/action` unless you set another path.
pub type ActionRouter = FlowRouter<ActionFlow>;

/// The endpoints of user action signing, in front of a service.
pub type ActionLayer = FlowLayer<ActionFlow>;

/// User action signing over a [`Site`]. It is cheap to clone.
///
/// Put it behind HTTP with [`ActionRouter`] or [`ActionLayer`]. Put it in front of mint with
/// [`CodeFlow::signed_by`](crate::CodeFlow::signed_by). Or call its three methods from a transport
/// of your own.
#[derive(Clone)]
pub struct ActionFlow(Arc<Inner>);

struct Inner {
    site: Site,
    policy: ActionPolicy,
    counters: Arc<dyn SignCounters>,
    challenges_of_user: Purses,
}

impl ActionFlow {
    /// Creates the flow over a site, which needs
    /// [`sign_counters`](crate::site::SiteBuilder::sign_counters).
    ///
    /// The site's authenticator says who asks for a challenge, for example by a bearer token. A
    /// [`UserActions`] there would keep everybody from their first action.
    pub fn new(site: &Site, policy: ActionPolicy) -> Result<Self, BuildError> {
        policy.check()?;
        let counters = site.counters().ok_or_else(|| BuildError::Missing(vec!["sign_counters"]))?;
        Ok(Self(Arc::new(Inner {
            counters: counters.clone(),
            challenges_of_user: site.purses(policy.challenges_per_user, SlotLabel::ActionChallengesOfUser),
            policy,
            site: site.clone(),
        })))
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }
}

impl fmt::Debug for ActionFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionFlow").field("site", &self.0.site).finish_non_exhaustive()
    }
}

/// Puts the user of the challenge into its slot, and whether the person has to be verified. So
/// nobody else can spend it, and no flow that asks for less. The length keeps the parts apart.
fn challenge_secret(asked: Requirement, user: &UserId, id: &ChallengeId) -> Vec<u8> {
    let length = user.as_str().len() as u64;
    [&[tag(asked)], &length.to_be_bytes()[..], user.as_str().as_bytes(), id.secret()].concat()
}

/// Puts the request into the slot of its user action, so no other request can spend it. The demand
/// on the passkey goes in too, so no flow that asks for more accepts the action.
fn action_secret(asked: Requirement, binding: &[u8; 32], proof: &ActionProof) -> Vec<u8> {
    [&[tag(asked)], binding.as_slice(), proof.secret()].concat()
}

fn tag(asked: Requirement) -> u8 {
    match asked {
        Requirement::Required => 0,
        Requirement::Preferred => 1,
        Requirement::Discouraged => 2,
    }
}
