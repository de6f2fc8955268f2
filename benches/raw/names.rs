use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credential_code::error::BoxError;
use credential_code::model::{CredentialKind, CredentialUuid};
use credential_code::store::{Budget, CodeGrant, PendingRegistration, Record};
use credential_code::testing::KeyClient;
use sha2::{Digest, Sha256};

use crate::connection::Value;
use crate::flow::{plenty, source_of, user_id};

/// An Ed25519 key, as its owner writes it.
const PUBLIC_KEY: usize = 44;

/// What is of one flow alone.
pub(crate) struct Names {
    pub(crate) user: String,
    /// Of what the user's codes are paid from, and of what their guesses are.
    pub(crate) purse: String,
    pub(crate) source: String,
    secret: [u8; 32],
    enrolment: CredentialUuid,
    credential: String,
}

impl Names {
    /// Draws them. Their person makes a key and signs with it, as in a whole flow.
    pub(crate) fn draw(user: u64) -> Result<Self, BoxError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let signed = format!("{}-challenge-of-forty-three-letters", secret[0]);
        let proof = KeyClient::ed25519().attest(CredentialKind::Key, &signed);
        let (user, source) = (user_id(user), source_of(user));
        let purse = format!("codes of {user}");
        let (enrolment, credential) = (CredentialUuid::generate()?, proof.credential_id.to_string());
        Ok(Self { user, purse, source, secret, enrolment, credential })
    }

    pub(crate) fn user(&self) -> Value {
        Value::Text(self.user.clone())
    }

    pub(crate) fn enrolment(&self) -> [Value; 2] {
        [Value::Bytes(self.user.clone().into_bytes()), Value::Text(self.enrolment.as_str().to_owned())]
    }

    pub(crate) fn grant(&self) -> [Value; 2] {
        [Value::Text(CodeGrant::NAME.to_owned()), Value::Bytes(self.secret.to_vec())]
    }

    pub(crate) fn pending(&self) -> [Value; 2] {
        let slot = Sha256::digest(self.secret).to_vec();
        [Value::Text(PendingRegistration::NAME.to_owned()), Value::Bytes(slot)]
    }

    pub(crate) fn credential(&self) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        vec![
            text(&self.credential),
            text(self.enrolment.as_str()),
            self.user(),
            text("Key"),
            text("laptop"),
            blob(PUBLIC_KEY),
            text("SHA256"),
            text("example.com"),
            text("https://app.example.com"),
            from_now(Duration::ZERO),
            text("Active"),
            Value::NoText,
            Value::NoInteger,
            Value::NoText,
            Value::Integer(256),
        ]
    }
}

pub(crate) fn charge(name: &str) -> [Value; 4] {
    let budget = plenty();
    let [per, interval] = [budget.per_micros(), budget.interval_micros()].map(integer);
    [Value::Bytes(hash(name).to_vec()), from_now(Duration::ZERO), per, interval]
}

pub(crate) fn skew() -> Value {
    integer(Budget::SKEW_MICROS)
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(crate) fn from_now(after: Duration) -> Value {
    let time = (SystemTime::now() + after).duration_since(UNIX_EPOCH).unwrap_or_default();
    integer(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

pub(crate) fn blob(size: usize) -> Value {
    Value::Bytes(vec![7; size])
}

pub(crate) fn hash(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
