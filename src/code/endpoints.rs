use http::Response;

use crate::code::{CodeFlow, ExchangeRequest, MintRequest, wire};
use crate::error::{Error, Reason};
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoints, success};
use crate::site::Site;

impl Endpoints for CodeFlow {
    const MOUNT: &'static str = "/auth/credentials";

    fn step(&self, below: &str) -> Option<Step> {
        match below {
            "/code" => Some(Step::Mint),
            "/code/init" => Some(Step::Exchange),
            "/code/verify" => Some(Step::Register),
            _ => None,
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
            Step::BeginAction | Step::CompleteAction | Step::RedeemAction => Err(Error::not_found()),
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
