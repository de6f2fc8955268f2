use std::cmp::Reverse;
use std::sync::Arc;
use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::error::{Error, ErrorKind};
use crate::model::{
    Approval, Challenge, ChallengeId, Credential, CredentialId, CredentialKind, CredentialStatus,
    EnrolmentId, Fido2Policy, Opening, Origin, OtpUrl, RelyingParty, Scope, User, UserId,
};
use crate::store::{PendingRegistration, Slot, SlotKeys};

/// Browsers refuse a longer list.
const MOST_EXCLUDED: usize = 64;

/// A wish to register a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BeginRequest {
    /// What is to be registered.
    pub kind: CredentialKind,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// The origin that the request came from, if it said.
    pub origin: Option<Origin>,
    /// Where the request comes from, for events and for the owner.
    pub source: Option<String>,
    /// The host's own words for where it comes from, for the owner.
    pub place: Option<String>,
}

impl BeginRequest {
    /// Creates a request that says neither origin nor source nor place.
    pub fn new(kind: CredentialKind, relying_party: Arc<RelyingParty>) -> Self {
        Self { kind, relying_party, origin: None, source: None, place: None }
    }

    /// What the owner is shown.
    pub(super) fn opening(&self, at: SystemTime) -> Arc<Opening> {
        let (origin, source, place) = (self.origin.clone(), self.source.clone(), self.place.clone());
        Arc::new(Opening { origin, source, place, ..Opening::new(at, self.kind, self.relying_party.id()) })
    }
}

/// Refuses what a scope does not allow. Nothing is spent by that.
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

/// What a client needs to make a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrationChallenge {
    /// What to make.
    pub kind: CredentialKind,
    /// The user who will own the credential.
    pub user: User,
    /// For which relying party.
    pub relying_party: Arc<RelyingParty>,
    /// What to sign. A kind that signs nothing leaves it alone: it will be the credential's id, and
    /// is not in the answer.
    pub challenge: Challenge,
    /// The handle to come back with.
    pub challenge_id: ChallengeId,
    /// What is asked of a passkey.
    pub fido2: Arc<Fido2Policy>,
    /// The passkeys that the user has for this relying party: an authenticator that holds one of
    /// them should not make another.
    pub exclude: Vec<CredentialId>,
    /// What the authenticator app scans, for `Totp`.
    pub otp_url: Option<OtpUrl>,
}

/// On what terms a registration is opened.
pub(super) struct Terms<'a> {
    pub(super) enrolment: &'a EnrolmentId,
    pub(super) scope: &'a Scope,
    pub(super) approval: Approval,
    pub(super) began_at: SystemTime,
    /// Where a challenge lies whose id is that.
    pub(super) slot_of: fn(&SlotKeys, &UserId, &ChallengeId) -> Slot,
}

/// A challenge, and the record that has to lie in a slot before it is worth anything.
pub(super) struct Offer {
    pub(super) slot: Slot,
    pub(super) pending: PendingRegistration,
    pub(super) challenge: RegistrationChallenge,
}

impl CodeFlow {
    /// Makes a challenge for a user.
    pub(super) async fn offer(
        &self,
        user: User,
        request: &BeginRequest,
        terms: Terms<'_>,
    ) -> Result<Offer, Error> {
        let site = self.site();
        let exclude = match request.kind {
            CredentialKind::Fido2 => {
                let credentials = site.credentials().credentials(&user.id).await;
                passkeys_to_exclude(credentials.map_err(Error::host)?, &request.relying_party)
            }
            CredentialKind::Key
            | CredentialKind::PasswordProtectedKey
            | CredentialKind::RecoveryKey
            | CredentialKind::Password
            | CredentialKind::Totp => Vec::new(),
        };
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

    /// What is asked of a passkey: the policy, less what the scope says otherwise.
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

/// The ids of the active passkeys of that relying party, of too many the newest.
fn passkeys_to_exclude(mut credentials: Vec<Credential>, relying_party: &RelyingParty) -> Vec<CredentialId> {
    credentials.retain(|credential| {
        credential.kind == CredentialKind::Fido2
            && credential.status == CredentialStatus::Active
            && credential.relying_party_id == relying_party.id()
    });
    if credentials.len() > MOST_EXCLUDED {
        credentials.sort_by_key(|credential| Reverse(credential.created_at));
        credentials.truncate(MOST_EXCLUDED);
    }
    credentials.into_iter().map(|credential| credential.id).collect()
}
