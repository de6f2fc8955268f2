use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;

use crate::flow::{Error, ErrorKind, Front, Refused};
use crate::host::{AuthRequest, Caller};
use crate::http::{Mount, Route, read_json, refusal};
use crate::model::UserId;
use crate::store::BoxError;

/// What the endpoints of a flow are, and what answering any of them needs.
pub(crate) trait Endpoints: Clone + Send + Sync + 'static {
    /// Which endpoints.
    type Endpoint: Route;

    /// Where they live if the host does not say.
    const MOUNT: &'static str;

    /// What stands before the flow.
    fn front(&self) -> &Front;

    /// Answers one of them.
    fn answer(
        asked: Asked<'_, Self>,
        body: &[u8],
    ) -> impl Future<Output = Result<Response<Full<Bytes>>, Error>> + Send;
}

/// A flow that has endpoints: a [`CodeFlow`](crate::CodeFlow) or an [`ActionFlow`](crate::ActionFlow). There are no others.
#[expect(private_bounds, reason = "what a flow tells of its endpoints is told within this crate")]
pub trait Mountable: Endpoints {}

/// Answers a request, whatever it is.
pub(crate) async fn respond<F, B>(
    flow: F,
    mount: Mount,
    endpoint: Option<F::Endpoint>,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    F: Endpoints,
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let Some(endpoint) = endpoint else {
        return refusal(Error::new(ErrorKind::NotFound, "There is nothing here."));
    };
    let (head, body) = request.into_parts();
    let front = flow.front();
    let source = (front.source_of)(&head);
    let asked = Asked { flow: &flow, mount: &mount, endpoint, head: &head, source: source.as_deref() };
    let answer = async {
        let body = read_json(&head, body, front.limits, &*front.clock).await;
        let body = body.map_err(|error| asked.refuse(None, error))?;
        F::answer(asked, &body).await
    };
    #[cfg(feature = "tracing")]
    let answer = {
        use tracing::Instrument as _;
        answer.instrument(tracing::info_span!("credential_code", step = endpoint.step().as_str()))
    };
    answer.await.unwrap_or_else(refusal)
}

/// A request to one of the endpoints of a flow, less its body.
pub(crate) struct Asked<'a, F: Endpoints> {
    pub(crate) flow: &'a F,
    pub(crate) mount: &'a Mount,
    pub(crate) endpoint: F::Endpoint,
    pub(crate) head: &'a Parts,
    pub(crate) source: Option<&'a str>,
}

impl<F: Endpoints> Asked<'_, F> {
    /// Tells of a refusal that the flow never heard of.
    pub(crate) fn refuse(&self, user: Option<&UserId>, error: Error) -> Error {
        let refused = Refused { step: self.endpoint.step(), user, kind: None, source: self.source };
        self.flow.front().listener.refuse(refused, error)
    }

    /// Who is asking, by the host's word.
    pub(crate) async fn authenticate(&self, body: &[u8]) -> Result<Caller, Error> {
        let path = self.mount.path_of(self.endpoint);
        let request = AuthRequest::new(self.head, &path, body);
        let caller = self.flow.front().authenticator.authenticate(&request).await;
        caller.map_err(|error| self.refuse(None, error.into()))
    }
}
