use http::Response;

use crate::action::{ActionFlow, BeginRequest, CompleteRequest, wire};
use crate::error::Error;
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoint, Endpoints, success};
use crate::site::Site;

/// One of the two endpoints of user action signing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ActionEndpoint {
    Begin,
    Complete,
}

impl Endpoint for ActionEndpoint {
    fn step(self) -> Step {
        match self {
            Self::Begin => Step::BeginAction,
            Self::Complete => Step::CompleteAction,
        }
    }
}

impl Endpoints for ActionFlow {
    type Endpoint = ActionEndpoint;

    const MOUNT: &'static str = "/auth/action";

    fn endpoint(&self, below: &str) -> Option<ActionEndpoint> {
        match below {
            "/init" => Some(ActionEndpoint::Begin),
            "" => Some(ActionEndpoint::Complete),
            _ => None,
        }
    }

    fn site(&self) -> &Site {
        self.site()
    }

    async fn answer(
        &self,
        endpoint: ActionEndpoint,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        match endpoint {
            ActionEndpoint::Begin => self.answer_begin(asked, body).await,
            ActionEndpoint::Complete => self.answer_complete(asked, body).await,
        }
    }
}

impl ActionFlow {
    async fn answer_begin(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let action = wire::read_begin(body)?;
        let caller = asked.authenticate(self.site().authenticator(), body).await?;
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
