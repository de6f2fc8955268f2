//! Without the feature `deprecated-kinds` no host can allow its kinds, so that none of this is reached.

use crate::attestation::VerifyError;
use crate::flow::{CodeFlow, Refusal, Spent};
use crate::model::{
    ChallengeId, CredentialKind, CredentialSecret, OneTimePassword, OtpUrl, Password, RelyingParty, User,
};
use crate::store::Slot;

impl CodeFlow {
    pub(super) fn otp_url(
        &self,
        _: CredentialKind,
        _: Slot,
        _: &ChallengeId,
        _: &RelyingParty,
        _: &User,
    ) -> Option<OtpUrl> {
        None
    }

    pub(super) fn verify_one_time_password(
        &self,
        _: Slot,
        _: &ChallengeId,
        _: &OneTimePassword,
    ) -> Result<CredentialSecret, Refusal> {
        Err(unsupported())
    }

    pub(super) async fn hash_password(&self, _: &Password) -> Result<CredentialSecret, Refusal> {
        Err(unsupported())
    }
}

fn unsupported() -> Refusal {
    Refusal { error: VerifyError::Kind.into(), challenge: Spent::ForGood }
}
