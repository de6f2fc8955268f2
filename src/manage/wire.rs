//! Bodies, read as strictly as the others.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::code::CredentialAnswer;
use crate::encoding::json;
use crate::error::Error;
use crate::manage::{ChangeRequest, RenameRequest};
use crate::model::{Credential, CredentialKind, CredentialUuid, Invalid};

#[derive(Serialize)]
struct ListAnswer<'a> {
    items: Vec<CredentialAnswer<'a>>,
}

pub(super) fn write_credentials(credentials: &[Credential]) -> impl Serialize {
    ListAnswer { items: credentials.iter().map(CredentialAnswer::from).collect() }
}

/// The answer of a change.
#[derive(Serialize)]
pub(super) struct Success {
    message: &'static str,
}

pub(super) const SUCCESS: Success = Success { message: "success" };

/// The answer of a removal.
#[derive(Serialize)]
pub(super) struct Nothing {}

/// The body of begin. The member is `kind` here, and `credentialKind` with a code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginBody<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

pub(super) fn read_begin(body: &[u8]) -> Result<CredentialKind, Error> {
    let body: BeginBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    Ok(body.kind.parse()?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeBody<'a> {
    #[serde(borrow)]
    credential_uuid: Cow<'a, str>,
}

/// Reads a change. A uuid that no credential has is not malformed. It gets the answer of a foreign
/// one.
pub(super) fn read_change(body: &[u8]) -> Result<Option<ChangeRequest>, Error> {
    let body: ChangeBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    Ok(CredentialUuid::new(&*body.credential_uuid).ok().map(ChangeRequest::new))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RenameBody<'a> {
    #[serde(borrow)]
    credential_uuid: Cow<'a, str>,
    name: String,
}

pub(super) fn read_rename(body: &[u8]) -> Result<Option<RenameRequest>, Error> {
    let body: RenameBody<'_> = json::object(body).map_err(Error::invalid_request)?;
    let uuid = CredentialUuid::new(&*body.credential_uuid).ok();
    Ok(uuid.map(|uuid| RenameRequest::new(uuid, body.name)).transpose()?)
}

/// Reads an empty body. Clients that delete send no body, or an empty object.
pub(super) fn read_nothing(body: &[u8]) -> Result<(), Error> {
    match body {
        b"" | b"{}" => Ok(()),
        _ => Err(Invalid::new("there is no body here").into()),
    }
}

/// Reads the uuid in a path. Some clients percent-encode it, others don't.
pub(super) fn read_uuid(segment: &str) -> Option<CredentialUuid> {
    CredentialUuid::new(segment.replace("%2D", "-").replace("%2d", "-")).ok()
}
