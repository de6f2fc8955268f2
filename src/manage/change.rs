use crate::error::{BoxError, Error};
use crate::event::{Asking, Change, Event, Step};
use crate::host::{Caller, Changed, Removal};
use crate::manage::ManageFlow;
use crate::model::{CredentialStatus, CredentialUuid, Invalid, is_showable};
use crate::once::Fee;

/// The longest name of a credential, in bytes.
const LONGEST_NAME: usize = 1024;

/// A request to change a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangeRequest {
    /// The credential.
    pub credential: CredentialUuid,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl ChangeRequest {
    /// Creates a request without a source.
    pub fn new(credential: CredentialUuid) -> Self {
        Self { credential, source: None }
    }
}

/// A request to give a credential another name.
#[derive(Clone, Debug)]
pub struct RenameRequest {
    credential: CredentialUuid,
    name: String,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl RenameRequest {
    /// Creates a request without a source. The name follows the rules of register.
    pub fn new(credential: CredentialUuid, name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        if name.len() > LONGEST_NAME || !is_showable(&name) {
            return Err(Invalid::new(
                "name has 1 to 1024 bytes, a visible character, and none that controls or reorders text",
            ));
        }
        Ok(Self { credential, name, source: None })
    }
}

impl ManageFlow {
    /// Makes a credential active. It is no error if the credential is active already.
    pub async fn activate(&self, caller: &Caller, request: ChangeRequest) -> Result<(), Error> {
        let changing = self.management.set_status(
            &caller.user,
            &request.credential,
            CredentialStatus::Active,
            self.codes.keep(),
        );
        self.change(Step::Activate, Change::Activated, caller, &request, changing).await
    }

    /// Deactivates a credential. After that it signs nothing, and its outstanding actions end. The
    /// last credential that signs stays, if [`CodePolicy::keep`](crate::CodePolicy::keep) says so.
    pub async fn deactivate(&self, caller: &Caller, request: ChangeRequest) -> Result<(), Error> {
        let status = CredentialStatus::Deactivated;
        let changing =
            self.management.set_status(&caller.user, &request.credential, status, self.codes.keep());
        self.change(Step::Deactivate, Change::Deactivated, caller, &request, changing).await
    }

    /// Gives a credential another name.
    pub async fn rename(&self, caller: &Caller, request: RenameRequest) -> Result<(), Error> {
        let RenameRequest { credential, name, source } = request;
        let changing = self.management.rename(&caller.user, &credential, &name);
        let request = ChangeRequest { credential: credential.clone(), source };
        self.change(Step::Rename, Change::Renamed, caller, &request, changing).await
    }

    /// Removes a credential for good. Rejects the removal of the last one that signs, if one has to
    /// be kept.
    pub async fn remove(&self, caller: &Caller, request: ChangeRequest) -> Result<(), Error> {
        let removing = async {
            let keep = self.codes.keep();
            Ok(match self.management.remove(&caller.user, &request.credential, keep).await? {
                Removal::Removed => Changed::Changed,
                Removal::Missing => Changed::Missing,
                Removal::Last => Changed::Last,
            })
        };
        self.change(Step::Remove, Change::Removed, caller, &request, removing).await
    }

    async fn change(
        &self,
        step: Step,
        change: Change,
        caller: &Caller,
        request: &ChangeRequest,
        changing: impl Future<Output = Result<Changed, BoxError>>,
    ) -> Result<(), Error> {
        let (site, user, source) = (self.site(), &caller.user, request.source.as_deref());
        let credential = &request.credential;
        let changing = async {
            let began_at = caller.began_at(site.now());
            site.active_user(user, began_at).await?.map_err(Error::may_not_change)?;
            let unsettled = site.unsettled(Event::ChangeUnsettled { user, credential, change, source });
            let changed = changing.await.map_err(Error::host)?;
            unsettled.settle();
            match changed {
                Changed::Changed => {
                    site.tell(&Event::CredentialChanged { user, credential, change, source });
                    Ok(())
                }
                Changed::Unchanged => Ok(()),
                Changed::Missing => Err(Error::no_credential()),
                Changed::Last => Err(Error::last_credential()),
            }
        };
        let asking = Asking::new(step, source).by(user);
        site.ceremony(asking).charged(Fee::none(), changing).await
    }
}
