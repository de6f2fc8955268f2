//! The bodies of the owner's endpoints, read as strictly as the others.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::code::CredentialAnswer;
use crate::code::owner::{Outcome, OutcomeRequest, UndoRequest};
use crate::encoding::{json, rfc3339};
use crate::enrolment::Wait;
use crate::error::Error;
use crate::model::{CheckCode, Enrolment, Invalid, Opening, OutcomeToken, Stage, UndoToken};

const WAIT_RULE: &str = "wait is 1 to 25, and comes with after, a stage";

/// An enrolment as its owner sees it. You may use it for your own page, too.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentAnswer<'a> {
    id: &'a str,
    stage: Stage,
    date_created: String,
    expiration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relying_party_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<OpenedAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_code_asked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u8>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedAnswer<'a> {
    date_created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
}

impl<'a> From<&'a Enrolment> for EnrolmentAnswer<'a> {
    fn from(enrolment: &'a Enrolment) -> Self {
        let opening = enrolment.opening.as_deref();
        let is_pending = enrolment.stage == Stage::Pending;
        let credential = enrolment.credential.as_deref().map(CredentialAnswer::from);
        let credential = match enrolment.stage {
            Stage::Added => credential,
            Stage::Pending | Stage::Refused | Stage::Revoked | Stage::Undone => {
                credential.map(CredentialAnswer::inactive)
            }
            // The credential of a try that failed.
            Stage::Waiting | Stage::Opened | Stage::Expired => None,
        };
        Self {
            id: enrolment.id.as_str(),
            stage: enrolment.stage,
            date_created: rfc3339::format(enrolment.created_at),
            expiration: rfc3339::format(enrolment.expires_at),
            kind: opening.map(|opening| opening.kind.as_str()),
            relying_party_id: opening.map(|opening| &*opening.relying_party_id),
            origin: opening.and_then(|opening| Some(opening.origin.as_ref()?.as_str())),
            credential,
            opened: opening.map(OpenedAnswer::from),
            check_code_asked: is_pending.then(|| enrolment.attempts_left.is_some()),
            attempts_left: enrolment.attempts_left.filter(|_| is_pending),
        }
    }
}

impl<'a> From<&'a Opening> for OpenedAnswer<'a> {
    fn from(opening: &'a Opening) -> Self {
        Self {
            date_created: rfc3339::format(opening.at),
            source: opening.source.as_deref(),
            place: opening.place.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ListAnswer<'a> {
    items: Vec<EnrolmentAnswer<'a>>,
}

pub(in crate::code) fn write_enrolments(enrolments: &[Enrolment]) -> impl Serialize {
    ListAnswer { items: enrolments.iter().map(EnrolmentAnswer::from).collect() }
}

#[derive(Serialize)]
struct OutcomeAnswer {
    stage: Stage,
    expiration: String,
}

pub(in crate::code) fn write_outcome(outcome: &Outcome) -> impl Serialize {
    OutcomeAnswer { stage: outcome.stage, expiration: rfc3339::format(outcome.expires_at) }
}

/// An empty object.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::code) struct Nothing {}

pub(in crate::code) fn read_nothing(body: &[u8]) -> Result<Nothing, Error> {
    json::object(body).map_err(Error::invalid_request)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ApproveBody<'a> {
    #[serde(borrow, default, deserialize_with = "json::present")]
    check_code: Option<Cow<'a, str>>,
}

pub(in crate::code) fn read_approve(body: &[u8]) -> Result<Option<CheckCode>, Error> {
    let body: ApproveBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    Ok(body.check_code.map(|text| CheckCode::new(&*text)).transpose()?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoBody<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
}

pub(in crate::code) fn read_undo(body: &[u8]) -> Result<UndoRequest, Error> {
    let body: UndoBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    Ok(UndoRequest::new(UndoToken::new(&*body.token)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeBody<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "json::present")]
    after: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "json::present")]
    wait: Option<u64>,
}

pub(in crate::code) fn read_outcome(body: &[u8]) -> Result<OutcomeRequest, Error> {
    let body: OutcomeBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    let wait = read_wait(body.after.as_deref(), body.wait)?;
    Ok(OutcomeRequest { wait, ..OutcomeRequest::new(OutcomeToken::new(&*body.token)) })
}

/// Reads the query of an enrolment: nothing, or both `after` and `wait`, once each.
pub(in crate::code) fn read_query(query: Option<&str>) -> Result<Option<Wait>, Error> {
    let (mut after, mut wait) = (None, None);
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let place = match pair.split_once('=') {
            Some(("after", value)) => after.replace(value).is_none(),
            // It has no sign, and no more digits than a bound of 25 needs.
            Some(("wait", value)) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                wait.replace(value.parse().map_err(|_| Invalid::new(WAIT_RULE))?).is_none()
            }
            Some(_) | None => false,
        };
        if !place {
            return Err(Invalid::new(WAIT_RULE).into());
        }
    }
    read_wait(after, wait)
}

fn read_wait(after: Option<&str>, wait: Option<u64>) -> Result<Option<Wait>, Error> {
    match (after, wait) {
        (None, None) => Ok(None),
        (Some(after), Some(seconds @ 1..=25)) => {
            let after: Stage = after.parse().map_err(|_| Invalid::new(WAIT_RULE))?;
            Ok(Some(Wait::new(after, Duration::from_secs(seconds))))
        }
        (_, _) => Err(Invalid::new(WAIT_RULE).into()),
    }
}
