use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::model::public_id::{self, RANDOM_BYTES};
use crate::model::{Credential, CredentialKind, CredentialUuid, Invalid, Origin, UserId};
use crate::random::{self, NoRandomness};

/// The name of everything that one code begins: `en-6uunn-bm6ja-f6rmod5kqrk5rbel`. It is no secret.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnrolmentId(Arc<str>);

impl EnrolmentId {
    const PREFIX: &'static str = "en";

    /// Creates an id of the form `en-xxxxx-xxxxx-` and 14 to 16 more symbols: lower-case letters
    /// and digits.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, Invalid> {
        let id = id.into();
        if public_id::is_public_id(Self::PREFIX, &id) {
            Ok(Self(id))
        } else {
            Err(Invalid::new("an enrolment id looks like en-6uunn-bm6ja-f6rmod5kqrk5rbel"))
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of the one credential that it may add: the same, with another prefix.
    pub(crate) fn credential_uuid(&self) -> CredentialUuid {
        CredentialUuid::of_enrolment(&self.0)
    }

    pub(crate) fn mint() -> Result<Self, NoRandomness> {
        Ok(Self::of(random::bytes()?))
    }

    pub(crate) fn of(random: [u8; RANDOM_BYTES]) -> Self {
        Self(public_id::public_id(Self::PREFIX, random))
    }
}

shown_text!(EnrolmentId);
conversions_of_text!(EnrolmentId);

/// How far an enrolment has come.
///
/// ```text
/// waiting -> opened -> added -> undone
///               \-> pending -> added or refused
/// waiting, opened: expired in time        waiting, opened, pending: revoked by the owner
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The code was minted, and nobody has entered it.
    Waiting,
    /// There is a challenge, and a credential is being made. The code was exchanged, or a signed-in
    /// user began without a code.
    Opened,
    /// A credential was verified, and waits for the owner's approval. It is not stored.
    Pending,
    /// The host got the credential to store it, or gets it at this moment. It is stored, with two
    /// exceptions: the listener heard [`Unsettled`](crate::event::Event::Unsettled), or a ledger
    /// lost an answer.
    Added,
    /// The owner refused the credential, or did not approve it in time.
    Refused,
    /// Its code, or its challenge, expired unused.
    Expired,
    /// The owner ended it before it added a credential.
    Revoked,
    /// The credential was added and taken back.
    Undone,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Opened,
        Self::Pending,
        Self::Added,
        Self::Refused,
        Self::Expired,
        Self::Revoked,
        Self::Undone,
    ];

    /// Returns the stage's name on the wire: `waiting`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Pending => "pending",
            Self::Added => "added",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Undone => "undone",
        }
    }

    /// Lists stages in one text, each between blanks, for ledgers that compare them in the engine.
    #[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
    pub(crate) fn listed(stages: &[Self]) -> String {
        stages.iter().fold(String::from(" "), |list, stage| list + stage.as_str() + " ")
    }

    /// Returns whether it may still add a credential.
    pub fn is_outstanding(self) -> bool {
        match self {
            Self::Waiting | Self::Opened | Self::Pending => true,
            Self::Added | Self::Refused | Self::Expired | Self::Revoked | Self::Undone => false,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let mut stages = Self::ALL.into_iter();
        stages.find(|stage| stage.as_str() == name).ok_or(Invalid::new("not the name of a stage"))
    }
}

/// Everything that one code begins, or that a signed-in user begins without one. Its owner sees it,
/// and an [`EnrolmentLedger`](crate::store::EnrolmentLedger) keeps it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Enrolment {
    /// Its name.
    pub id: EnrolmentId,
    /// The user who minted the code, or who began without one.
    pub user: UserId,
    /// Its stage.
    pub stage: Stage,
    /// When the code was minted. Without a code: when the challenge was made.
    pub created_at: SystemTime,
    /// When the code, the challenge or the approval expires, depending on the stage.
    pub expires_at: SystemTime,
    /// When a ledger may forget it: an hour after its end.
    pub gone_at: SystemTime,
    /// The session in which the code was minted, as a keyed hash, if the host names sessions.
    pub session: Option<[u8; 32]>,
    /// How the code was entered, from [`Stage::Opened`] on.
    pub opening: Option<Arc<Opening>>,
    /// The credential that was made, from [`Stage::Pending`] or [`Stage::Added`] on. It lacks its
    /// encrypted private key.
    pub credential: Option<Arc<Credential>>,
    /// How many wrong check codes are still allowed, if a check code is asked for.
    pub attempts_left: Option<u8>,
}

impl Enrolment {
    /// The greatest number of enrolments in a list. Enrolments are kept for a limited time, and the
    /// default budget allows fewer mints in that time.
    pub const MOST_LISTED: usize = 1_000;

    /// How long an enrolment is kept after its end, for its owner to see.
    pub const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

    /// Creates an enrolment whose code was just minted.
    pub fn new(id: EnrolmentId, user: UserId, created_at: SystemTime, expires_at: SystemTime) -> Self {
        Self {
            id,
            user,
            stage: Stage::Waiting,
            created_at,
            expires_at,
            gone_at: expires_at + Self::KEPT_FOR,
            session: None,
            opening: None,
            credential: None,
            attempts_left: None,
        }
    }
}

/// How a code was entered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Opening {
    /// When it was entered.
    pub at: SystemTime,
    /// The kind of credential to register.
    pub kind: CredentialKind,
    /// The id of the relying party.
    pub relying_party_id: String,
    /// The origin of the request, if the request named one.
    pub origin: Option<Origin>,
    /// The network source of the request, if the host tells it.
    pub source: Option<String>,
    /// The host's own words for the place of the request: "Chrome on Android, Lyon".
    pub place: Option<String>,
}

impl Opening {
    /// Creates an opening without origin, source and place.
    pub fn new(at: SystemTime, kind: CredentialKind, relying_party_id: impl Into<String>) -> Self {
        let relying_party_id = relying_party_id.into();
        Self { at, kind, relying_party_id, origin: None, source: None, place: None }
    }
}
