use std::time::SystemTime;

use crate::error::Error;
use crate::model::{
    ChallengeId, CredentialKind, CredentialSecret, OneTimePassword, OtpUrl, Password, RelyingParty, User,
};
use crate::secret::{PasswordHasher, PasswordPolicy, SecretError, totp};
use crate::store::{Slot, SlotKeys};

/// The flow's state for the kinds whose secret the server shares.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    passwords: Option<PasswordHasher>,
}

impl Secrets {
    /// Creates the state, or returns the rule that the policy breaks.
    pub(crate) fn new(policy: Option<PasswordPolicy>) -> Result<Self, &'static str> {
        Ok(Self { passwords: policy.map(PasswordHasher::new).transpose()? })
    }

    /// Returns the URL for the authenticator app to scan, if the kind has one.
    pub(crate) fn otp_url(
        &self,
        kind: CredentialKind,
        keys: &SlotKeys,
        slot: Slot,
        id: &ChallengeId,
        relying_party: &RelyingParty,
        user: &User,
    ) -> Option<OtpUrl> {
        match kind {
            CredentialKind::Totp => Some(totp::url(&totp::secret(keys, slot, id)?, relying_party, user)),
            CredentialKind::Fido2
            | CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password => None,
        }
    }

    pub(crate) fn verify_one_time_password(
        &self,
        keys: &SlotKeys,
        slot: Slot,
        id: &ChallengeId,
        password: &OneTimePassword,
        now: SystemTime,
    ) -> Result<CredentialSecret, Error> {
        let secret = totp::secret(keys, slot, id).ok_or(SecretError::OneTimePassword)?;
        Ok(totp::verify(secret, password, now)?)
    }

    pub(crate) async fn hash_password(&self, password: &Password) -> Result<CredentialSecret, Error> {
        let hasher = self.passwords.as_ref().ok_or(SecretError::NoPolicy)?;
        Ok(CredentialSecret::Password(hasher.hash(password).await?))
    }
}
