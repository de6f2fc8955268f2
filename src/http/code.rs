use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use crate::flow::{CodeFlow, Error, ExchangeRequest, Front, Reason, Step};
use crate::http::{Asked, CredentialAnswer, Endpoints, Mountable, Route, find_relying_party, success, wire};

/// One of the three endpoints of the code flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CodeEndpoint {
    Mint,
    Exchange,
    Register,
}

impl Route for CodeEndpoint {
    const ALL: &'static [Self] = &[Self::Mint, Self::Exchange, Self::Register];

    fn path(self) -> &'static str {
        match self {
            Self::Mint => "/code",
            Self::Exchange => "/code/init",
            Self::Register => "/code/verify",
        }
    }

    fn step(self) -> Step {
        match self {
            Self::Mint => Step::Mint,
            Self::Exchange => Step::Exchange,
            Self::Register => Step::Register,
        }
    }
}

impl Endpoints for CodeFlow {
    type Endpoint = CodeEndpoint;

    const MOUNT: &'static str = "/auth/credentials";

    fn front(&self) -> &Front {
        self.front()
    }

    async fn answer(asked: Asked<'_, Self>, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        match asked.endpoint {
            CodeEndpoint::Mint => asked.mint(body).await,
            CodeEndpoint::Exchange => asked.exchange(body).await,
            CodeEndpoint::Register => asked.register(body).await,
        }
    }
}

impl Mountable for CodeFlow {}

impl Asked<'_, CodeFlow> {
    async fn mint(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        // Before the host is asked, since a user action is spent by asking.
        let expiry = wire::read_mint(body).and_then(|expiration| self.flow.code_expiry(expiration));
        let expiry = expiry.map_err(|error| self.refuse(None, error))?;
        let caller = self.authenticate(body).await?;
        let minted = self.flow.mint(&caller, expiry, self.source).await?;
        Ok(success(&wire::write_minted(&minted)))
    }

    async fn exchange(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = self.exchange_request(body).await.map_err(|error| self.refuse(None, error))?;
        let challenge = self.flow.exchange(request, self.source).await?;
        Ok(success(&wire::write_challenge(&challenge)))
    }

    async fn exchange_request(&self, body: &[u8]) -> Result<ExchangeRequest, Error> {
        let (kind, typed) = wire::read_exchange(body)?;
        self.flow.check_kind(kind)?;
        let code = self.flow.code_format().parse(&typed);
        let code = code.map_err(|_| Error::invalid_code(Reason::Malformed))?;
        let (party, origin) = find_relying_party(&*self.flow.front().relying_parties, self.head).await?;
        let mut request = ExchangeRequest::new(code, kind, party);
        request.origin = origin;
        Ok(request)
    }

    async fn register(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Error> {
        let request = wire::read_register(body).map_err(|error| self.refuse(None, error))?;
        let credential = self.flow.register(request, self.source).await?;
        Ok(success(&CredentialAnswer::from(&credential)))
    }
}
