use crate::attestation::VerifyError;
use crate::flow::{CodeFlow, Error, ErrorKind, Reason, Refusal};
use crate::model::{
    ChallengeId, CredentialKind, CredentialSecret, OneTimePassword, OtpUrl, Password, RelyingParty, User,
};
use crate::secret::{SecretError, otp_url, verify_one_time_password};
use crate::store::Slot;

impl CodeFlow {
    /// What the authenticator app is to scan, if the kind has one.
    pub(super) fn otp_url(
        &self,
        kind: CredentialKind,
        slot: Slot,
        id: &ChallengeId,
        relying_party: &RelyingParty,
        user: &User,
    ) -> Option<OtpUrl> {
        let secret = match kind {
            CredentialKind::Totp => self.0.slot_keys.totp_secret(slot, id)?,
            CredentialKind::Fido2
            | CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password => return None,
        };
        Some(otp_url(&secret, relying_party, user))
    }

    pub(super) fn verify_one_time_password(
        &self,
        slot: Slot,
        id: &ChallengeId,
        password: &OneTimePassword,
    ) -> Result<CredentialSecret, Refusal> {
        let Some(secret) = self.0.slot_keys.totp_secret(slot, id) else {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::NotFound)));
        };
        verify_one_time_password(secret, password, self.now())
            .map_err(|error| Refusal::put_back(error.into()))
    }

    pub(super) async fn hash_password(&self, password: &Password) -> Result<CredentialSecret, Refusal> {
        // `build` insists on a policy when the kind is allowed.
        let hasher = self.0.passwords.as_ref().ok_or_else(|| Refusal::put_back(VerifyError::Kind.into()))?;
        let hash = hasher.hash(password).await.map_err(|error| Refusal::put_back(error.into()))?;
        Ok(CredentialSecret::Password(hash))
    }
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        let (kind, message) = match error {
            SecretError::OneTimePassword => (
                ErrorKind::InvalidAttestation,
                "The one-time password is not the current one. Enter the next one, and see that the device's clock is right.",
            ),
            SecretError::DeniedPassword => (
                ErrorKind::InvalidAttestation,
                "This password is one of those that are guessed first. Choose another.",
            ),
            SecretError::Busy => return Self::unavailable(error.into()),
            SecretError::Hash(_) => return Self::host(error.into()),
        };
        Self::because(kind, message, error)
    }
}
