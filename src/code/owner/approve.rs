use crate::code::CodeFlow;
use crate::code::add::{Adding, Claim, NotAdded};
use crate::code::pending::shows;
use crate::enrolment::{Enrolments, NotAdvanced};
use crate::error::{Error, ErrorKind, Reason};
use crate::event::{Asking, Event, Step};
use crate::host::Caller;
use crate::model::{CheckCode, Credential, Enrolment, EnrolmentId, Invalid, Stage, User};
use crate::once::{Fee, Refusal, Remains, Sought};
use crate::store::{Change, PendingApproval};
use crate::together::both;

/// The owner's yes to a credential that waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApproveRequest {
    /// The enrolment of the credential.
    pub id: EnrolmentId,
    /// The check code that the new client shows, if one is asked for.
    pub check_code: Option<CheckCode>,
    /// The network source of the request, for the events.
    pub source: Option<String>,
}

impl ApproveRequest {
    /// Creates a request without a check code and a source.
    pub fn new(id: EnrolmentId) -> Self {
        Self { id, check_code: None, source: None }
    }
}

impl CodeFlow {
    /// Approves a credential that waits, and stores it. An approval is as powerful as a mint. Over
    /// HTTP it needs the same authenticator. A transport of your own must demand as much.
    ///
    /// The record is taken before the check code is compared. So guesses come one by one, and each
    /// counts, even when the caller hangs up.
    pub async fn approve(&self, caller: &Caller, request: ApproveRequest) -> Result<Credential, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Approve, source).by(&caller.user).within(Some(&request.id));
        let (shown, user) =
            self.site().ceremony(asking).charged(Fee::none(), self.find_approvable(caller, &request)).await?;
        let sought = Sought::<PendingApproval, _> {
            store: self.site().records(),
            slots: self.slots_of_approval(&request.id),
            invalid: Error::under_way,
        };
        let approving = self.site().ceremony(asking).once(Fee::none(), sought, async |taken| {
            let waiting = &taken.record;
            match (&waiting.check_code, &request.check_code) {
                (Some(_), None) => return Err(Refusal::unspent(check_code_is_missing())),
                (Some(shown), Some(typed)) if shown != typed => {
                    return Err(self.count_attempt(waiting, source).await);
                }
                (Some(_), Some(_)) | (None, _) => {}
            }
            if user.voids(waiting.began_at) {
                return Err(Refusal::put_back(Error::may_not_add(Reason::Void)));
            }
            self.close_approval(waiting, &shown, source).await
        });
        match approving.await {
            // The call that took the record may have ended the enrolment with it.
            Err(error) if error.stage() == Some(Stage::Pending) => {
                match self.site().enrolments().find(&caller.user, &request.id).await {
                    Ok(Some(found)) => Err(error.at(found.stage)),
                    Ok(None) | Err(_) => Err(error),
                }
            }
            approved => approved,
        }
    }

    /// Finds the credential to approve, and takes nothing. Rejects one that is not for this caller,
    /// or that can't be approved yet or any longer.
    async fn find_approvable(
        &self,
        caller: &Caller,
        request: &ApproveRequest,
    ) -> Result<(Enrolment, User), Error> {
        let found = self.own(caller, &request.id).await?;
        match found.stage {
            // As far as anybody knows it was added: a try that failed may be repeated.
            Stage::Pending | Stage::Added => {}
            stage => return Err(Error::at_stage(stage)),
        }
        self.check_session(caller, &found)?;
        if found.attempts_left.is_some() && request.check_code.is_none() && found.stage == Stage::Pending {
            return Err(check_code_is_missing());
        }
        if let Some(opening) = &found.opening
            && !(caller.scope.has_kind(opening.kind)
                && caller.scope.has_relying_party(&opening.relying_party_id))
        {
            return Err(Error::new(ErrorKind::Forbidden, "You may not approve this credential."));
        }
        let began_at = caller.began_at(self.site().now());
        let user = self.site().active_user(&caller.user, began_at).await?.map_err(Error::may_not_add)?;
        Ok((found, user))
    }

    /// Counts a wrong check code. The third one refuses the credential.
    async fn count_attempt(
        &self,
        waiting: &PendingApproval,
        source: Option<&str>,
    ) -> Refusal<PendingApproval> {
        let error =
            Error::new(ErrorKind::InvalidCheckCode, "This is not the code that the new device shows.");
        let (enrolments, user, enrolment) = (self.site().enrolments(), &waiting.user, &waiting.enrolment);
        let attempts_left = waiting.attempts_left.saturating_sub(1);
        let change = match attempts_left {
            0 => enrolments.end(Stage::Refused),
            _ => Enrolments::until(Stage::Pending, waiting.expires_at),
        };
        let change = Change { attempts_left: Some(attempts_left), ..change };
        let counted = enrolments.advance(user, enrolment, &[Stage::Pending], change).await;
        match counted {
            // An earlier try failed. The record alone counts, as it does when the ledger fails.
            Err(NotAdvanced::At(found)) if found.stage == Stage::Added => {}
            // It ended meanwhile: nothing is left to guess at.
            Err(ended @ (NotAdvanced::At(_) | NotAdvanced::Gone)) => return Refusal::for_good(ended),
            Ok(_) if attempts_left == 0 => {
                self.site().tell(&Event::CheckCodesSpent { user, enrolment, source });
            }
            Ok(_) | Err(NotAdvanced::Unknown(_)) => {}
        }
        if attempts_left == 0 {
            return Refusal::for_good(error);
        }
        Refusal { error, remains: Remains::Changed(PendingApproval { attempts_left, ..waiting.clone() }) }
    }

    /// Stores the credential that waited, if it is the one that the owner was shown.
    async fn close_approval(
        &self,
        waiting: &PendingApproval,
        shown: &Enrolment,
        source: Option<&str>,
    ) -> Result<Credential, Refusal<PendingApproval>> {
        let (site, PendingApproval { credential, enrolment, .. }) = (self.site(), waiting);
        if !shows(shown, credential) {
            self.end_unapproved(waiting, Stage::Pending).await;
            return Err(Refusal::for_good(Error::at_stage(Stage::Refused)));
        }
        let own = site.credentials().credential(&waiting.user, &credential.id);
        let (own, room) = both(own, self.check_room(&waiting.user)).await;
        let own = own.map_err(|error| Refusal::put_back(Error::host(error)))?;
        let was_offered = waiting.offered;
        // This look-up comes first, so nobody is told of an addition that can't happen. A
        // credential that was offered before may be stored already, and then has its place.
        if !was_offered {
            if own.is_some() {
                self.end_unapproved(waiting, Stage::Pending).await;
                return Err(Refusal::for_good(Error::duplicate().at(Stage::Refused)));
            }
            // Once the owner has removed one, they may approve again.
            room.map_err(|error| match error.is_failure() {
                true => Refusal::put_back(error),
                false => Refusal::unspent(error.at(Stage::Pending)),
            })?;
        }
        let adding = Adding { enrolment, from: Stage::Pending, was_offered, source };
        match self.add(credential.clone(), None, adding).await {
            Ok(credential) => {
                site.tell(&Event::Approved { credential: &credential, enrolment, source });
                Ok(credential)
            }
            Err(NotAdded::NotClaimed(error @ NotAdvanced::Unknown(_))) => {
                self.give_back_claim(&waiting.user, adding, waiting.expires_at).await;
                Err(Refusal::put_back(error))
            }
            Err(NotAdded::NotClaimed(error)) => Err(Refusal::for_good(error)),
            Err(NotAdded::Failed(error)) => Err(Refusal::put_back(error)),
            Err(NotAdded::Unsettled(error)) => {
                let remains = Remains::Changed(PendingApproval { offered: true, ..waiting.clone() });
                Err(Refusal { error, remains })
            }
            Err(NotAdded::Refused(error, claim)) if error.kind() == ErrorKind::TooManyCredentials => {
                let stage = match claim {
                    Claim::Made => {
                        self.give_back_claim(&waiting.user, adding, waiting.expires_at).await;
                        Stage::Pending
                    }
                    Claim::Stood => Stage::Added,
                };
                Err(Refusal::unspent(error.at(stage)))
            }
            Err(NotAdded::Refused(error, Claim::Stood)) => Err(Refusal::for_good(error.at(Stage::Added))),
            Err(NotAdded::Refused(error, Claim::Made)) => {
                self.end_unapproved(waiting, Stage::Added).await;
                Err(Refusal::for_good(error.at(Stage::Refused)))
            }
        }
    }

    /// Ends an enrolment whose credential can't be stored, so the other side learns of it too.
    async fn end_unapproved(&self, waiting: &PendingApproval, from: Stage) {
        let enrolments = self.site().enrolments();
        let change = enrolments.end(Stage::Refused);
        let _ = enrolments.advance(&waiting.user, &waiting.enrolment, &[from], change).await;
    }
}

fn check_code_is_missing() -> Error {
    Invalid::new("the checkCode is missing").into()
}
