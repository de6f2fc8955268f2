//! From a request to the flow, and back. The router and the layer are shells around [`respond`].

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;

use crate::action::{ActionFlow, wire};
use crate::flow::{Error, ErrorKind, Refused, Step};
use crate::host::{AuthRequest, Caller};
use crate::http::{Mount, Route, find_relying_party, read_json, refusal, success};
use crate::model::UserId;
use crate::store::BoxError;

/// One of the two endpoints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Endpoint {
    Begin,
    Complete,
}

impl Endpoint {
    fn step(self) -> Step {
        match self {
            Self::Begin => Step::BeginAction,
            Self::Complete => Step::CompleteAction,
        }
    }
}

impl Route for Endpoint {
    const ALL: &'static [Self] = &[Self::Begin, Self::Complete];

    fn path(self) -> &'static str {
        match self {
            Self::Begin => "/init",
            Self::Complete => "",
        }
    }
}

/// Where the endpoints live if the host does not say.
pub(super) fn default_mount() -> Mount {
    Mount::new("/auth/action")
}

/// Answers a request, whatever it is.
pub(super) async fn respond<B>(
    flow: ActionFlow,
    mount: Mount,
    endpoint: Option<Endpoint>,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let Some(endpoint) = endpoint else {
        return refusal(Error::new(ErrorKind::NotFound, "There is nothing here."));
    };
    let (head, body) = request.into_parts();
    let source = flow.source(&head);
    let asked = Asked { flow: &flow, mount: &mount, endpoint, head: &head, source: source.as_deref() };
    let answer = async {
        let body = read_json(&head, body, flow.limits(), flow.clock()).await;
        let body = body.map_err(|error| asked.refuse(None, error))?;
        match endpoint {
            Endpoint::Begin => asked.begin(&body).await,
            Endpoint::Complete => asked.complete(&body).await,
        }
    };
    #[cfg(feature = "tracing")]
    let answer = {
        use tracing::Instrument as _;
        answer.instrument(tracing::info_span!("credential_code", step = endpoint.step().as_str()))
    };
    answer.await.unwrap_or_else(refusal)
}

/// A request to one of the endpoints, less its body.
#[derive(Clone, Copy)]
struct Asked<'a> {
    flow: &'a ActionFlow,
    mount: &'a Mount,
    endpoint: Endpoint,
    head: &'a Parts,
    source: Option<&'a str>,
}

impl Asked<'_> {
    /// Tells of a refusal that the flow never heard of.
    fn refuse(self, user: Option<&UserId>, error: Error) -> Error {
        let refused = Refused { step: self.endpoint.step(), user, kind: None, source: self.source };
        self.flow.refuse(refused, error)
    }

    async fn authenticate(self, body: &[u8]) -> Result<Caller, Error> {
        let path = self.mount.path_of(self.endpoint);
        let request = AuthRequest::new(self.head, &path, body);
        self.flow
            .authenticator()
            .authenticate(&request)
            .await
            .map_err(|error| self.refuse(None, error.into()))
    }

    async fn begin(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = wire::read_begin(body).map_err(|error| self.refuse(None, error))?;
        let caller = self.authenticate(body).await?;
        let found = find_relying_party(self.flow.relying_parties(), self.head).await;
        let (party, _) = found.map_err(|error| self.refuse(Some(&caller.user), error))?;
        let challenge = self.flow.begin(&caller, &request, party, self.source).await?;
        Ok(success(&wire::write_challenge(&challenge)))
    }

    async fn complete(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let (challenge_id, assertion) =
            wire::read_complete(body).map_err(|error| self.refuse(None, error))?;
        let caller = self.authenticate(body).await?;
        let signed = self.flow.complete(&caller, &challenge_id, &assertion, self.source).await?;
        Ok(success(&wire::write_signed(&signed)))
    }
}
