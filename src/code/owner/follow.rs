use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::code::owner::EnrolmentRequest;
use crate::enrolment::{Asker, OutcomeHandle, Wait};
use crate::error::Error;
use crate::event::{Asking, Step};
use crate::host::Caller;
use crate::model::{Enrolment, OutcomeToken, Stage};
use crate::once::Fee;

/// A client's question: what became of the credential that it made?
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutcomeRequest {
    /// What register told it.
    pub token: OutcomeToken,
    /// Whether to wait for a change.
    pub wait: Option<Wait>,
    /// Where the request comes from, for the events.
    pub source: Option<String>,
}

impl OutcomeRequest {
    /// Creates a question that is answered at once, without a source.
    pub fn new(token: OutcomeToken) -> Self {
        Self { token, wait: None, source: None }
    }
}

/// What became of a credential that a client made. It says nothing else of the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// How far the enrolment has come.
    pub stage: Stage,
    /// When that stage ends by itself, or ended.
    pub expires_at: SystemTime,
}

impl CodeFlow {
    /// Returns what codes of the caller's have begun: what is outstanding, or ended within the
    /// hour, the newest first.
    pub async fn enrolments(&self, caller: &Caller) -> Result<Vec<Enrolment>, Error> {
        let asking = Asking::new(Step::ListEnrolments, None).by(&caller.user);
        let listing = async { Ok(self.site().enrolments().of_user(&caller.user).await?) };
        self.site().ceremony(asking).charged(Fee::none(), listing).await
    }

    /// Returns an enrolment of the caller's, at once or when it has left a stage.
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

    /// Returns what became of a credential, to the client that made it.
    pub async fn outcome(&self, request: OutcomeRequest) -> Result<Outcome, Error> {
        let (keys, now) = (self.site().slot_keys(), self.site().now());
        let asking = Asking::new(Step::FollowOutcome, request.source.as_deref());
        let handle = OutcomeHandle::read(keys, &request.token, now).ok_or_else(Error::invalid_token);
        let handle = handle.map_err(|error| self.site().refuse(asking, error))?;
        let following = async {
            let found = self.site().enrolments().find(&handle.user, &handle.enrolment).await?;
            // It is forgotten an hour after its end, as the token is after its approval's.
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
