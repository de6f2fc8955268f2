use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::model::Invalid;
use crate::random::{self, NoRandomness};

/// Whether the owner is asked before a credential is stored.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Approval {
    /// The owner is not asked, as published: register stores the credential at once.
    #[default]
    NotAsked,
    /// The owner is asked. The repository gets the credential only after the yes.
    Asked,
    /// The owner is asked, and types six digits that the new client shows.
    AskedWithCheckCode,
}

/// Six digits that the new client shows and the owner types to approve (number matching).
#[derive(Clone, Deserialize, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckCode(Box<str>);

impl CheckCode {
    const DIGITS: usize = 6;

    /// Reads what the owner typed: six digits.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, Invalid> {
        let text = text.into();
        let is_code = text.len() == Self::DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(text)).ok_or(Invalid::new("a check code is six digits"))
    }

    /// Returns the digits. Only the answer to the client that registers may carry them.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn mint() -> Result<Self, NoRandomness> {
        // 2^64 is so much larger than 10^6 that the remainder favours no code.
        let number = u64::from_be_bytes(random::bytes()?) % 10_u64.pow(6);
        Ok(Self(format!("{number:06}").into()))
    }
}

/// Compares in constant time.
impl PartialEq for CheckCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

hidden!(CheckCode);
conversions_of_text!(CheckCode);
