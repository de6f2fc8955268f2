use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use credential_code::event::Event;
use credential_code::model::{Credential, CredentialId, EnrolmentId, UserId};
use serde::Serialize;

use crate::providers;

/// The facts about credentials that app 1 shows and the published list lacks. They are the last use
/// of each, and the maker of those that wait for approval.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// Two users may have keys of the same id.
    used: HashMap<(UserId, CredentialId), SystemTime>,
    waiting: HashMap<EnrolmentId, (UserId, Maker)>,
}

/// The maker of a passkey, as far as it is known.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Maker {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    /// Whether the passkey also gets to the person's other devices.
    is_synced: bool,
}

impl Maker {
    /// Returns `None` if the credential is no passkey.
    pub(crate) fn of(credential: &Credential) -> Option<Self> {
        let passkey = credential.fido2.as_ref()?;
        Some(Self { provider: providers::name(passkey.aaguid), is_synced: passkey.backup_eligible })
    }
}

impl Notes {
    /// Listens to the flows.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        match *event {
            Event::ActionSigned { user, credential, .. } | Event::SignedIn { user, credential, .. } => {
                self.used(user, credential);
            }
            Event::AwaitingApproval { credential, enrolment, .. } => {
                if let Some(maker) = Maker::of(credential) {
                    self.noted().waiting.insert(enrolment.clone(), (credential.user.clone(), maker));
                }
            }
            Event::Approved { enrolment, .. }
            | Event::RefusedByOwner { enrolment, .. }
            | Event::CheckCodesSpent { enrolment, .. }
            | Event::Lapsed { enrolment, .. }
            | Event::Revoked { enrolment, .. } => {
                self.noted().waiting.remove(enrolment);
            }
            _ => {}
        }
    }

    /// Notes that a credential signed just now.
    pub(crate) fn used(&self, user: &UserId, credential: &CredentialId) {
        self.noted().used.insert((user.clone(), credential.clone()), SystemTime::now());
    }

    /// Returns when a credential signed last, since the server was started.
    pub(crate) fn last_use(&self, credential: &Credential) -> Option<SystemTime> {
        self.noted().used.get(&(credential.user.clone(), credential.id.clone())).copied()
    }

    /// Returns the makers of the passkeys that wait for a user's approval.
    pub(crate) fn waiting(&self, user: &UserId) -> HashMap<EnrolmentId, Maker> {
        let noted = self.noted();
        let own = noted.waiting.iter().filter(|(_, (owner, _))| owner == user);
        own.map(|(enrolment, (_, maker))| (enrolment.clone(), maker.clone())).collect()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
