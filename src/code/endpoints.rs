use http::Response;

use crate::code::{CodeFlow, ExchangeRequest, MintRequest, wire};
use crate::error::{Error, Reason};
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoint, Endpoints, success};
use crate::site::Site;

/// One of the three endpoints of the code flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CodeEndpoint {
    Mint,
    Exchange,
    Register,
}

impl Endpoint for CodeEndpoint {
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

    fn endpoint(&self, below: &str) -> Option<CodeEndpoint> {
        match below {
            "/code" => Some(CodeEndpoint::Mint),
            "/code/init" => Some(CodeEndpoint::Exchange),
            "/code/verify" => Some(CodeEndpoint::Register),
            _ => None,
        }
    }

    fn site(&self) -> &Site {
        self.site()
    }

    async fn answer(
        &self,
        endpoint: CodeEndpoint,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        match endpoint {
            CodeEndpoint::Mint => self.answer_mint(asked, body).await,
            CodeEndpoint::Exchange => self.answer_exchange(asked, body).await,
            CodeEndpoint::Register => self.answer_register(asked, body).await,
        }
    }
}

impl CodeFlow {
    async fn answer_mint(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let request = MintRequest { source: asked.source(), ..wire::read_mint(body)? };
        // Before the host is asked, since a user action is spent by asking.
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
        let request =
            ExchangeRequest { origin, source: asked.source(), ..ExchangeRequest::new(code, kind, party) };
        Ok(success(&wire::write_challenge(&self.exchange(request).await?)))
    }

    async fn answer_register(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        let mut request = wire::read_register(body)?;
        request.source = asked.source();
        Ok(success(&wire::CredentialAnswer::from(&self.register(request).await?)))
    }
}
