use std::time::SystemTime;

use crate::attestation::{Attestation, Expected, VerifiedAttestation, VerifyError, verify};
use crate::code::add::{Adding, Claim, NotAdded};
use crate::code::expiration::whole_millis;
use crate::code::{CodeFlow, Proof, Registration};
use crate::enrolment::NotAdvanced;
use crate::error::{Error, Reason};
use crate::event::{Asking, Step};
use crate::model::{
    Approval, ChallengeId, CheckCode, ClientReport, Credential, CredentialId, CredentialKind,
    CredentialSecret, EncryptedPrivateKey, Fido2Properties, Invalid, Stage, is_showable,
};
use crate::once::{Refusal, Remains, Sought, Taken};
use crate::store::{OneTimeStore, PendingRegistration, SlotLabel};

/// The longest name of a credential, in bytes.
const LONGEST_NAME: usize = 1024;

/// The answer to a challenge.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    pub(super) challenge_id: ChallengeId,
    pub(super) answer: Answer,
    /// The network source of the request, for events and, with a code, for miss budgets.
    pub source: Option<String>,
}

/// The answer to a challenge.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    name: String,
    proof: Proof,
    encrypted_private_key: Option<EncryptedPrivateKey>,
    report: ClientReport,
}

impl RegisterRequest {
    /// Creates an answer with the person's name for the credential, and its encrypted private key.
    /// A password-protected key needs one, and a recovery key may have one. No other kind has one.
    pub fn new(
        challenge_id: ChallengeId,
        name: impl Into<String>,
        proof: impl Into<Proof>,
        encrypted_private_key: Option<EncryptedPrivateKey>,
    ) -> Result<Self, Invalid> {
        let (name, proof) = (name.into(), proof.into());
        if name.len() > LONGEST_NAME || !is_showable(&name) {
            return Err(Invalid::new(
                "credentialName has 1 to 1024 bytes, a visible character, and none that controls or reorders text",
            ));
        }
        match (proof.kind(), &encrypted_private_key) {
            (CredentialKind::PasswordProtectedKey, None) => {
                Err(Invalid::new("a PasswordProtectedKey comes with its encryptedPrivateKey"))
            }
            (CredentialKind::PasswordProtectedKey | CredentialKind::RecoveryKey, _) | (_, None) => {
                let answer = Answer { name, proof, encrypted_private_key, report: ClientReport::default() };
                Ok(Self { challenge_id, answer, source: None })
            }
            (_, Some(_)) => Err(Invalid::new("this kind has no encryptedPrivateKey")),
        }
    }

    /// Adds what the client says about a passkey. It has no meaning for other kinds.
    pub fn with_report(mut self, report: ClientReport) -> Self {
        self.answer.report = report;
        self
    }

    /// Returns the kind of credential to register.
    pub(crate) fn kind(&self) -> CredentialKind {
        self.answer.proof.kind()
    }
}

/// The context in which a registration is closed.
#[derive(Clone, Copy)]
pub(super) struct Closing<'a> {
    /// Whether the owner is asked.
    pub(super) approval: Approval,
    /// When it began. It is refused if the user declared void everything from that time.
    pub(super) began_at: SystemTime,
    pub(super) source: Option<&'a str>,
}

impl CodeFlow {
    /// Step 3: spends the challenge and verifies the proof. Stores the credential, or lets it wait
    /// for the owner's approval.
    pub async fn register(&self, request: RegisterRequest) -> Result<Registration, Error> {
        let kind = request.kind();
        let source = request.source.as_deref();
        let asking = Asking::new(Step::Register, source).of(kind);
        self.check_kind(kind).map_err(|error| self.site().refuse(asking, error))?;
        let sought = Sought::<PendingRegistration, _> {
            store: self.site().records(),
            slots: self.site().slot_keys().all(SlotLabel::Challenge, request.challenge_id.secret()),
            invalid: Error::invalid_challenge,
        };
        let fee = self.fee_of_guess(source).meanwhile();
        let registering = self.site().ceremony(asking).once(fee, sought, async |taken| {
            let pending = &taken.record;
            // A site may have several flows, and a policy may have changed. The stricter one
            // counts.
            let approval = pending.approval.max(self.inner.policy.approval);
            let closing = Closing { approval, began_at: pending.began_at, source };
            self.close(taken, &request.challenge_id, request.answer, closing).await
        });
        registering.await
    }

    /// Closes a registration.
    pub(super) async fn close(
        &self,
        taken: &Taken<PendingRegistration>,
        challenge_id: &ChallengeId,
        answer: Answer,
        closing: Closing<'_>,
    ) -> Result<Registration, Refusal<PendingRegistration>> {
        let (pending, Closing { approval, began_at, source }) = (&taken.record, closing);
        if pending.awaited.is_some() {
            // It goes back at once, so everyone who asks gets the same answer.
            let store: &dyn OneTimeStore<PendingRegistration> = self.site().records();
            let _ = store.insert(taken.slot, pending.clone()).await;
        }
        let verified = self.verify(taken, challenge_id, &answer.proof).await?;
        let user = self.site().active_user(&pending.user, began_at).await;
        if let Err(reason) = user.map_err(Refusal::put_back)? {
            return Err(Refusal::for_good(Error::invalid_challenge(reason)));
        }
        let credential = self.credential(pending, answer, &verified).map_err(Refusal::put_back)?;
        if pending.offered.as_ref().is_some_and(|offered| *offered != credential.id) {
            return Err(Refusal::put_back(Error::invalid_challenge(Reason::OtherCredential)));
        }
        if pending.awaited.is_some() {
            return self.answer_again(taken, &credential).await;
        }
        match approval {
            Approval::NotAsked => self.store(pending, credential, verified.into_secret(), source).await,
            Approval::Asked => self.await_approval(taken, credential, None, source).await,
            Approval::AskedWithCheckCode => {
                let check_code = CheckCode::mint().map_err(Refusal::put_back)?;
                self.await_approval(taken, credential, Some(check_code), source).await
            }
        }
    }

    /// Stores the credential at once.
    async fn store(
        &self,
        pending: &PendingRegistration,
        credential: Credential,
        secret: Option<CredentialSecret>,
        source: Option<&str>,
    ) -> Result<Registration, Refusal<PendingRegistration>> {
        let (enrolment, id) = (&pending.enrolment, credential.id.clone());
        let was_offered = pending.offered.is_some();
        let adding = Adding { enrolment, from: Stage::Opened, was_offered, source };
        match self.add(credential, secret, adding).await {
            Ok(credential) => Ok(Registration { credential, enrolment: enrolment.clone(), approval: None }),
            Err(NotAdded::NotClaimed(NotAdvanced::Unknown(error))) => {
                self.give_back_claim(&pending.user, adding, pending.expires_at).await;
                Err(Refusal::put_back(error))
            }
            Err(NotAdded::NotClaimed(NotAdvanced::At(_) | NotAdvanced::Gone)) => {
                Err(Refusal::for_good(Error::invalid_challenge(Reason::Ended)))
            }
            Err(NotAdded::Failed(error)) => Err(Refusal::put_back(error)),
            Err(NotAdded::Refused(error, claim)) => {
                if claim == Claim::Made {
                    self.give_back_claim(&pending.user, adding, pending.expires_at).await;
                }
                Err(Refusal::put_back(error))
            }
            Err(NotAdded::Unsettled(error)) => {
                Err(Refusal { error, remains: Remains::Changed(pending.clone().offered_to(id)) })
            }
        }
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
            pending.enrolment.credential_uuid(),
            attestation.map(|attestation| attestation.public_key().clone()),
            party.id(),
            origin.clone(),
        );
        credential.name = answer.name;
        credential.created_at = whole_millis(self.site().now());
        credential.encrypted_private_key = answer.encrypted_private_key;
        if let Some(attestation) = attestation {
            credential.digest = attestation.digest();
            let fido2 = attestation.fido2().cloned();
            credential.fido2 = fido2.map(|fido2| Fido2Properties { report: answer.report, ..fido2 });
        }
        Ok(credential)
    }
}

/// The result of a verified proof.
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
