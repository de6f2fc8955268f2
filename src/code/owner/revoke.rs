use crate::code::CodeFlow;
use crate::code::owner::EnrolmentRequest;
use crate::enrolment::NotAdvanced;
use crate::error::Error;
use crate::event::{Event, Step};
use crate::host::Caller;
use crate::model::{Enrolment, EnrolmentId, Stage, UserId};
use crate::once::Fee;

impl CodeFlow {
    /// Ends an enrolment that has added nothing. After the answer, no exchange, register or
    /// approval of it succeeds, in any process. It can only take away, so it needs neither a code
    /// nor a user action.
    pub async fn revoke(&self, caller: &Caller, request: EnrolmentRequest) -> Result<Enrolment, Error> {
        let revoking = async {
            self.own(caller, &request.id).await?;
            match self.end(&caller.user, &request.id, request.source.as_deref()).await {
                Err(NotAdvanced::At(found)) if found.stage == Stage::Revoked => Ok(*found),
                revoked => Ok(revoked?),
            }
        };
        self.site().ceremony(request.asking(Step::Revoke, caller)).charged(Fee::none(), revoking).await
    }

    /// Ends an enrolment that has added nothing, and reports it.
    pub(in crate::code) async fn end(
        &self,
        user: &UserId,
        enrolment: &EnrolmentId,
        source: Option<&str>,
    ) -> Result<Enrolment, NotAdvanced> {
        let enrolments = self.site().enrolments();
        let from = [Stage::Waiting, Stage::Opened, Stage::Pending];
        let revoked = enrolments.advance(user, enrolment, &from, enrolments.end(Stage::Revoked)).await?;
        self.site().tell(&Event::Revoked { user, enrolment, source });
        if revoked.credential.is_some() {
            self.drop_approval(enrolment).await;
        }
        Ok(revoked)
    }
}
