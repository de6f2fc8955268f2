use http::Response;

use crate::action::{ActionFlow, BeginRequest, CompleteRequest, wire};
use crate::error::Error;
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoints, Verb, success};
use crate::site::Site;

impl Endpoints for ActionFlow {
    const MOUNT: &'static str = "/auth/action";

    fn steps(&self, below: &str) -> &'static [(Verb, Step)] {
        match below {
            "/init" => &[(Verb::Post, Step::BeginAction)],
            "" => &[(Verb::Post, Step::CompleteAction)],
            _ => &[],
        }
    }

    fn site(&self) -> &Site {
        self.site()
    }

    async fn answer(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        match asked.step {
            Step::BeginAction => self.answer_begin(asked, body).await,
            Step::CompleteAction => self.answer_complete(asked, body).await,
            Step::Mint
            | Step::Exchange
            | Step::Register
            | Step::RedeemAction
            | Step::ListEnrolments
            | Step::FollowEnrolment
            | Step::Revoke
            | Step::Approve
            | Step::Refuse
            | Step::Undo
            | Step::FollowOutcome
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

impl ActionFlow {
    async fn answer_begin(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        // The host's answer comes first. A payload may be large, and only the host's users should
        // make us read it.
        let caller = asked.authenticate(self.site().authenticator(), body).await?;
        let action = wire::read_begin(body)?;
        let (party, _) = asked.relying_party().await?;
        let request = BeginRequest { source: asked.source(), ..BeginRequest::new(action, party) };
        Ok(success(&wire::write_challenge(&self.begin(&caller, request).await?)))
    }

    async fn answer_complete(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let request = wire::read_complete(body)?;
        let caller = asked.authenticate(self.site().authenticator(), body).await?;
        let request = CompleteRequest { source: asked.source(), ..request };
        Ok(success(&wire::write_signed(&self.complete(&caller, request).await?)))
    }
}
