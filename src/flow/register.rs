use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError, verify};
use crate::flow::expiration::whole_millis;
use crate::flow::{
    CodeFlow, Error, ErrorKind, Event, NotTaken, Proof, Reason, Refusal, Refused, Spent, Step, Taken, take,
};
use crate::model::{
    ChallengeId, Credential, CredentialId, CredentialKind, CredentialSecret, CredentialUuid,
    EncryptedPrivateKey, Invalid, NewCredential,
};
use crate::store::{Insertion, PendingRegistration, Slot, SlotLabel};

/// The longest name of a credential, in bytes.
const LONGEST_NAME: usize = 1024;

/// A challenge, answered.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    challenge_id: ChallengeId,
    name: String,
    proof: Proof,
    encrypted_private_key: Option<EncryptedPrivateKey>,
}

impl RegisterRequest {
    /// An answer with the person's name for the credential, and the encrypted private key that a password-protected key needs, a
    /// recovery key may have, and no other kind has.
    pub fn new(
        challenge_id: ChallengeId,
        name: impl Into<String>,
        proof: impl Into<Proof>,
        encrypted_private_key: Option<EncryptedPrivateKey>,
    ) -> Result<Self, Invalid> {
        let (name, proof) = (name.into(), proof.into());
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(Invalid::new("credentialName has 1 to 1024 bytes and no control characters"));
        }
        match (proof.kind(), &encrypted_private_key) {
            (CredentialKind::PasswordProtectedKey, None) => {
                Err(Invalid::new("a PasswordProtectedKey comes with its encryptedPrivateKey"))
            }
            (CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey, _) | (_, None) => {
                Ok(Self { challenge_id, name, proof, encrypted_private_key })
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
        let kind = request.proof.kind();
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

        match self.close_registration(slot, &mut pending, request, source).await {
            Ok(credential) => {
                self.tell(&Event::Registered { credential: &credential, source });
                Ok(credential)
            }
            Err(Refusal { error, challenge }) => {
                let error = self.refuse(Refused { user: Some(&pending.user), ..refused }, error);
                match challenge {
                    Spent::PutBack => Taken { slot, record: pending }.put_back(&*self.0.pending).await,
                    Spent::ForGood => {}
                }
                Err(error)
            }
        }
    }

    async fn close_registration(
        &self,
        slot: Slot,
        pending: &mut PendingRegistration,
        request: RegisterRequest,
        source: Option<&str>,
    ) -> Result<Credential, Refusal> {
        let verified = self.verify(slot, pending, &request).await?;
        if self.active_user(&pending.user).await.map_err(Refusal::put_back)?.is_none() {
            return Err(Refusal {
                error: Error::invalid_challenge(Reason::UserGone),
                challenge: Spent::ForGood,
            });
        }
        let credential = self.credential(pending, request, &verified).map_err(Refusal::put_back)?;
        if pending.offered.as_ref().is_some_and(|offered| *offered != credential.id) {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::OtherCredential)));
        }
        let new = NewCredential::assert_verified(credential.clone(), verified.into_secret());
        let unsettled = Unsettled { flow: self, credential: &credential, source };
        let stored = self.0.credentials.insert(new).await.map_err(|error| {
            // Perhaps it is stored, and only the answer was lost. Another credential would then be the second for one code.
            pending.offered = Some(credential.id.clone());
            Refusal::put_back(Error::host(error))
        })?;
        unsettled.settle();
        match stored {
            Insertion::Created => Ok(credential),
            Insertion::Duplicate => self.stored_before(pending, &credential).await,
        }
    }

    /// A credential that was offered before, and whose answer was lost, may be stored: whoever tries again is told so. Any other that is
    /// there already is a duplicate.
    async fn stored_before(
        &self,
        pending: &PendingRegistration,
        credential: &Credential,
    ) -> Result<Credential, Refusal> {
        if pending.offered.is_some() && credential.public_key.is_some() {
            let stored = self.0.credentials.credentials(&pending.user).await;
            let stored = stored.map_err(|error| Refusal::put_back(Error::host(error)))?;
            let same = stored.into_iter().find(|stored| {
                stored.id == credential.id
                    && stored.user == credential.user
                    && stored.kind == credential.kind
                    && stored.public_key == credential.public_key
                    && stored.encrypted_private_key == credential.encrypted_private_key
                    && stored.is_active()
            });
            if let Some(same) = same {
                return Ok(same);
            }
        }
        Err(Refusal::put_back(Error::new(
            ErrorKind::DuplicateCredential,
            "This credential is registered already. Use another authenticator.",
        )))
    }

    /// Of the kind that was asked for, whichever that is.
    async fn verify(
        &self,
        slot: Slot,
        pending: &PendingRegistration,
        request: &RegisterRequest,
    ) -> Result<Verified, Refusal> {
        if request.proof.kind() != pending.kind {
            return Err(refusal(VerifyError::Kind));
        }
        match &request.proof {
            Proof::Attestation(attestation) => {
                self.verify_attestation(pending, attestation).map(Verified::Attestation).map_err(refusal)
            }
            Proof::OneTimePassword(password) => {
                self.verify_one_time_password(slot, &request.challenge_id, password).map(Verified::Secret)
            }
            Proof::Password(password) => self.hash_password(password).await.map(Verified::Secret),
        }
    }

    fn verify_attestation(
        &self,
        pending: &PendingRegistration,
        attestation: &Attestation,
    ) -> Result<VerifiedAttestation, VerifyError> {
        let expected = Expected::new(pending.kind, &pending.challenge).with_fido2_policy(&pending.fido2);
        #[cfg(feature = "fido2")]
        let expected = expected.with_attestation_engine(&self.0.engine);
        verify(&pending.relying_party, &expected, attestation)
    }

    fn credential(
        &self,
        pending: &PendingRegistration,
        request: RegisterRequest,
        verified: &Verified,
    ) -> Result<Credential, Error> {
        let attestation = verified.attestation();
        let party = &pending.relying_party;
        let signed_origin = attestation.and_then(VerifiedAttestation::origin);
        let origin = signed_origin.or(pending.origin.as_ref()).unwrap_or(party.default_origin());
        let id = match attestation {
            Some(attestation) => attestation.credential_id().clone(),
            // However often this challenge is put back, also by a host that stored the credential and then failed, it names one.
            None => CredentialId::new(pending.challenge.as_str())?,
        };
        let mut credential = Credential::new(
            pending.user.clone(),
            pending.kind,
            id,
            CredentialUuid::mint()?,
            attestation.map(|attestation| attestation.public_key().clone()),
            party.id(),
            origin.clone(),
        );
        credential.name = request.name;
        credential.created_at = whole_millis(self.now());
        credential.encrypted_private_key = request.encrypted_private_key;
        if let Some(attestation) = attestation {
            credential.digest = attestation.digest();
            credential.fido2 = attestation.fido2().cloned();
        }
        Ok(credential)
    }
}

/// What a proof proved.
enum Verified {
    Attestation(VerifiedAttestation),
    Secret(CredentialSecret),
}

impl Verified {
    fn attestation(&self) -> Option<&VerifiedAttestation> {
        match self {
            Self::Attestation(attestation) => Some(attestation),
            Self::Secret(_) => None,
        }
    }

    fn into_secret(self) -> Option<CredentialSecret> {
        match self {
            Self::Attestation(_) => None,
            Self::Secret(secret) => Some(secret),
        }
    }
}

fn refusal(error: VerifyError) -> Refusal {
    let challenge = if error.is_mendable() { Spent::PutBack } else { Spent::ForGood };
    Refusal { error: error.into(), challenge }
}

/// Nobody is told of a credential before the host has it, and a host that fails, or a caller who hangs up, may leave one behind of which
/// nobody was told. So this tells of it when it is dropped before the host has answered.
struct Unsettled<'a> {
    flow: &'a CodeFlow,
    credential: &'a Credential,
    source: Option<&'a str>,
}

impl Unsettled<'_> {
    /// The host has answered.
    fn settle(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        self.flow.tell(&Event::Unsettled { credential: self.credential, source: self.source });
    }
}
