//! Sign-in by passkey, for a host that has none. It makes a challenge that is not for a particular
//! user, and finds out who signed it.
//!
//! A [`SignInFlow`] has two methods and no endpoints. The host creates the session that follows.
//!
//! 1. **[`begin`](SignInFlow::begin)** creates a challenge. Nobody is signed in yet, so any page
//!    may ask, as often as it likes. Nothing is stored, and nothing is paid. The challenge id
//!    carries the necessary data, signed under the site's keys.
//! 2. **[`complete`](SignInFlow::complete)** finds the passkey by its id and the user behind it,
//!    verifies the signature, spends the challenge, and stores the counter.
//!
//! The rules are:
//!
//! 1. **A challenge signs somebody in once.** A record spends it, at a slot of its own in the
//!    site's store. There an [`insert`](crate::store::OneTimeStore::insert) has one winner. A
//!    refused answer spends nothing. A caller who hangs up may have spent it, and begins again.
//! 2. **It lives five minutes**, and is for one relying party. It is worth nothing to another flow,
//!    and challenges of other flows are worth nothing here.
//! 3. **One answer for every passkey that signs nobody in**: unknown, deactivated, of a user who is
//!    gone, or with a signature that does not hold. Only the holder of the key is told to verify
//!    themselves.
//! 4. **Only passkeys.** They answer their own domain and no other. A key would answer any page.
//! 5. **The host says whose passkey it is**, by the id. The user handle in the answer has to be
//!    that user's, in one of [three spellings](crate::manual::handles).
//! 6. **Each source pays for its own misses**, and there is no common budget. Nobody can guess a
//!    signature, so a common budget would only allow somebody to lock others out.
//!
//! # Examples
//!
//! `examples/sign_in` is an application with sessions, and has the page for it. In short:
//!
//! ```
//! use std::sync::Arc;
//!
//! use credential_code::error::Error;
//! use credential_code::model::User;
//! use credential_code::sign_in::{CompleteRequest, SignInFlow, SignInPolicy};
//! use credential_code::testing::{MemoryHost, SoftAuthenticator, StatementFormat};
//! use credential_code::{RelyingParty, Site};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # let ada = User::new("us-1".to_owned().try_into()?, "ada@example.com");
//! # let passkey = SoftAuthenticator::new(StatementFormat::None);
//! # let host = Arc::new(MemoryHost::new([ada.clone()]));
//! # host.seed(passkey.credential(ada.id.clone()));
//! let party = Arc::new(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?);
//! let site = Site::builder()
//!     .host(host.clone())
//!     .passkeys(host.clone())
//!     .sign_counters(host)
//!     .relying_party((*party).clone())
//!     .events(|event| println!("{event:?}"))
//!     .build()?;
//! let flow = SignInFlow::new(&site, SignInPolicy::default())?;
//!
//! // For the page: what `PublicKeyCredential.parseRequestOptionsFromJSON` takes is in `publicKey`.
//! let challenge = flow.begin(&party)?;
//! let body = serde_json::to_value(&challenge)?;
//! assert_eq!(body["publicKey"]["rpId"], "example.com");
//!
//! // From the page: the challenge id, and the credential's `toJSON()`.
//! # let challenge = challenge.challenge.as_str();
//! # let answer = passkey.assert_json("example.com", "https://app.example.com", challenge, b"us-1");
//! # let id = &body["challengeIdentifier"];
//! # let body = serde_json::json!({ "challengeIdentifier": id, "credential": answer });
//! let request: CompleteRequest = serde_json::from_value(body)?;
//! let signed_in = flow.complete(&party, request).await?;
//! assert_eq!(signed_in.user.id.as_str(), "us-1");
//! # Ok(()) }
//! # credential_code::testing::block_on(example()).unwrap();
//! ```
//!
//! # What is left to the host
//!
//! - **The session.** Create a new token at each sign-in, and never keep one that the browser had
//!   before. Tell the flows [since when](crate::host::Caller::since) it exists:
//!   [`SignedIn::began_at`].
//! - **The sender of the answer.** A page of another origin could sign its visitors in as somebody
//!   else. Accept only JSON, as axum's `Json` does, and send no CORS headers.
//! - **The event** [`SignedIn`](crate::event::Event::SignedIn) is for the log.

mod begin;
mod complete;
mod policy;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use self::begin::SignInChallenge;
pub use self::complete::{CompleteRequest, SignedIn};
pub use self::policy::SignInPolicy;
use crate::host::{PasskeyDirectory, SignCounters};
use crate::once::Purses;
use crate::site::{BuildError, Site};
use crate::store::SlotLabel;

/// Sign-in by passkey over a [`Site`]. It is cheap to clone.
#[derive(Clone)]
pub struct SignInFlow(Arc<Inner>);

struct Inner {
    site: Site,
    policy: SignInPolicy,
    passkeys: Arc<dyn PasskeyDirectory>,
    counters: Arc<dyn SignCounters>,
    misses_of_source: Purses,
    sign_ins_of_user: Purses,
}

impl SignInFlow {
    /// Creates the flow over a site, which needs [`passkeys`](crate::site::SiteBuilder::passkeys)
    /// and [`sign_counters`](crate::site::SiteBuilder::sign_counters).
    ///
    /// Without the feature `fido2` it refuses every answer.
    pub fn new(site: &Site, policy: SignInPolicy) -> Result<Self, BuildError> {
        policy.check()?;
        let parts = (site.passkeys(), site.counters());
        let missing = [("passkeys", parts.0.is_none()), ("sign_counters", parts.1.is_none())];
        let (Some(passkeys), Some(counters)) = parts else {
            let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
            return Err(BuildError::Missing(missing.map(|(setter, _)| setter).collect()));
        };
        Ok(Self(Arc::new(Inner {
            passkeys: passkeys.clone(),
            counters: counters.clone(),
            misses_of_source: site.purses(policy.misses_per_source, SlotLabel::SignInMissesOfSource),
            sign_ins_of_user: site.purses(policy.sign_ins_per_user, SlotLabel::SignInsOfUser),
            policy,
            site: site.clone(),
        })))
    }

    fn site(&self) -> &Site {
        &self.0.site
    }
}

impl fmt::Debug for SignInFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInFlow").field("site", &self.0.site).finish_non_exhaustive()
    }
}
