use crate::code::CodeFlow;
use crate::enrolment::{NotAdvanced, UndoHandle};
use crate::error::Error;
use crate::event::{Asking, Change, Event, Step};
use crate::host::{Keep, Removal};
use crate::model::{Stage, UndoToken};
use crate::once::Fee;

/// A request to take back a credential, with the token of its notice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UndoRequest {
    /// The token from the notice.
    pub token: UndoToken,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl UndoRequest {
    /// Creates a request without a source.
    pub fn new(token: UndoToken) -> Self {
        Self { token, source: None }
    }
}

impl CodeFlow {
    /// Removes the one credential that a token names. Ends its enrolment, so no challenge adds it
    /// again. Nobody has to be signed in. It is no error if the credential is gone already.
    pub async fn undo(&self, request: UndoRequest) -> Result<(), Error> {
        let (site, source) = (self.site(), request.source.as_deref());
        let asking = Asking::new(Step::Undo, source);
        let Some(management) = site.management() else {
            return Err(site.refuse(asking, Error::not_found()));
        };
        let handle = UndoHandle::read(site.slot_keys(), &request.token, site.now());
        let handle = handle.ok_or_else(|| site.refuse(asking, Error::invalid_token()))?;
        let UndoHandle { user, enrolment, .. } = &handle;
        let credential = &enrolment.credential_uuid();
        let asking = asking.by(user).within(Some(enrolment));
        let undoing = async {
            let enrolments = site.enrolments();
            let from = [Stage::Opened, Stage::Pending, Stage::Added];
            match enrolments.advance(user, enrolment, &from, enrolments.end(Stage::Undone)).await {
                // A credential that waited for approval waits no more.
                Ok(_) => self.drop_approval(enrolment).await,
                // An enrolment that ended otherwise, or long ago, adds nothing more.
                Err(NotAdvanced::At(_) | NotAdvanced::Gone) => {}
                Err(NotAdvanced::Unknown(error)) => return Err(error.into()),
            }
            let change = Change::Removed;
            let unsettled = site.unsettled(Event::ChangeUnsettled { user, credential, change, source });
            let removal = management.remove(user, credential, Keep::Nothing).await.map_err(Error::host)?;
            unsettled.settle();
            match removal {
                Removal::Removed => site.tell(&Event::Undone { user, credential, enrolment, source }),
                Removal::Missing | Removal::Last => {}
            }
            Ok(())
        };
        site.ceremony(asking).charged(Fee::none(), undoing).await
    }
}
