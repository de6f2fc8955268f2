use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::code::owner::EnrolmentRequest;
use crate::enrolment::{Asker, OutcomeHandle, Wait};
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::Caller;
use crate::model::{Enrolment, OutcomeToken, Stage};
use crate::once::Fee;

/// A client's question: what happened to the credential that it made?
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutcomeRequest {
    /// The token that register gave it.
    pub token: OutcomeToken,
    /// Whether to wait for a change.
    pub wait: Option<Wait>,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl OutcomeRequest {
    /// Creates a question without a source. It is answered at once.
    pub fn new(token: OutcomeToken) -> Self {
        Self { token, wait: None, source: None }
    }
}

/// The stage of a credential that a client made. It says nothing else about the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The stage of the enrolment.
    pub stage: Stage,
    /// When that stage ends automatically, or when it ended.
    pub expires_at: SystemTime,
}

impl CodeFlow {
    /// Returns the enrolments of the caller that are outstanding, or that ended within the hour,
    /// the newest first.
    pub async fn enrolments(&self, caller: &Caller) -> Result<Vec<Enrolment>, Error> {
        let asking = Asking::new(Step::ListEnrolments, None).by(&caller.user);
        let listing = async { Ok(self.site().enrolments().of_user(&caller.user).await?) };
        self.site().ceremony(asking).charged(Fee::none(), listing).await
    }

    /// Returns an enrolment of the caller, at once or when it has left a stage.
    pub async fn enrolment(
        &self,
        caller: &Caller,
        request: EnrolmentRequest,
        wait: Option<Wait>,
    ) -> Result<Enrolment, Error> {
        let asker = || Asker::Owner(caller.user.clone());
        let following = async { self.follow(self.own(caller, &request.id).await?, asker, wait).await };
        self.site()
            .ceremony(request.asking(Step::FollowEnrolment, caller))
            .charged(Fee::none(), following)
            .await
    }

    /// Tells the client that made a credential what happened to it.
    pub async fn outcome(&self, request: OutcomeRequest) -> Result<Outcome, Error> {
        let (keys, now) = (self.site().slot_keys(), self.site().now());
        let asking = Asking::new(Step::FollowOutcome, request.source.as_deref());
        let handle = OutcomeHandle::read(keys, &request.token, now).ok_or_else(Error::invalid_token);
        let handle = handle.map_err(|error| self.site().refuse(asking, error))?;
        let following = async {
            let found = self.site().enrolments().find(&handle.user, &handle.enrolment).await?;
            // The ledger forgets it an hour after its end. The token expires an hour after its
            // approval does.
            let asker = || Asker::Client(handle.user.clone());
            self.follow(found.ok_or_else(Error::invalid_token)?, asker, request.wait).await
        };
        let asking = asking.by(&handle.user).within(Some(&handle.enrolment));
        let Enrolment { stage, expires_at, .. } =
            self.site().ceremony(asking).charged(Fee::none(), following).await?;
        Ok(Outcome { stage, expires_at })
    }

    async fn follow(
        &self,
        found: Enrolment,
        asker: impl FnOnce() -> Asker,
        wait: Option<Wait>,
    ) -> Result<Enrolment, Error> {
        match wait {
            Some(wait) => self.site().enrolments().wait(asker(), found, wait).await,
            None => Ok(found),
        }
    }
}
