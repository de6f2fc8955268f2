use http::Response;

use crate::code::CredentialAnswer;
use crate::code::wire::{read_register, write_challenge};
use crate::error::Error;
use crate::event::Step;
use crate::host::Caller;
use crate::manage::{BeginRequest, ChangeRequest, ManageFlow, RenameRequest, wire};
use crate::serve::{AnswerBody, Asked, Endpoints, Verb, success};
use crate::site::Site;

impl Endpoints for ManageFlow {
    const MOUNT: &'static str = "/auth/credentials";

    fn steps(&self, below: &str) -> &'static [(Verb, Step)] {
        match below {
            "" => &[(Verb::Get, Step::ListCredentials), (Verb::Post, Step::CreateCredential)],
            "/init" => &[(Verb::Post, Step::BeginCredential)],
            "/activate" => &[(Verb::Put, Step::Activate)],
            "/deactivate" => &[(Verb::Put, Step::Deactivate)],
            "/rename" => &[(Verb::Put, Step::Rename)],
            // These belong to the code flow, which may stand behind a layer of this one.
            "/code" | "/enrolments" => &[],
            // The text is a uuid, or an unknown text.
            _ => match below.strip_prefix('/') {
                Some(uuid) if !uuid.is_empty() && !uuid.contains('/') => &[(Verb::Delete, Step::Remove)],
                Some(_) | None => &[],
            },
        }
    }

    fn site(&self) -> &Site {
        self.site()
    }

    async fn answer(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        match asked.step {
            Step::ListCredentials => {
                let caller = asked.authenticate(self.site().authenticator(), body).await?;
                Ok(success(&wire::write_credentials(&self.credentials(&caller).await?)))
            }
            Step::BeginCredential => self.answer_begin(asked, body).await,
            Step::CreateCredential => self.answer_create(asked, body).await,
            Step::Activate => {
                let (caller, request) = self.read_change(asked, body).await?;
                self.activate(&caller, request).await?;
                Ok(success(&wire::SUCCESS))
            }
            Step::Deactivate => {
                let (caller, request) = self.read_change(asked, body).await?;
                self.deactivate(&caller, request).await?;
                Ok(success(&wire::SUCCESS))
            }
            Step::Rename => self.answer_rename(asked, body).await,
            Step::Remove => self.answer_remove(asked, body).await,
            Step::Mint
            | Step::Exchange
            | Step::Register
            | Step::BeginAction
            | Step::CompleteAction
            | Step::RedeemAction
            | Step::ListEnrolments
            | Step::FollowEnrolment
            | Step::Revoke
            | Step::Approve
            | Step::Refuse
            | Step::Undo
            | Step::FollowOutcome
            | Step::SignIn => Err(Error::not_found()),
        }
    }
}

impl ManageFlow {
    async fn answer_begin(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let kind = wire::read_begin(body)?;
        self.codes.check_own_kind(kind)?;
        let caller = asked.authenticate(self.site().authenticator(), body).await?;
        let (party, origin) = asked.relying_party().await?;
        let (source, place) = (asked.source(), asked.place());
        let request = BeginRequest { origin, source, place, ..BeginRequest::new(kind, party) };
        Ok(success(&write_challenge(&self.begin(&caller, request).await?)))
    }

    async fn answer_create(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let mut request = read_register(body)?;
        self.codes.check_own_kind(request.kind())?;
        let caller = asked.authenticate(self.codes.authenticator(), body).await?;
        request.source = asked.source();
        Ok(success(&CredentialAnswer::from(&self.create(&caller, request).await?)))
    }

    /// Reads which credential to change, and then asks who the caller is.
    async fn read_change(
        &self,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<(Caller, ChangeRequest), Error> {
        let request = wire::read_change(body)?;
        let caller = asked.authenticate(self.codes.authenticator(), body).await?;
        let request = request.ok_or_else(Error::no_credential)?;
        Ok((caller, ChangeRequest { source: asked.source(), ..request }))
    }

    async fn answer_rename(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let request = wire::read_rename(body)?;
        let caller = asked.authenticate(self.codes.authenticator(), body).await?;
        let mut request: RenameRequest = request.ok_or_else(Error::no_credential)?;
        request.source = asked.source();
        self.rename(&caller, request).await?;
        Ok(success(&wire::SUCCESS))
    }

    async fn answer_remove(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        wire::read_nothing(body)?;
        let caller = asked.authenticate(self.codes.authenticator(), body).await?;
        let uuid = asked.below().rsplit('/').next().and_then(wire::read_uuid);
        let request = ChangeRequest::new(uuid.ok_or_else(Error::no_credential)?);
        self.remove(&caller, ChangeRequest { source: asked.source(), ..request }).await?;
        Ok(success(&wire::Nothing {}))
    }
}
