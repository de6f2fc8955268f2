//! From a request to the flow, and back. The router and the layer are shells around [`respond`].
//!
//! Each request is parsed completely before anything is asked of the host or taken from a store: path, method, media type, body within
//! its limits, JSON, types. So malformed input spends nothing. Every answer is JSON and must not be stored by anybody.

mod answer;
mod body;
mod endpoint;
mod wire;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use http_body_util::Full;

use self::body::BodyError;
pub(crate) use self::endpoint::{Endpoint, Mount};
pub use self::wire::CredentialAnswer;
use crate::flow::{CodeFlow, Error, ErrorKind, ExchangeRequest, Reason, Refused};
use crate::host::{AuthRequest, Caller};
use crate::model::{Origin, RelyingParty};
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
        return answer::refusal(Error::new(ErrorKind::NotFound, "There is nothing here."));
    };
    let (head, body) = request.into_parts();
    let source = flow.source(&head);
    let asked = Asked { flow: &flow, mount: &mount, endpoint, head: &head, source: source.as_deref() };
    let answer = async {
        let body = asked.read(body).await.map_err(|error| asked.refuse(error))?;
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
    answer.await.unwrap_or_else(answer::refusal)
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

    async fn read<B: Body>(self, body: B) -> Result<Bytes, Error>
    where
        B::Error: Into<BoxError>,
    {
        check_method(&self.head.method)?;
        check_media_type(&self.head.headers)?;
        let limits = self.flow.limits();
        let declared = self.head.headers.get(CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok());
        body::read(body, declared, limits.body, limits.read_deadline, self.flow.clock()).await.map_err(
            |error| match error {
                BodyError::TooLarge => Error::new(ErrorKind::PayloadTooLarge, "The body is too large."),
                BodyError::TimedOut => Error::new(ErrorKind::Timeout, "The body took too long to arrive."),
                BodyError::Broken(source) => {
                    Error::because(ErrorKind::InvalidRequest, "The body did not arrive whole.", source)
                }
            },
        )
    }

    async fn mint(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let asking = async {
            // Before the host is asked, since a user action is spent by asking.
            let expiry = self.flow.code_expiry(wire::read_mint(body)?)?;
            Ok((self.authenticate(body).await?, expiry))
        };
        let (caller, expiry) = asking.await.map_err(|error| self.refuse(error))?;
        let minted = self.flow.mint(&caller, expiry, self.source).await?;
        Ok(answer::success(&wire::write_minted(&minted)))
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
        Ok(answer::success(&wire::write_challenge(&challenge)))
    }

    async fn exchange_request(self, body: &[u8]) -> Result<ExchangeRequest<'static>, Error> {
        let (kind, typed) = wire::read_exchange(body)?;
        self.flow.check_kind(kind)?;
        let code = self.flow.code_format().parse(&typed);
        let code = code.map_err(|_| Error::invalid_code(Reason::Malformed))?;
        let party = self.flow.relying_parties().resolve(self.head).await.map_err(Error::host)?;
        let party = party.ok_or_else(unknown_origin)?;
        let origin = check_origin(&self.head.headers, &party)?;
        let mut request = ExchangeRequest::new(code, kind, party);
        request.origin = origin;
        Ok(request)
    }

    async fn register(self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = wire::read_register(body).map_err(|error| self.refuse(error))?;
        let credential = self.flow.register(request, self.source).await?;
        Ok(answer::success(&CredentialAnswer::from(&credential)))
    }
}

fn check_method(method: &Method) -> Result<(), Error> {
    match *method {
        Method::POST => Ok(()),
        _ => Err(Error::new(ErrorKind::MethodNotAllowed, "Use POST.")),
    }
}

/// Only JSON, so that no browser sends a request across origins without asking first.
fn check_media_type(headers: &HeaderMap) -> Result<(), Error> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let essence = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim(),
        (_, _) => "",
    };
    match essence.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::UnsupportedMediaType, "Send application/json.")),
    }
}

/// A request that says where it comes from comes from the relying party's, whichever way the party was found.
fn check_origin(headers: &HeaderMap, party: &RelyingParty) -> Result<Option<Origin>, Error> {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => {
            let listed = party.origin(only.to_str().unwrap_or_default());
            listed.cloned().map(Some).ok_or_else(unknown_origin)
        }
        (Some(_), Some(_)) => Err(unknown_origin()),
    }
}

fn unknown_origin() -> Error {
    Error::new(ErrorKind::Forbidden, "Credentials can't be registered from this origin.")
}
