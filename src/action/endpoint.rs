use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use crate::action::{ActionFlow, wire};
use crate::flow::{Error, Front, Step};
use crate::http::{Asked, Endpoints, Mountable, Route, find_relying_party, success};

/// One of the two endpoints of user action signing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ActionEndpoint {
    Begin,
    Complete,
}

impl Route for ActionEndpoint {
    const ALL: &'static [Self] = &[Self::Begin, Self::Complete];

    fn path(self) -> &'static str {
        match self {
            Self::Begin => "/init",
            Self::Complete => "",
        }
    }

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

    fn front(&self) -> &Front {
        self.front()
    }

    async fn answer(asked: Asked<'_, Self>, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        match asked.endpoint {
            ActionEndpoint::Begin => asked.begin(body).await,
            ActionEndpoint::Complete => asked.complete(body).await,
        }
    }
}

impl Mountable for ActionFlow {}

impl Asked<'_, ActionFlow> {
    async fn begin(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = wire::read_begin(body).map_err(|error| self.refuse(None, error))?;
        let caller = self.authenticate(body).await?;
        let found = find_relying_party(&*self.flow.front().relying_parties, self.head).await;
        let (party, _) = found.map_err(|error| self.refuse(Some(&caller.user), error))?;
        let challenge = self.flow.begin(&caller, &request, party, self.source).await?;
        Ok(success(&wire::write_challenge(&challenge)))
    }

    async fn complete(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let (challenge_id, assertion) =
            wire::read_complete(body).map_err(|error| self.refuse(None, error))?;
        let caller = self.authenticate(body).await?;
        let signed = self.flow.complete(&caller, &challenge_id, &assertion, self.source).await?;
        Ok(success(&wire::write_signed(&signed)))
    }
}
