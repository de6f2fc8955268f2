use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError, verify};
use crate::code::expiration::whole_millis;
use crate::code::{CodeFlow, Proof};
use crate::error::{Error, ErrorKind, Reason};
use crate::event::{Asking, Event, Step};
use crate::model::{
    ChallengeId, Credential, CredentialId, CredentialKind, CredentialSecret, CredentialUuid,
    EncryptedPrivateKey, Insertion, Invalid, NewCredential,
};
use crate::once::{Refusal, Remains, Sought, Taken};
use crate::store::{PendingRegistration, SlotLabel};

/// The longest name of a credential, in bytes.
const LONGEST_NAME: usize = 1024;

/// A challenge, answered.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    challenge_id: ChallengeId,
    answer: Answer,
    /// Where the request comes from, for miss budgets and events.
    pub source: Option<String>,
}

/// What answers a challenge.
#[derive(Clone, Debug)]
struct Answer {
    name: String,
    proof: Proof,
    encrypted_private_key: Option<EncryptedPrivateKey>,
}

impl RegisterRequest {
    /// Creates an answer with the person's name for the credential, and the encrypted private key
    /// that a password-protected key needs, a recovery key may have, and no other kind has.
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
                let answer = Answer { name, proof, encrypted_private_key };
                Ok(Self { challenge_id, answer, source: None })
            }
            (_, Some(_)) => Err(Invalid::new("this kind has no encryptedPrivateKey")),
        }
    }
}

impl CodeFlow {
    /// Step 3: spends the challenge, verifies the proof, and stores the credential.
    pub async fn register(&self, request: RegisterRequest) -> Result<Credential, Error> {
        let kind = request.answer.proof.kind();
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Register, source).of(kind);
        self.check_kind(kind).map_err(|error| self.site().refuse(asking, error))?;
        let sought = Sought::<PendingRegistration, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::Challenge, request.challenge_id.secret()),
            invalid: Error::invalid_challenge,
        };
        let fee = self.fee_of_guess(source);
        let registering = self.site().ceremony(asking).once(fee, sought, async |taken| {
            let credential = self.close(taken, &request.challenge_id, request.answer, source).await?;
            self.site().tell(&Event::Registered { credential: &credential, source });
            Ok(credential)
        });
        registering.await
    }

    /// Closes a registration.
    async fn close(
        &self,
        taken: &Taken<PendingRegistration>,
        challenge_id: &ChallengeId,
        answer: Answer,
        source: Option<&str>,
    ) -> Result<Credential, Refusal<PendingRegistration>> {
        let pending = &taken.record;
        let verified = self.verify(taken, challenge_id, &answer.proof).await?;
        if self.site().active_user(&pending.user).await.map_err(Refusal::put_back)?.is_none() {
            return Err(Refusal::for_good(Error::invalid_challenge(Reason::UserGone)));
        }
        let credential = self.credential(pending, answer, &verified).map_err(Refusal::put_back)?;
        if pending.offered.as_ref().is_some_and(|offered| *offered != credential.id) {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::OtherCredential)));
        }
        let new = NewCredential::new(credential.clone(), verified.into_secret());
        let unsettled = Unsettled { flow: self, credential: &credential, source };
        match self.site().credentials().insert(new).await {
            Ok(stored) => {
                unsettled.settle();
                match stored {
                    Insertion::Created => Ok(credential),
                    Insertion::Duplicate => self.stored_before(pending, &credential).await,
                }
            }
            Err(error) => Err(Refusal {
                error: Error::host(error),
                remains: Remains::Changed(pending.clone().offered_to(&credential)),
            }),
        }
    }

    /// Returns the credential that was stored before, if this very one was offered before and its
    /// answer was lost. Any other that is there already is a duplicate.
    async fn stored_before(
        &self,
        pending: &PendingRegistration,
        credential: &Credential,
    ) -> Result<Credential, Refusal<PendingRegistration>> {
        if pending.offered.is_some() && credential.public_key.is_some() {
            let stored = self.site().credentials().credentials(&pending.user).await;
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

    /// Verifies a proof of the kind that was asked for.
    async fn verify(
        &self,
        taken: &Taken<PendingRegistration>,
        challenge_id: &ChallengeId,
        proof: &Proof,
    ) -> Result<Verified, Refusal<PendingRegistration>> {
        let Taken { slot, record: pending } = taken;
        if proof.kind() != pending.kind {
            return Err(refusal(VerifyError::Kind));
        }
        let secrets = &self.inner.secrets;
        match proof {
            Proof::Attestation(attestation) => {
                self.verify_attestation(pending, attestation).map(Verified::Attestation).map_err(refusal)
            }
            Proof::OneTimePassword(password) => {
                let (keys, now) = (self.site().slot_keys(), self.site().now());
                let secret = secrets.verify_one_time_password(keys, *slot, challenge_id, password, now);
                secret.map(Verified::Secret).map_err(Refusal::put_back)
            }
            Proof::Password(password) => {
                secrets.hash_password(password).await.map(Verified::Secret).map_err(Refusal::put_back)
            }
        }
    }

    fn verify_attestation(
        &self,
        pending: &PendingRegistration,
        attestation: &Attestation,
    ) -> Result<VerifiedAttestation, VerifyError> {
        let expected = Expected::new(pending.kind, &pending.challenge).with_fido2_policy(&pending.fido2);
        #[cfg(feature = "fido2")]
        let expected = expected.with_attestation_engine(&self.inner.policy.engine);
        verify(&pending.relying_party, &expected, attestation)
    }

    fn credential(
        &self,
        pending: &PendingRegistration,
        answer: Answer,
        verified: &Verified,
    ) -> Result<Credential, Error> {
        let attestation = verified.attestation();
        let party = &pending.relying_party;
        let signed_origin = attestation.and_then(VerifiedAttestation::origin);
        let origin = signed_origin.or(pending.origin.as_ref()).unwrap_or(party.default_origin());
        let id = match attestation {
            Some(attestation) => attestation.credential_id().clone(),
            // However often this challenge is put back, it names one credential.
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
        credential.name = answer.name;
        credential.created_at = whole_millis(self.site().now());
        credential.encrypted_private_key = answer.encrypted_private_key;
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

fn refusal(error: VerifyError) -> Refusal<PendingRegistration> {
    if error.is_mendable() { Refusal::put_back(error) } else { Refusal::for_good(error) }
}

/// Nobody is told of a credential before the host has it. A host that fails, or a caller who hangs
/// up, may leave one behind that nobody was told of. So this tells of it when it is dropped before
/// the host has answered.
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
        self.flow.site().tell(&Event::Unsettled { credential: self.credential, source: self.source });
    }
}
