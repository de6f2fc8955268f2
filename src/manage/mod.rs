//! A signed-in user's own credentials: list, add, activate, deactivate, rename, remove.
//!
//! | request, below `/auth/credentials` | user action | answer |
//! | --- | --- | --- |
//! | `GET` | no | `{"items":[…]}`, the newest first |
//! | `POST /init`, `{"kind"}` | no | a challenge, like that of a code |
//! | `POST`, as register | yes | the credential |
//! | `PUT /activate`, `PUT /deactivate`, `{"credentialUuid"}` | yes | `{"message":"success"}` |
//! | `PUT /rename`, `{"credentialUuid","name"}` | yes | `{"message":"success"}` |
//! | `DELETE /{credentialUuid}` | yes | `{}` |
//!
//! 1. **A change needs what a mint needs**: the site's authenticator. If the site signs actions, it
//!    also needs a user action for that very request.
//! 2. **Own credentials alone.** An unknown and a foreign uuid are one 404.
//! 3. **Repeating a change is no error.** If the credential is in that state already, it stays so,
//!    and the answer is the same.
//! 4. **No challenge works twice, or elsewhere.** The challenge of a code adds nothing here, and a
//!    challenge from here adds nothing there. Trying spends nothing.
//! 5. **Each change is reported once.** The listener hears of each change that happened, and of no
//!    other.
//!
//! A site has these endpoints if it has [`management`](crate::site::SiteBuilder::management).
//! [`AuthRouter`](crate::AuthRouter) serves them with the others.
//!
//! ```
//! use credential_code::host::Caller;
//! use credential_code::manage::{ChangeRequest, ManageFlow};
//!
//! # async fn example(
//! #     codes: &credential_code::CodeFlow, caller: &Caller,
//! #     uuid: credential_code::model::CredentialUuid,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let manage = ManageFlow::new(codes)?;
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
use crate::code::CodeFlow;
pub use crate::code::{BeginRequest, RegisterRequest, RegistrationChallenge};
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::{Caller, CredentialManagement};
use crate::model::Credential;
use crate::once::Fee;
use crate::serve::{Endpoints, FlowLayer, FlowRouter};
use crate::site::{BuildError, Site};

/// The endpoints of a user's own credentials, under `/auth/credentials` unless you set another
/// path.
pub type ManageRouter = FlowRouter<ManageFlow>;

/// The endpoints of a user's own credentials, in front of a service.
pub type ManageLayer = FlowLayer<ManageFlow>;

/// A user's own credentials, over a [`CodeFlow`]. It is cheap to clone.
#[derive(Clone)]
pub struct ManageFlow {
    codes: CodeFlow,
    management: Arc<dyn CredentialManagement>,
}

impl ManageFlow {
    /// Creates the flow over a code flow. The code flow decides which credentials may be added. A
    /// change over HTTP needs the same proof as a mint there. Its site needs
    /// [`management`](crate::site::SiteBuilder::management).
    pub fn new(codes: &CodeFlow) -> Result<Self, BuildError> {
        Self::over(codes).ok_or_else(|| BuildError::Missing(vec!["management"]))
    }

    /// Creates the flow, if the site has management.
    pub(crate) fn over(codes: &CodeFlow) -> Option<Self> {
        let management = Endpoints::site(codes).management()?.clone();
        Some(Self { codes: codes.clone(), management })
    }

    fn site(&self) -> &Site {
        Endpoints::site(&self.codes)
    }

    /// Returns a challenge to a signed-in user. With it they add a credential in the current
    /// application.
    pub async fn begin(
        &self,
        caller: &Caller,
        request: BeginRequest,
    ) -> Result<RegistrationChallenge, Error> {
        self.codes.begin(caller, request).await
    }

    /// Spends the challenge, verifies the answer, and stores the credential. Nobody is asked for
    /// [approval](crate::CodePolicy::approval).
    ///
    /// A host may call this from a transport of its own. It then
    /// [redeems](crate::ActionFlow::redeem) the user action first.
    pub async fn create(&self, caller: &Caller, request: RegisterRequest) -> Result<Credential, Error> {
        self.codes.create(caller, request).await
    }

    /// Returns the caller's credentials, inactive ones included, the newest first.
    pub async fn credentials(&self, caller: &Caller) -> Result<Vec<Credential>, Error> {
        let listing = async {
            let credentials = self.site().credentials().credentials(&caller.user).await;
            let mut credentials = credentials.map_err(Error::host)?;
            credentials.retain(|credential| credential.user == caller.user);
            credentials.sort_by_key(|credential| Reverse(credential.created_at));
            Ok(credentials)
        };
        let asking = Asking::new(Step::ListCredentials, None).by(&caller.user);
        self.site().ceremony(asking).charged(Fee::none(), listing).await
    }
}

impl fmt::Debug for ManageFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManageFlow").field("codes", &self.codes).finish_non_exhaustive()
    }
}
