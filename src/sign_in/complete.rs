use std::time::{Duration, SystemTime};

use crate::assertion::{Assertion, AssertionError, Expected, VerifiedAssertion, verify};
use crate::error::{Error, Reason};
use crate::event::{Asking, Event, Step};
use crate::host::Advance;
use crate::model::{ChallengeId, Credential, CredentialId, CredentialKind, Insertion, RelyingParty, User};
use crate::once::Fee;
use crate::sign_in::SignInFlow;
use crate::sign_in::begin::PendingSignIn;
use crate::store::{OneTimeStore, UserAction};

/// How much longer than its life a spent challenge is remembered. The engine of a store may use a
/// clock that is ahead of ours.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The signed challenge of a sign-in. It is read from JSON, whose `credential` is the output of
/// `PublicKeyCredential.toJSON()`:
///
/// ```json
/// {
///   "challengeIdentifier": "…",
///   "credential": {
///     "id": "…",
///     "response": {
///       "clientDataJSON": "…", "authenticatorData": "…", "signature": "…", "userHandle": "…"
///     }
///   }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompleteRequest {
    /// The handle of the challenge.
    pub challenge_id: ChallengeId,
    /// The proof by a passkey.
    pub assertion: Assertion,
    /// The network source of the request, for the budget of misses and for the events. Without it,
    /// nothing bounds the misses. The JSON does not contain it.
    pub source: Option<String>,
}

impl CompleteRequest {
    /// Creates a request without a source.
    pub fn new(challenge_id: ChallengeId, assertion: Assertion) -> Self {
        Self { challenge_id, assertion, source: None }
    }

    /// Sets the network source of the request. For example, use the peer's address, by
    /// [`source_of`](crate::site::source_of).
    #[must_use]
    pub fn with_source(self, source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

/// The result of a sign-in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The passkey that signed, as it was before.
    pub credential: Credential,
    /// When the challenge was made: the session is [since then](crate::host::Caller::since). If the
    /// user declares everything void meanwhile, that voids the session too.
    pub began_at: SystemTime,
}

impl SignInFlow {
    /// Step 2: returns who signed the challenge, and spends it.
    ///
    /// These passkeys all get one error: unknown, deactivated, of a user who is gone, or with a
    /// signature that does not hold. So do these challenges: foreign, spent, expired, or for
    /// another relying party.
    pub async fn complete(
        &self,
        relying_party: &RelyingParty,
        request: CompleteRequest,
    ) -> Result<SignedIn, Error> {
        let source = request.source.as_deref();
        let asking = Asking::new(Step::SignIn, source).of(request.assertion.kind);
        let fee = Fee::of_source(&self.0.misses_of_source, source);
        let signing_in = self.close(asking, relying_party, &request);
        self.site().ceremony(asking).guessed(fee, signing_in).await
    }

    async fn close(
        &self,
        asking: Asking<'_>,
        relying_party: &RelyingParty,
        request: &CompleteRequest,
    ) -> Result<SignedIn, Error> {
        let (site, assertion) = (self.site(), &request.assertion);
        let pending = self.pending(&request.challenge_id, relying_party);
        let pending = pending.ok_or_else(|| Error::invalid_sign_in_challenge(Reason::NotFound))?;
        let credential = self.passkey(&assertion.credential_id).await?;
        let asking = asking.by(&credential.user);
        let verifying = self.verify(&pending, relying_party, &credential, assertion);
        let (user, verified) = verifying.await.map_err(|error| site.refuse(asking, error))?;
        // This comes after the signature, so nobody else spends a user's budget.
        let fee = Fee::of_user(&self.0.sign_ins_of_user, &user.id);
        site.ceremony(asking).charged(fee, self.spend(&pending, &credential, &verified)).await?;
        site.tell(&Event::SignedIn { user: &user.id, credential: &credential.id, source: asking.source });
        Ok(SignedIn { user, credential, began_at: pending.began_at })
    }

    /// Returns the passkey with that id, of any user.
    async fn passkey(&self, id: &CredentialId) -> Result<Credential, Error> {
        let stored = self.0.passkeys.passkey(id).await.map_err(Error::host)?;
        let found = stored.filter(|stored| stored.id == *id && stored.kind == CredentialKind::Fido2);
        found.ok_or_else(|| Error::invalid_sign_in(AssertionError::Credential))
    }

    async fn verify(
        &self,
        pending: &PendingSignIn,
        relying_party: &RelyingParty,
        credential: &Credential,
        assertion: &Assertion,
    ) -> Result<(User, VerifiedAssertion), Error> {
        let user = self.site().active_user(&credential.user, pending.began_at).await?;
        let user = user.map_err(Error::invalid_sign_in)?;
        check_names_user(assertion).map_err(refusal)?;
        let expected = Expected::new(&pending.challenge)
            .with_user_verification(self.0.policy.user_verification)
            .with_user_handle(user.handle());
        let verified = verify(relying_party, &expected, credential, assertion).map_err(refusal)?;
        Ok((user, verified))
    }

    /// Spends the challenge, and stores the signature counter of an authenticator that counts. The
    /// counter comes last: another try after a failure would come with a counter that has not
    /// grown.
    async fn spend(
        &self,
        pending: &PendingSignIn,
        credential: &Credential,
        verified: &VerifiedAssertion,
    ) -> Result<(), Error> {
        let signed = UserAction {
            user: credential.user.clone(),
            credential: credential.id.clone(),
            uuid: credential.uuid.clone(),
            began_at: pending.began_at,
            expires_at: pending.expires_at + REMEMBERED,
        };
        let store: &dyn OneTimeStore<UserAction> = self.site().records();
        match store.insert(pending.slot, signed).await? {
            Insertion::Created => {}
            Insertion::Duplicate => return Err(Error::invalid_sign_in_challenge(Reason::NotFound)),
        }
        if verified.sign_count() == 0 {
            return Ok(());
        }
        let advance = self.0.counters.advance(verified.credential_id(), verified.sign_count()).await;
        match advance.map_err(Error::host)? {
            Advance::Advanced => Ok(()),
            Advance::NotGreater => Err(refusal(AssertionError::Counter)),
        }
    }
}

/// Checks step 6 of [WebAuthn Level 3, section
/// 7.2](https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion). If nobody was identified
/// before, there must be a user handle. [`verify`] checks whether it is the user's.
fn check_names_user(assertion: &Assertion) -> Result<(), AssertionError> {
    let handle = assertion.fido2.as_ref().and_then(|answer| answer.user_handle.as_deref());
    handle.is_some_and(|handle| !handle.is_empty()).then_some(()).ok_or(AssertionError::UserHandle)
}

/// Creates the refusal. A person can mend it only after the signature held, so the holder of the
/// key may learn it.
fn refusal(error: AssertionError) -> Error {
    if error.is_mendable() { error.into() } else { Error::invalid_sign_in(error) }
}
