//! Lets the owner of a code see their enrolments, and end each of them.
//!
//! Each look or decision has a file. [`follow`](CodeFlow::enrolment) looks and waits. `approve` and
//! `refuse` decide about a credential that waits. `revoke` ends an enrolment that has added
//! nothing, and `undo` takes back a credential that was added. The bodies are in `wire`.

mod approve;
mod follow;
mod refuse;
mod revoke;
mod undo;
pub(super) mod wire;

pub use self::approve::ApproveRequest;
pub use self::follow::{Outcome, OutcomeRequest};
pub use self::undo::UndoRequest;
use crate::code::CodeFlow;
use crate::error::{Error, ErrorKind};
use crate::event::{Asking, Step};
use crate::host::Caller;
use crate::model::{Enrolment, EnrolmentId};

/// An enrolment that its owner looks at, or ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnrolmentRequest {
    /// The id of the enrolment.
    pub id: EnrolmentId,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl EnrolmentRequest {
    /// Creates a request without a source.
    pub fn new(id: EnrolmentId) -> Self {
        Self { id, source: None }
    }

    fn asking<'a>(&'a self, step: Step, caller: &'a Caller) -> Asking<'a> {
        Asking::new(step, self.source.as_deref()).by(&caller.user).within(Some(&self.id))
    }
}

impl CodeFlow {
    /// Finds an enrolment of the caller. A foreign and an unknown one get the same error.
    async fn own(&self, caller: &Caller, id: &EnrolmentId) -> Result<Enrolment, Error> {
        self.site().enrolments().find(&caller.user, id).await?.ok_or_else(Error::no_enrolment)
    }

    /// Rejects a session that may not decide about an enrolment.
    fn check_session(&self, caller: &Caller, enrolment: &Enrolment) -> Result<(), Error> {
        if self.site().is_in_session(caller, enrolment.session.as_ref()) {
            return Ok(());
        }
        let message = "Decide in the session that asked for the code.";
        Err(Error::new(ErrorKind::Forbidden, message))
    }
}
