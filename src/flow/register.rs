use crate::attestation::{Attestation, Expected, VerifiedAttestation, verify};
use crate::flow::expiration::whole_millis;
use crate::flow::{
    CodeFlow, Error, ErrorKind, Event, MOST_RETURNS, NotTaken, Reason, Refusal, Refused, Spent, Step, Taken,
    take,
};
use crate::model::{
    ChallengeId, Credential, CredentialKind, CredentialUuid, EncryptedPrivateKey, Invalid, NewCredential,
};
use crate::store::{Insertion, PendingRegistration, SlotLabel};

/// The longest name of a credential, in bytes.
const LONGEST_NAME: usize = 1024;

/// A challenge, answered.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    challenge_id: ChallengeId,
    name: String,
    attestation: Attestation,
    encrypted_private_key: Option<EncryptedPrivateKey>,
}

impl RegisterRequest {
    /// An answer with the person's name for the credential, and the encrypted private key that a password-protected key needs, a
    /// recovery key may have, and no other kind has.
    pub fn new(
        challenge_id: ChallengeId,
        name: impl Into<String>,
        attestation: Attestation,
        encrypted_private_key: Option<EncryptedPrivateKey>,
    ) -> Result<Self, Invalid> {
        let name = name.into();
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(Invalid::new("credentialName has 1 to 1024 bytes and no control characters"));
        }
        match (attestation.kind, &encrypted_private_key) {
            (CredentialKind::PasswordProtectedKey, None) => {
                Err(Invalid::new("a PasswordProtectedKey comes with its encryptedPrivateKey"))
            }
            (CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey, _) | (_, None) => {
                Ok(Self { challenge_id, name, attestation, encrypted_private_key })
            }
            (_, Some(_)) => Err(Invalid::new("this kind has no encryptedPrivateKey")),
        }
    }
}

impl CodeFlow {
    /// Step 3: the challenge is spent, the proof verified, and the credential stored. `source` is where the request came from, for
    /// miss budgets and events.
    pub async fn register(
        &self,
        request: RegisterRequest,
        source: Option<&str>,
    ) -> Result<Credential, Error> {
        let kind = request.attestation.kind;
        let refused = Refused { step: Step::Register, user: None, kind: Some(kind), source };
        self.check_kind(kind).map_err(|error| self.refuse(refused, error))?;
        let attempt = self.begin_attempt(refused).await?;
        let slots = self.0.slot_keys.all(SlotLabel::Challenge, request.challenge_id.secret());
        let taken = take(&*self.0.pending, slots, self.now()).await;
        if !matches!(taken, Err(NotTaken::Missing)) {
            attempt.forgive().await;
        }
        let Taken { slot, record: mut pending } =
            taken.map_err(|missing| self.refuse(refused, missing.into_error(Error::invalid_challenge)))?;

        match self.close_registration(&mut pending, request).await {
            Ok(credential) => {
                self.tell(&Event::Registered { credential: &credential, source });
                Ok(credential)
            }
            Err(Refusal { error, challenge }) => {
                let error = self.refuse(Refused { user: Some(&pending.user), ..refused }, error);
                match challenge {
                    Spent::PutBack => self.put_back_pending(Taken { slot, record: pending }).await,
                    Spent::ForGood => {}
                }
                Err(error)
            }
        }
    }

    async fn close_registration(
        &self,
        pending: &mut PendingRegistration,
        request: RegisterRequest,
    ) -> Result<Credential, Refusal> {
        let expected = Expected::new(pending.kind, &pending.challenge).with_fido2_policy(&pending.fido2);
        let verified = verify(&pending.relying_party, &expected, &request.attestation).map_err(|error| {
            let challenge = if error.is_mendable() { Spent::PutBack } else { Spent::ForGood };
            Refusal { error: error.into(), challenge }
        })?;
        if pending.offered.as_ref().is_some_and(|offered| offered != verified.credential_id()) {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::OtherCredential)));
        }
        if self.active_user(&pending.user).await.map_err(Refusal::put_back)?.is_none() {
            return Err(Refusal {
                error: Error::invalid_challenge(Reason::UserGone),
                challenge: Spent::ForGood,
            });
        }
        let credential = self.credential(pending, request, &verified).map_err(Refusal::put_back)?;
        match self.0.credentials.insert(NewCredential::assert_verified(credential.clone())).await {
            Ok(Insertion::Created) => Ok(credential),
            Err(error) => {
                // Perhaps it is stored, and only the answer was lost. Another credential would then be the second for one code.
                pending.offered = Some(credential.id);
                Err(Refusal::put_back(Error::host(error)))
            }
            Ok(Insertion::Duplicate) => Err(Refusal::put_back(Error::new(
                ErrorKind::DuplicateCredential,
                "This credential is registered already. Use another authenticator.",
            ))),
        }
    }

    fn credential(
        &self,
        pending: &PendingRegistration,
        request: RegisterRequest,
        verified: &VerifiedAttestation,
    ) -> Result<Credential, Error> {
        let party = &pending.relying_party;
        let origin = verified.origin().or(pending.origin.as_ref()).unwrap_or(party.default_origin());
        let mut credential = Credential::new(
            pending.user.clone(),
            verified.kind(),
            verified.credential_id().clone(),
            CredentialUuid::mint()?,
            verified.public_key().clone(),
            party.id(),
            origin.clone(),
        );
        credential.name = request.name;
        credential.digest = verified.digest();
        credential.created_at = whole_millis(self.now());
        credential.encrypted_private_key = request.encrypted_private_key;
        credential.fido2 = verified.fido2().cloned();
        Ok(credential)
    }

    /// The challenge may be answered again, for as long as it would have been good.
    async fn put_back_pending(&self, Taken { slot, record: mut pending }: Taken<PendingRegistration>) {
        if pending.returns < MOST_RETURNS {
            pending.returns += 1;
            // If that fails as well there is nothing left to do: the person asks for a new code.
            let _ = self.0.pending.insert(slot, pending).await;
        }
    }
}
