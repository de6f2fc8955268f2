//! From a request to the flow, and back. The router and the layer are shells around [`respond`].
//!
//! Each request is parsed completely before anything is asked of the host or taken from a store: path, method, media type, body within
//! its limits, JSON, types. So malformed input spends nothing. Every answer is JSON and must not be stored by anybody.

mod answer;
mod body;
mod credential_answer;
mod endpoint;
mod request;
mod wire;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;

pub(crate) use self::answer::{refusal, success};
pub use self::credential_answer::CredentialAnswer;
pub(crate) use self::endpoint::{Endpoint, Mount, Route};
pub(crate) use self::request::{find_relying_party, read_json};
pub(crate) use self::wire::{RelyingPartyAnswer, read_base64url, read_credential_id};
use crate::flow::{CodeFlow, Error, ErrorKind, ExchangeRequest, Reason, Refused};
use crate::host::{AuthRequest, Caller};
use crate::store::BoxError;

/// Answers a request, whatever it is.
pub(crate) async fn respond<B>(
    flow: CodeFlow,
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
        let body =
            read_json(&head, body, flow.limits(), flow.clock()).await.map_err(|error| asked.refuse(error))?;
        match endpoint {
            Endpoint::Mint => asked.mint(&body).await,
            Endpoint::Exchange => asked.exchange(&body).await,
            Endpoint::Register => asked.register(&body).await,
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
    flow: &'a CodeFlow,
    mount: &'a Mount,
    endpoint: Endpoint,
    head: &'a Parts,
    source: Option<&'a str>,
}

impl Asked<'_> {
    /// Tells of a refusal that the flow never heard of.
    fn refuse(self, error: Error) -> Error {
        let refused = Refused { step: self.endpoint.step(), user: None, kind: None, source: self.source };
        self.flow.refuse(refused, error)
    }

    async fn mint(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let asking = async {
            // Before the host is asked, since a user action is spent by asking.
            let expiry = self.flow.code_expiry(wire::read_mint(body)?)?;
            Ok((self.authenticate(body).await?, expiry))
        };
        let (caller, expiry) = asking.await.map_err(|error| self.refuse(error))?;
        let minted = self.flow.mint(&caller, expiry, self.source).await?;
        Ok(success(&wire::write_minted(&minted)))
    }

    async fn authenticate(self, body: &[u8]) -> Result<Caller, Error> {
        let path = self.mount.path_of(self.endpoint);
        let request = AuthRequest::new(self.head, &path, body);
        Ok(self.flow.authenticator().authenticate(&request).await?)
    }

    async fn exchange(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let mut request = self.exchange_request(body).await.map_err(|error| self.refuse(error))?;
        request.source = self.source;
        let challenge = self.flow.exchange(request).await?;
        Ok(success(&wire::write_challenge(&challenge)))
    }

    async fn exchange_request(self, body: &[u8]) -> Result<ExchangeRequest<'static>, Error> {
        let (kind, typed) = wire::read_exchange(body)?;
        self.flow.check_kind(kind)?;
        let code = self.flow.code_format().parse(&typed);
        let code = code.map_err(|_| Error::invalid_code(Reason::Malformed))?;
        let (party, origin) = find_relying_party(self.flow.relying_parties(), self.head).await?;
        let mut request = ExchangeRequest::new(code, kind, party);
        request.origin = origin;
        Ok(request)
    }

    async fn register(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = wire::read_register(body).map_err(|error| self.refuse(error))?;
        let credential = self.flow.register(request, self.source).await?;
        Ok(success(&CredentialAnswer::from(&credential)))
    }
}
