use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credential_code::event::Event;
use credential_code::model::UserId;
use serde::{Serialize, Serializer};

/// How long a challenge that a code bought can be answered.
pub(crate) const CHALLENGE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// What became of the latest codes, as far as the flow's events tell.
///
/// Events don't hold a code, which no log should. A user and the time at which their code expires say which one is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<Vec<Followed>>>);

#[derive(Debug)]
struct Followed {
    user: UserId,
    expires_at: SystemTime,
    stage: Stage,
}

/// How far a code has come.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "stage", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Stage {
    /// It was minted, and nobody entered it yet.
    Waiting,
    /// Nobody entered it in time.
    Expired,
    /// It was entered elsewhere, and a credential is being made.
    Opened {
        kind: &'static str,
        relying_party_id: String,
        #[serde(serialize_with = "as_milliseconds")]
        until: SystemTime,
    },
    /// It was entered, and nothing came of it in time.
    Abandoned,
    /// A credential may have come of it: the answer to whoever made it was lost. If they try again, it is told for certain.
    Unsettled {
        kind: &'static str,
        relying_party_id: String,
        name: String,
        #[serde(serialize_with = "as_milliseconds")]
        until: SystemTime,
    },
    /// A credential came of it.
    Added { kind: &'static str, relying_party_id: String, name: String },
}

impl Progress {
    /// Listens to the flow.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        let now = SystemTime::now();
        let mut codes = self.codes(now);
        match *event {
            Event::Minted { user, expires_at, .. } => {
                codes.push(Followed { user: user.clone(), expires_at, stage: Stage::Waiting });
            }
            Event::Exchanged { user, kind, relying_party, expires_at, .. } => {
                let entered = |code: &&mut Followed| code.user == *user && code.expires_at == expires_at;
                if let Some(code) = codes.iter_mut().find(entered) {
                    code.stage = Stage::Opened {
                        kind: kind.as_str(),
                        relying_party_id: relying_party.to_owned(),
                        until: now + CHALLENGE_LIFETIME,
                    };
                }
            }
            Event::Registered { credential, .. } | Event::Unsettled { credential, .. } => {
                let (kind, party) = (credential.kind.as_str(), &credential.relying_party_id);
                // Which challenge it answers is not told. Of two alike it is taken for the older one's.
                let answered =
                    |code: &&mut Followed| code.user == credential.user && code.stage.awaits(kind, party);
                if let Some(code) = codes.iter_mut().find(answered) {
                    let (relying_party_id, name) = (party.clone(), credential.name.clone());
                    code.stage = match event {
                        Event::Unsettled { .. } => {
                            Stage::Unsettled { kind, relying_party_id, name, until: now + CHALLENGE_LIFETIME }
                        }
                        _ => Stage::Added { kind, relying_party_id, name },
                    };
                }
            }
            // Refusals, throttling and signed actions change nothing about a code.
            _ => {}
        }
    }

    /// What became of the code of this user that expires at this millisecond.
    pub(crate) fn of(&self, user: &UserId, expires_at: u128) -> Option<Stage> {
        let now = SystemTime::now();
        let codes = self.codes(now);
        let code =
            codes.iter().find(|code| code.user == *user && milliseconds(code.expires_at) == expires_at)?;
        Some(match &code.stage {
            Stage::Waiting if code.expires_at <= now => Stage::Expired,
            Stage::Opened { until, .. } if *until <= now => Stage::Abandoned,
            stage => stage.clone(),
        })
    }

    /// The codes that somebody may still ask about.
    fn codes(&self, now: SystemTime) -> MutexGuard<'_, Vec<Followed>> {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|code| now < code.expires_at + 2 * CHALLENGE_LIFETIME);
        codes
    }
}

impl Stage {
    fn awaits(&self, new_kind: &str, new_party: &str) -> bool {
        match self {
            Self::Opened { kind, relying_party_id, .. } | Self::Unsettled { kind, relying_party_id, .. } => {
                *kind == new_kind && relying_party_id == new_party
            }
            Self::Waiting | Self::Expired | Self::Abandoned | Self::Added { .. } => false,
        }
    }
}

/// As JavaScript counts.
fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn as_milliseconds<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(milliseconds(*time))
}
