use std::sync::Arc;

use http::Response;

use crate::code::{
    ApproveRequest, CodeFlow, EnrolmentAnswer, EnrolmentRequest, ExchangeRequest, MintRequest,
    OutcomeRequest, UndoRequest, owner, wire,
};
use crate::error::{Error, Reason};
use crate::event::Step;
use crate::host::{Authenticator, Caller};
use crate::model::{EnrolmentId, Invalid};
use crate::serve::{AnswerBody, Asked, Endpoints, Verb, success};
use crate::site::Site;

impl Endpoints for CodeFlow {
    const MOUNT: &'static str = "/auth/credentials";

    fn steps(&self, below: &str) -> &'static [(Verb, Step)] {
        match below {
            "/code" => &[(Verb::Post, Step::Mint)],
            "/code/init" => &[(Verb::Post, Step::Exchange)],
            "/code/verify" => &[(Verb::Post, Step::Register)],
            "/enrolments" => &[(Verb::Get, Step::ListEnrolments)],
            "/enrolments/undo" => &[(Verb::Post, Step::Undo)],
            "/enrolments/outcome" => &[(Verb::Post, Step::FollowOutcome)],
            _ => match asked_of_enrolment(below) {
                Some("") => &[(Verb::Get, Step::FollowEnrolment), (Verb::Delete, Step::Revoke)],
                Some("/approve") => &[(Verb::Post, Step::Approve)],
                Some("/refuse") => &[(Verb::Post, Step::Refuse)],
                Some(_) | None => &[],
            },
        }
    }

    fn site(&self) -> &Site {
        self.site()
    }

    async fn answer(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        match asked.step {
            Step::Mint => self.answer_mint(asked, body).await,
            Step::Exchange => self.answer_exchange(asked, body).await,
            Step::Register => self.answer_register(asked, body).await,
            Step::ListEnrolments => self.answer_list(asked).await,
            Step::FollowEnrolment => self.answer_enrolment(asked).await,
            Step::Revoke => self.answer_revoke(asked, body).await,
            Step::Approve => self.answer_approve(asked, body).await,
            Step::Refuse => self.answer_refuse(asked, body).await,
            Step::Undo => self.answer_undo(asked, body).await,
            Step::FollowOutcome => self.answer_outcome(asked, body).await,
            Step::BeginAction
            | Step::CompleteAction
            | Step::RedeemAction
            | Step::ListCredentials
            | Step::BeginCredential
            | Step::CreateCredential
            | Step::Activate
            | Step::Deactivate
            | Step::Rename
            | Step::Remove
            | Step::SignIn => Err(Error::not_found()),
        }
    }
}

impl CodeFlow {
    async fn answer_mint(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let request = MintRequest { source: asked.source(), ..wire::read_mint(body)? };
        // This comes before the host is asked, since asking spends a user action.
        self.code_expiry(&request)?;
        let caller = asked.authenticate(&self.authenticator, body).await?;
        Ok(success(&wire::write_minted(&self.mint(&caller, request).await?)))
    }

    async fn answer_exchange(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let (kind, typed) = wire::read_exchange(body)?;
        self.check_kind(kind)?;
        let code = self.code_format().parse(&typed);
        let code = code.map_err(|_| Error::invalid_code(Reason::Malformed))?;
        let (party, origin) = asked.relying_party().await?;
        let request = ExchangeRequest {
            origin,
            source: asked.source(),
            place: asked.place(),
            ..ExchangeRequest::new(code, kind, party)
        };
        Ok(success(&wire::write_challenge(&self.exchange(request).await?)))
    }

    async fn answer_register(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let mut request = wire::read_register(body)?;
        request.source = asked.source();
        Ok(success(&wire::write_registration(&self.register(request).await?)))
    }

    async fn answer_list(&self, asked: &mut Asked<'_>) -> Result<Response<AnswerBody>, Error> {
        let caller = asked.authenticate(self.site().authenticator(), &[]).await?;
        Ok(success(&owner::wire::write_enrolments(&self.enrolments(&caller).await?)))
    }

    async fn answer_enrolment(&self, asked: &mut Asked<'_>) -> Result<Response<AnswerBody>, Error> {
        let wait = owner::wire::read_query(asked.query())?;
        let (caller, request) = self.own_request(asked, self.site().authenticator(), &[]).await?;
        Ok(success(&EnrolmentAnswer::from(&self.enrolment(&caller, request, wait).await?)))
    }

    async fn answer_revoke(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        if !body.is_empty() {
            return Err(Invalid::new("there is no body here").into());
        }
        let (caller, request) = self.own_request(asked, self.site().authenticator(), &[]).await?;
        Ok(success(&EnrolmentAnswer::from(&self.revoke(&caller, request).await?)))
    }

    async fn answer_approve(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let check_code = owner::wire::read_approve(body)?;
        let (caller, EnrolmentRequest { id, source }) =
            self.own_request(asked, &self.authenticator, body).await?;
        let request = ApproveRequest { id, check_code, source };
        Ok(success(&wire::CredentialAnswer::from(&self.approve(&caller, request).await?)))
    }

    async fn answer_refuse(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        owner::wire::read_nothing(body)?;
        let (caller, request) = self.own_request(asked, self.site().authenticator(), body).await?;
        Ok(success(&EnrolmentAnswer::from(&self.refuse(&caller, request).await?)))
    }

    async fn answer_undo(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        self.undo(UndoRequest { source: asked.source(), ..owner::wire::read_undo(body)? }).await?;
        Ok(success(&owner::wire::Nothing {}))
    }

    async fn answer_outcome(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let request = OutcomeRequest { source: asked.source(), ..owner::wire::read_outcome(body)? };
        Ok(success(&owner::wire::write_outcome(&self.outcome(request).await?)))
    }

    /// Returns the caller, and the enrolment that they ask about. A text that is not an id gets the
    /// answer of an unknown id.
    async fn own_request(
        &self,
        asked: &mut Asked<'_>,
        authenticator: &Arc<dyn Authenticator>,
        body: &[u8],
    ) -> Result<(Caller, EnrolmentRequest), Error> {
        let caller = asked.authenticate(authenticator, body).await?;
        let id = asked.below().split_once("/enrolments/").and_then(|(_, rest)| rest.split('/').next());
        let id = id.and_then(|id| EnrolmentId::new(id).ok()).ok_or_else(Error::no_enrolment)?;
        Ok((caller, EnrolmentRequest { source: asked.source(), ..EnrolmentRequest::new(id) }))
    }
}

/// Returns the request below an enrolment, whose id in the path may be any text.
fn asked_of_enrolment(below: &str) -> Option<&str> {
    let rest = below.strip_prefix("/enrolments/")?;
    let end = rest.find('/').unwrap_or(rest.len());
    (end > 0).then_some(&rest[end..])
}
