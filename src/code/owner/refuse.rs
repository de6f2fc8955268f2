use crate::code::CodeFlow;
use crate::code::owner::EnrolmentRequest;
use crate::error::Error;
use crate::event::{Event, Step};
use crate::host::Caller;
use crate::model::{Enrolment, EnrolmentId, Stage};
use crate::once::Fee;
use crate::store::{OneTimeStore, PendingApproval};

impl CodeFlow {
    /// Refuses a credential that waits for approval. Nothing of it remains.
    pub async fn refuse(&self, caller: &Caller, request: EnrolmentRequest) -> Result<Enrolment, Error> {
        let (user, enrolment, source) = (&caller.user, &request.id, request.source.as_deref());
        let refusing = async {
            let found = self.own(caller, enrolment).await?;
            if found.stage != Stage::Pending {
                return Err(Error::at_stage(found.stage));
            }
            self.check_session(caller, &found)?;
            let enrolments = self.site().enrolments();
            let change = enrolments.end(Stage::Refused);
            Ok(enrolments.advance(user, enrolment, &[Stage::Pending], change).await?)
        };
        let refused =
            self.site().ceremony(request.asking(Step::Refuse, caller)).charged(Fee::none(), refusing).await?;
        self.site().tell(&Event::RefusedByOwner { user, enrolment, source });
        self.drop_approval(enrolment).await;
        Ok(refused)
    }

    /// Drops a credential that waited. The ledger has ended its enrolment, so it is worth nothing.
    /// If this fails, it expires.
    pub(super) async fn drop_approval(&self, enrolment: &EnrolmentId) {
        let store: &dyn OneTimeStore<PendingApproval> = self.site().records();
        for slot in self.slots_of_approval(enrolment) {
            let _ = store.take(slot, self.site().now()).await;
        }
    }
}
