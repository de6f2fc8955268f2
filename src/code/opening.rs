use std::sync::Arc;
use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::error::{Error, ErrorKind, Reason};
use crate::model::{
    Approval, Challenge, ChallengeId, CredentialDescriptor, CredentialKind, EnrolmentId, Fido2Policy,
    Opening, Origin, OtpUrl, RelyingParty, Scope, User, UserId,
};
use crate::store::{PendingRegistration, Slot, SlotKeys};
use crate::together::both;

/// Browsers refuse a longer list.
const MOST_EXCLUDED: usize = 64;

/// A request to register a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BeginRequest {
    /// The kind of credential to register.
    pub kind: CredentialKind,
    /// The relying party.
    pub relying_party: Arc<RelyingParty>,
    /// The origin of the request, if the request named one.
    pub origin: Option<Origin>,
    /// The network source of the request, for events and for the owner.
    pub source: Option<String>,
    /// The host's own words for the place of the request, for the owner.
    pub place: Option<String>,
}

impl BeginRequest {
    /// Creates a request without origin, source and place.
    pub fn new(kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { kind, relying_party, origin: None, source: None, place: None }
    }

    /// Returns the part of the request that the owner sees.
    pub(super) fn opening(&self, at: SystemTime) -> Arc<Opening> {
        let (origin, source, place) = (self.origin.clone(), self.source.clone(), self.place.clone());
        Arc::new(Opening { origin, source, place, ..Opening::new(at, self.kind, self.relying_party.id()) })
    }
}

/// Rejects a request that the scope does not allow. That spends nothing.
pub(super) fn check_scope(scope: &Scope, kind: CredentialKind, party: &RelyingParty) -> Result<(), Error> {
    let message = if !scope.has_kind(kind) {
        format!("The owner does not let a {kind} be added.")
    } else if !scope.has_relying_party(party.id()) {
        format!("The owner lets nothing be added for {}.", party.id())
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Forbidden, message))
}

/// The data that a client needs to create a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationChallenge {
    /// The kind of credential to create.
    pub kind: CredentialKind,
    /// The user who will own the credential.
    pub user: User,
    /// The relying party.
    pub relying_party: Arc<RelyingParty>,
    /// The challenge to sign. A kind that signs nothing does not use it. It then becomes the
    /// credential's id, and is not in the answer.
    pub challenge: Challenge,
    /// The handle to send back with the answer.
    pub challenge_id: ChallengeId,
    /// The demands on a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// The passkeys that the user has for this relying party. An authenticator that holds one of
    /// them should not create another.
    pub exclude: Vec<CredentialDescriptor>,
    /// The URL for the authenticator app to scan, for `Totp`.
    pub otp_url: Option<OtpUrl>,
}

/// A user who may add a credential.
pub(super) struct Candidate {
    user: User,
    exclude: Vec<CredentialDescriptor>,
}

/// The terms on which a registration is opened.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) enrolment: &'a EnrolmentId,
    pub(super) scope: &'a Scope,
    pub(super) approval: Approval,
    pub(super) began_at: SystemTime,
    /// Returns the slot of a challenge with that id.
    pub(super) slot_of: fn(&SlotKeys, &UserId, &ChallengeId) -> Slot,
}

/// A challenge, and the record that must be in a slot before the challenge is worth anything.
pub(super) struct Offer {
    pub(super) slot: Slot,
    pub(super) pending: PendingRegistration,
    pub(super) challenge: RegistrationChallenge,
}

impl CodeFlow {
    /// Asks the host three questions at once. It looks up the user, whether they have room for one
    /// more credential, and which passkeys should not be made again.
    pub(super) async fn look_up(
        &self,
        user: &UserId,
        began_at: SystemTime,
        request: &BeginRequest,
    ) -> Result<Result<Candidate, Reason>, Error> {
        let looks = both(self.check_room(user), self.to_exclude(user, request));
        let (found, (room, exclude)) = both(self.site().active_user(user, began_at), looks).await;
        let user = match found? {
            Ok(user) => user,
            Err(reason) => return Ok(Err(reason)),
        };
        user.check_names()?;
        room?;
        Ok(Ok(Candidate { user, exclude: exclude? }))
    }

    /// Creates a challenge for a user.
    pub(super) fn offer(
        &self,
        candidate: Candidate,
        request: &BeginRequest,
        terms: Terms<'_>,
    ) -> Result<Offer, Error> {
        let (site, Candidate { user, exclude }) = (self.site(), candidate);
        let (challenge, challenge_id) = Challenge::mint_with_id()?;
        let fido2 = self.fido2_policy(terms.scope);
        let pending = PendingRegistration {
            user: user.id.clone(),
            enrolment: terms.enrolment.clone(),
            approval: terms.approval,
            began_at: terms.began_at,
            kind: request.kind,
            challenge: challenge.clone(),
            relying_party: request.relying_party.clone(),
            origin: request.origin.clone(),
            fido2: fido2.clone(),
            expires_at: site.now() + self.inner.policy.challenge_lifetime,
            returns: 0,
            offered: None,
            awaited: None,
        };
        let keys = site.slot_keys();
        let slot = (terms.slot_of)(keys, &user.id, &challenge_id);
        let secrets = &self.inner.secrets;
        let otp_url = secrets.otp_url(request.kind, keys, slot, &challenge_id, &request.relying_party, &user);
        let challenge = RegistrationChallenge {
            kind: request.kind,
            user,
            relying_party: request.relying_party.clone(),
            challenge,
            challenge_id,
            fido2,
            exclude,
            otp_url,
        };
        Ok(Offer { slot, pending, challenge })
    }

    /// Rejects one credential more than a user may have, before they create it.
    pub(super) async fn check_room(&self, user: &UserId) -> Result<(), Error> {
        let most = self.inner.policy.credentials_per_user;
        match self.site().credentials().count(user, most).await.map_err(Error::host)? < most {
            true => Ok(()),
            false => Err(Error::too_many_credentials()),
        }
    }

    /// Returns the passkeys that should not be made twice.
    async fn to_exclude(
        &self,
        user: &UserId,
        request: &BeginRequest,
    ) -> Result<Vec<CredentialDescriptor>, Error> {
        match request.kind {
            CredentialKind::Fido2 => {
                let credentials = self.site().credentials();
                let passkeys = credentials.passkeys(user, request.relying_party.id(), MOST_EXCLUDED).await;
                let mut passkeys = passkeys.map_err(Error::host)?;
                passkeys.truncate(MOST_EXCLUDED);
                Ok(passkeys)
            }
            CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password
            | CredentialKind::Totp => Ok(Vec::new()),
        }
    }

    /// Returns the demands on a passkey: the policy, with the changes of the scope.
    fn fido2_policy(&self, scope: &Scope) -> Arc<Fido2Policy> {
        if scope.attachment.is_none() && scope.hints.is_empty() {
            return self.inner.fido2.clone();
        }
        let mut policy = Fido2Policy::clone(&self.inner.fido2);
        policy.attachment = scope.attachment.or(policy.attachment);
        if !scope.hints.is_empty() {
            policy.hints.clone_from(&scope.hints);
        }
        Arc::new(policy)
    }
}
