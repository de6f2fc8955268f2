use std::sync::Arc;
use std::time::SystemTime;

use crate::code::CodeFlow;
use crate::enrolment::{Enrolments, NotAdvanced, Seconds, UndoHandle};
use crate::error::Error;
use crate::event::Event;
use crate::host::{Addition, Keep, Removal};
use crate::model::{
    Credential, CredentialSecret, Enrolment, EnrolmentId, NewCredential, Stage, UndoToken, UserId,
};
use crate::store::Change;

/// The context of an addition. The credential was verified and, where the owner is asked, approved.
#[derive(Clone, Copy)]
pub(super) struct Adding<'a> {
    pub(super) enrolment: &'a EnrolmentId,
    /// The stage from which it comes.
    pub(super) from: Stage,
    /// Whether an earlier try may have stored it.
    pub(super) was_offered: bool,
    pub(super) source: Option<&'a str>,
}

/// Says which call claimed that an enrolment is `added`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Claim {
    /// This call claimed it.
    Made,
    /// An earlier try claimed it, for the same credential. It may have stored the credential.
    Stood,
}

/// The reason why a credential was not added.
pub(super) enum NotAdded {
    /// The enrolment went on without it, or the ledger could not say. Nothing was stored.
    NotClaimed(NotAdvanced),
    /// The repository refused it: nothing was stored. The claim is taken back only if this call
    /// made it.
    Refused(Error, Claim),
    /// The host failed to say whether that credential was stored before.
    Failed(Error),
    /// The host failed while it was asked to store the credential. It may be stored.
    Unsettled(Error),
}

impl CodeFlow {
    /// Claims the enrolment, and has the host store the credential. After the claim nobody else
    /// ends the enrolment or adds anything for it. A claim stands if nobody knows whether the
    /// credential was stored.
    pub(super) async fn add(
        &self,
        credential: Credential,
        secret: Option<CredentialSecret>,
        adding: Adding<'_>,
    ) -> Result<Credential, NotAdded> {
        let Adding { enrolment, from, was_offered, source } = adding;
        let enrolments = self.site().enrolments();
        let undo = self.undo_token(&credential, enrolment);
        // Nobody is told of a credential before the host has it. This comes first, because a caller
        // who hangs up during the claim may leave a claim.
        let unsettled = self.site().unsettled(Event::Unsettled {
            credential: &credential,
            enrolment,
            undo: undo.as_ref(),
            source,
        });
        let claim = match self.claim(&credential, enrolment, from).await {
            Ok(claim) => claim,
            Err(error) => {
                unsettled.settle();
                return Err(NotAdded::NotClaimed(error));
            }
        };
        let new = NewCredential::new(credential.clone(), secret).undone_by(undo.clone());
        let most = self.inner.policy.credentials_per_user;
        let addition = match self.site().credentials().insert(new, most).await {
            Ok(addition) => addition,
            Err(error) => {
                enrolments.tell(enrolment);
                return Err(NotAdded::Unsettled(Error::host(error)));
            }
        };
        let stored = if was_offered || claim == Claim::Stood {
            let settled = self.settle(addition, &credential, enrolment, source).await;
            if !matches!(settled, Err(NotAdded::Unsettled(_))) {
                unsettled.settle();
            }
            settled?
        } else {
            unsettled.settle();
            match addition {
                Addition::Added => credential,
                Addition::Duplicate => return Err(NotAdded::Refused(Error::duplicate(), Claim::Made)),
                Addition::Full => return Err(NotAdded::Refused(Error::too_many_credentials(), Claim::Made)),
            }
        };
        enrolments.tell(enrolment);
        self.site().tell(&Event::Registered { credential: &stored, enrolment, undo: undo.as_ref(), source });
        Ok(stored)
    }

    /// Advances the enrolment to `added`.
    async fn claim(
        &self,
        credential: &Credential,
        enrolment: &EnrolmentId,
        from: Stage,
    ) -> Result<Claim, NotAdvanced> {
        let enrolments = self.site().enrolments();
        let shown = Some(Arc::new(credential.without_private_key()));
        let change = Change { credential: shown, ..enrolments.end(Stage::Added) };
        match enrolments.claim(&credential.user, enrolment, &[from], change).await {
            Ok(_) => Ok(Claim::Made),
            Err(NotAdvanced::At(claimed)) if is_claimed_for(&claimed, credential) => Ok(Claim::Stood),
            Err(error) => Err(error),
        }
    }

    /// Takes back a claim of this call, for which nothing was stored. If that fails, the owner sees
    /// an addition that did not happen. The same record may still add the credential.
    pub(super) async fn give_back_claim(&self, user: &UserId, adding: Adding<'_>, expires_at: SystemTime) {
        // After an earlier try nobody knows whether it was stored, so the claim stands.
        if !adding.was_offered {
            let change = Enrolments::until(adding.from, expires_at);
            let enrolments = self.site().enrolments();
            let _ = enrolments.claim(user, adding.enrolment, &[Stage::Added], change).await;
        }
    }

    /// Finds out the result of an addition that was tried before.
    async fn settle(
        &self,
        addition: Addition,
        credential: &Credential,
        enrolment: &EnrolmentId,
        source: Option<&str>,
    ) -> Result<Credential, NotAdded> {
        let stored = match addition {
            Addition::Added => credential.clone(),
            Addition::Duplicate => self.stored_before(credential).await?,
            Addition::Full => return Err(NotAdded::Refused(Error::too_many_credentials(), Claim::Stood)),
        };
        self.hold_claim(stored, enrolment, source).await
    }

    /// Checks whether a claim still stands. An undo may have ended it: an earlier try left a notice
    /// with a token, before this try stored the credential.
    async fn hold_claim(
        &self,
        stored: Credential,
        enrolment: &EnrolmentId,
        source: Option<&str>,
    ) -> Result<Credential, NotAdded> {
        let ended = match self.claim(&stored, enrolment, Stage::Added).await {
            Err(NotAdvanced::At(found)) if found.stage == Stage::Undone => NotAdvanced::At(found),
            // A ledger that forgets, or fails, took nothing back.
            Ok(_) | Err(NotAdvanced::At(_) | NotAdvanced::Gone | NotAdvanced::Unknown(_)) => {
                return Ok(stored);
            }
        };
        if let Some(management) = self.site().management() {
            let (user, credential) = (&stored.user, &stored.uuid);
            match management.remove(user, credential, Keep::Nothing).await {
                Ok(Removal::Removed) => {
                    self.site().tell(&Event::Undone { user, credential, enrolment, source });
                }
                Ok(Removal::Missing | Removal::Last) => {}
                Err(error) => return Err(NotAdded::Unsettled(Error::host(error))),
            }
        }
        Err(NotAdded::NotClaimed(ended))
    }

    /// Returns the credential that an earlier try stored, if it is this very one and only its
    /// answer was lost. Any other that is there already is a duplicate.
    async fn stored_before(&self, credential: &Credential) -> Result<Credential, NotAdded> {
        let stored = self.site().credentials().credential(&credential.user, &credential.id).await;
        let stored = stored.map_err(|error| NotAdded::Failed(Error::host(error)))?;
        let same = stored.filter(|stored| {
            credential.public_key.is_some()
                && stored.is(credential)
                && stored.encrypted_private_key == credential.encrypted_private_key
                && stored.is_active()
        });
        same.ok_or_else(|| NotAdded::Refused(Error::duplicate(), Claim::Stood))
    }

    /// Creates the token that takes the credential back, if the host can remove one.
    fn undo_token(&self, credential: &Credential, enrolment: &EnrolmentId) -> Option<UndoToken> {
        self.site().management()?;
        let handle = UndoHandle {
            user: credential.user.clone(),
            enrolment: enrolment.clone(),
            expires_at: Seconds::of(self.site().now() + UndoHandle::LIFETIME),
        };
        Some(handle.sign(self.site().slot_keys()))
    }
}

fn is_claimed_for(enrolment: &Enrolment, credential: &Credential) -> bool {
    enrolment.stage == Stage::Added && enrolment.credential.as_ref().is_some_and(|shown| shown.is(credential))
}
