//! What the model knows of one enrolment: what it may add, and what has to work.

use serde_json::{Value, json};

use super::steps::Proof;
use crate::flow_life::{good, key};
use crate::support::{attest, base64url};

/// How often a failure of ours may put a record back.
const MOST_RETURNS: u8 = 5;

/// Whether a record is surely in the store, and how often it may still be put back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(Option<u8>);

impl Chance {
    pub(super) const FRESH: Self = Self(Some(MOST_RETURNS));
    /// It is spent, or nobody can tell.
    pub(super) const UNKNOWN: Self = Self(None);

    pub(super) fn is_sure(self) -> bool {
        self.0.is_some()
    }

    pub(super) fn put_back(&mut self) {
        self.0 = self.0.and_then(|left| left.checked_sub(1));
    }
}

/// The challenge of an enrolment, and what answered it.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) challenge: Value,
    pub(super) until: u64,
    pub(super) chance: Chance,
    /// The first good answer.
    pub(super) first: Option<Value>,
    /// Whether the host was asked to store it, and failed.
    pub(super) is_offered: bool,
    /// Whether an answer with a bad proof spent it.
    pub(super) is_spoilt: bool,
}

impl Opened {
    pub(super) fn new(challenge: Value, until: u64) -> Self {
        let (first, is_offered, is_spoilt) = (None, false, false);
        Self { challenge, until, chance: Chance::FRESH, first, is_offered, is_spoilt }
    }

    /// Returns an answer to the challenge.
    pub(super) fn answer(&self, proof: Proof) -> Value {
        let mut body = match (proof, &self.first) {
            (Proof::Again, Some(first)) => first.clone(),
            _ => good(key(), &self.challenge),
        };
        let another = json!({ "challenge": "AAAA" });
        match proof {
            Proof::Fresh | Proof::Again => {}
            Proof::OfAnother => {
                body["credentialInfo"] = good(key(), &another)["credentialInfo"].clone();
            }
            Proof::BadlySigned => {
                let signed = attest(key(), &another).attestation_data;
                body["credentialInfo"]["attestationData"] = base64url(&signed).into();
            }
        }
        body
    }
}

#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The id of the enrolment.
    pub(super) id: String,
    pub(super) began_at: u64,
    /// Whether its owner is asked before anything is added.
    pub(super) asks: bool,
    /// `None` if it began without a code.
    pub(super) code: Option<String>,
    pub(super) code_until: u64,
    pub(super) code_chance: Chance,
    pub(super) opened: Option<Opened>,
    /// The latest end of the time for an approval, if one may be awaited.
    pub(super) approval_until: Option<u64>,
    pub(super) approval: Chance,
    /// Whether a credential was acknowledged.
    pub(super) is_added: bool,
    /// Whether it was ended with an answer that says so.
    pub(super) is_ended: bool,
}

impl Way {
    pub(super) fn new(id: String, began_at: u64, asks: bool, code: Option<String>, code_until: u64) -> Self {
        Self {
            id,
            began_at,
            asks,
            code,
            code_until,
            code_chance: Chance::FRESH,
            opened: None,
            approval_until: None,
            approval: Chance::UNKNOWN,
            is_added: false,
            is_ended: false,
        }
    }

    /// Notes that somebody tried to end it. From then on nothing has to work.
    pub(super) fn doubt(&mut self) {
        self.code_chance = Chance::UNKNOWN;
        self.approval = Chance::UNKNOWN;
        if let Some(opened) = &mut self.opened {
            opened.chance = Chance::UNKNOWN;
        }
    }
}
