//! A signed-in user's own credentials: list, activate, deactivate, rename, remove.
//!
//! | request, below `/auth/credentials` | user action | answer |
//! | --- | --- | --- |
//! | `GET` | no | `{"items":[…]}`, the newest first |
//! | `PUT /activate`, `PUT /deactivate`, `{"credentialUuid"}` | yes | `{"message":"success"}` |
//! | `PUT /rename`, `{"credentialUuid","name"}` | yes | `{"message":"success"}` |
//! | `DELETE /{credentialUuid}` | yes | `{}` |
//!
//! 1. **A change needs what a mint needs**: the site's authenticator and, where the site signs
//!    actions, a user action for that very request.
//! 2. **Own credentials alone.** An unknown and a foreign uuid are one 404.
//! 3. **Once more is no error.** What is so already stays so, and the answer is the same.
//! 4. **Told once.** The listener hears of each change that was made, and of none that was not.
//!
//! A site has these endpoints if it has [`management`](crate::site::SiteBuilder::management).
//! [`AuthRouter`](crate::AuthRouter) serves them with the others.
//!
//! ```
//! use credential_code::host::Caller;
//! use credential_code::manage::{ChangeRequest, ManageFlow};
//!
//! # async fn example(
//! #     site: &credential_code::Site, caller: &Caller, uuid: credential_code::model::CredentialUuid,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let manage = ManageFlow::new(site)?;
//! for credential in manage.credentials(caller).await? {
//!     println!("{}", credential.name);
//! }
//! manage.deactivate(caller, ChangeRequest::new(uuid)).await?;
//! # Ok(())
//! # }
//! ```

mod change;
mod endpoints;
mod wire;

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

pub use self::change::{ChangeRequest, RenameRequest};
use crate::action::{ActionFlow, UserActions};
use crate::code::CodeFlow;
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::{Authenticator, Caller, CredentialManagement};
use crate::model::Credential;
use crate::once::Fee;
use crate::serve::{Endpoints, FlowLayer, FlowRouter};
use crate::site::{BuildError, Site};

/// The endpoints of a user's own credentials, under `/auth/credentials` if not told otherwise.
pub type ManageRouter = FlowRouter<ManageFlow>;

/// The endpoints of a user's own credentials, in front of a service.
pub type ManageLayer = FlowLayer<ManageFlow>;

/// A user's own credentials, over a [`Site`]. Cheap to clone.
#[derive(Clone)]
pub struct ManageFlow {
    site: Site,
    management: Arc<dyn CredentialManagement>,
    /// Decides who may change: the site's authenticator, or that and a signed action.
    authenticator: Arc<dyn Authenticator>,
}

impl ManageFlow {
    /// Makes the flow over a site, which needs
    /// [`management`](crate::site::SiteBuilder::management).
    pub fn new(site: &Site) -> Result<Self, BuildError> {
        let management = site.management().ok_or_else(|| BuildError::Missing(vec!["management"]))?;
        let (management, authenticator) = (management.clone(), site.authenticator().clone());
        Ok(Self { site: site.clone(), management, authenticator })
    }

    /// Demands a user action (a step-up) of everybody who changes a credential over HTTP. The action
    /// is signed in that flow, which is made over the same site.
    pub fn signed_by(self, actions: &ActionFlow) -> Result<Self, BuildError> {
        if !self.site.is(actions.site()) {
            return Err(BuildError::Contradiction {
                one: "ManageFlow::new",
                other: "signed_by",
                reason: "the flows are made over two sites, and a user of one may be somebody else at the other",
            });
        }
        Ok(self.demanding(actions))
    }

    fn demanding(self, actions: &ActionFlow) -> Self {
        let bearer = self.site.authenticator().clone();
        Self { authenticator: Arc::new(UserActions::new(bearer, actions.clone())), ..self }
    }

    /// Makes the flow over the site of a code flow, signed as that is.
    pub(crate) fn over(codes: &CodeFlow) -> Option<Self> {
        let flow = Self::new(Endpoints::site(codes)).ok()?;
        Some(match codes.actions() {
            Some(actions) => flow.demanding(actions),
            None => flow,
        })
    }

    /// Returns the caller's credentials, inactive ones too, the newest first.
    pub async fn credentials(&self, caller: &Caller) -> Result<Vec<Credential>, Error> {
        let listing = async {
            let credentials = self.site.credentials().credentials(&caller.user).await;
            let mut credentials = credentials.map_err(Error::host)?;
            credentials.retain(|credential| credential.user == caller.user);
            credentials.sort_by_key(|credential| Reverse(credential.created_at));
            Ok(credentials)
        };
        let asking = Asking::new(Step::ListCredentials, None).by(&caller.user);
        self.site.ceremony(asking).charged(Fee::none(), listing).await
    }
}

impl fmt::Debug for ManageFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManageFlow").field("site", &self.site).finish_non_exhaustive()
    }
}
