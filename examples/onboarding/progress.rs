use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use credential_code::{Event, UserId};
use serde::Serialize;

/// What became of the last code of each user, as far as the flow's events tell.
///
/// Events name the user and not the code, which no log should hold. So this follows one code for each user, the one that was minted last,
/// and takes what was exchanged or registered out of turn for the business of an older one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<UserId, Stage>>>);

/// How far a code has come.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "stage", rename_all = "camelCase")]
pub(crate) enum Stage {
    /// Nobody asked for one.
    #[default]
    None,
    /// It was minted, and nobody entered it yet.
    Waiting {
        #[serde(skip)]
        until: SystemTime,
    },
    /// Nobody entered it in time.
    Expired,
    /// It was entered elsewhere, and a credential is being made.
    #[serde(rename_all = "camelCase")]
    Opened { kind: &'static str, relying_party_id: String },
    /// A credential came of it.
    #[serde(rename_all = "camelCase")]
    Added { kind: &'static str, relying_party_id: String, name: String },
}

impl Progress {
    /// Listens to the flow.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        match *event {
            Event::Minted { user, expires_at, .. } => {
                self.stages().insert(user.clone(), Stage::Waiting { until: expires_at });
            }
            Event::Exchanged { user, kind, relying_party, .. } => {
                if let Some(stage @ Stage::Waiting { .. }) = self.stages().get_mut(user) {
                    *stage =
                        Stage::Opened { kind: kind.as_str(), relying_party_id: relying_party.to_owned() };
                }
            }
            Event::Registered { credential, .. } => {
                let new = (credential.kind.as_str(), &*credential.relying_party_id);
                match self.stages().get_mut(&credential.user) {
                    Some(stage) if stage.is_opened_for(new) => {
                        *stage = Stage::Added {
                            kind: new.0,
                            relying_party_id: new.1.to_owned(),
                            name: credential.name.clone(),
                        };
                    }
                    Some(_) | None => {}
                }
            }
            // Refusals, throttling and signed actions change nothing about the code.
            _ => {}
        }
    }

    /// What became of the user's last code.
    pub(crate) fn of(&self, user: &UserId) -> Stage {
        match self.stages().get(user).cloned().unwrap_or_default() {
            Stage::Waiting { until } if until <= SystemTime::now() => Stage::Expired,
            stage => stage,
        }
    }

    fn stages(&self) -> MutexGuard<'_, HashMap<UserId, Stage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    fn is_opened_for(&self, (new_kind, new_party): (&str, &str)) -> bool {
        match self {
            Self::Opened { kind, relying_party_id } => *kind == new_kind && relying_party_id == new_party,
            Self::None | Self::Waiting { .. } | Self::Expired | Self::Added { .. } => false,
        }
    }
}
