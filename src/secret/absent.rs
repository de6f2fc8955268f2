//! Without the feature `deprecated-kinds` no policy allows its kinds, so none of this is reached.

use std::time::SystemTime;

use crate::error::{Error, ErrorKind};
use crate::model::{
    ChallengeId, CredentialKind, CredentialSecret, OneTimePassword, OtpUrl, Password, RelyingParty, User,
};
use crate::store::{Slot, SlotKeys};

/// The flow's state for the kinds whose secret the server shares: nothing.
#[derive(Debug, Default)]
pub(crate) struct Secrets;

impl Secrets {
    pub(crate) fn new(_: Option<PasswordPolicy>) -> Result<Self, &'static str> {
        Ok(Self)
    }

    pub(crate) fn otp_url(
        &self,
        _: CredentialKind,
        _: &SlotKeys,
        _: Slot,
        _: &ChallengeId,
        _: &RelyingParty,
        _: &User,
    ) -> Option<OtpUrl> {
        None
    }

    pub(crate) fn verify_one_time_password(
        &self,
        _: &SlotKeys,
        _: Slot,
        _: &ChallengeId,
        _: &OneTimePassword,
        _: SystemTime,
    ) -> Result<CredentialSecret, Error> {
        Err(unsupported())
    }

    pub(crate) async fn hash_password(&self, _: &Password) -> Result<CredentialSecret, Error> {
        Err(unsupported())
    }
}

fn unsupported() -> Error {
    Error::new(ErrorKind::InvalidAttestation, "This kind of credential is not supported.")
}

/// A policy for passwords. It has no values.
#[derive(Clone, Debug)]
pub(crate) enum PasswordPolicy {}
