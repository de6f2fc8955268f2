//! The checks of every request, before any of it is interpreted.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use http_body::Body;

use crate::clock::Clock;
use crate::error::{BoxError, Error, ErrorKind};
use crate::host::RelyingParties;
use crate::model::{Invalid, Origin, RelyingParty};
use crate::serve::body::{self, BodyError, WholeBody};
use crate::serve::endpoints::Verb;
use crate::site::RequestLimits;

/// Reads the body of a request, within its limits. A `POST` or a `PUT` needs JSON, and a `GET` has
/// nothing.
pub(super) async fn read_body<B: Body>(
    verb: Verb,
    head: &Parts,
    body: B,
    limits: RequestLimits,
    clock: &dyn Clock,
) -> Result<WholeBody, Error>
where
    B::Error: Into<BoxError>,
{
    match verb {
        Verb::Post | Verb::Put => check_media_type(&head.headers)?,
        // Some clients name a media type even without a body.
        Verb::Get | Verb::Delete => {}
    }
    let declared = head.headers.get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok());
    let read = body::read(body, declared, limits.body, limits.read_deadline, clock).await;
    let read = read.map_err(|error| match error {
        BodyError::TooLarge => Error::new(ErrorKind::PayloadTooLarge, "The body is too large."),
        BodyError::TimedOut => Error::new(ErrorKind::Timeout, "The body took too long to arrive."),
        BodyError::Broken(source) => {
            Error::because(ErrorKind::InvalidRequest, "The body did not arrive whole.", source)
        }
    })?;
    match verb {
        // Some clients delete with an empty object.
        Verb::Post | Verb::Put | Verb::Delete => Ok(read),
        Verb::Get if read.is_empty() => Ok(read),
        Verb::Get => Err(Invalid::new("there is no body here").into()),
    }
}

/// Finds the relying party of a request, and its origin if it names one.
pub(super) async fn find_relying_party(
    parties: &dyn RelyingParties,
    head: &Parts,
) -> Result<(Arc<RelyingParty>, Option<Origin>), Error> {
    let party = parties.resolve(head).await.map_err(Error::host)?.ok_or_else(unknown_origin)?;
    let origin = check_origin(&head.headers, &party)?;
    Ok((party, origin))
}

/// Accepts only JSON, so no browser sends a request across origins without asking first. JSON is
/// UTF-8 (RFC 8259, section 8.1). Another `charset` would make us misread it.
fn check_media_type(headers: &HeaderMap) -> Result<(), Error> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let media_type = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().unwrap_or_default(),
        (_, _) => "",
    };
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = essence.eq_ignore_ascii_case("application/json");
    match is_json && parts.all(is_utf8) {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::UnsupportedMediaType, "Send application/json.")),
    }
}

/// Returns whether a parameter of a media type keeps it UTF-8.
fn is_utf8(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            // Without the hyphen it is no registered name, but many clients write it that way.
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        Some(_) | None => true,
    }
}

/// Checks the origin that a request names. It must be one of the relying party's, however the party
/// was found.
fn check_origin(headers: &HeaderMap, party: &RelyingParty) -> Result<Option<Origin>, Error> {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => {
            let listed = party.origin(only.to_str().unwrap_or_default());
            listed.cloned().map(Some).ok_or_else(unknown_origin)
        }
        (Some(_), Some(_)) => Err(unknown_origin()),
    }
}

fn unknown_origin() -> Error {
    Error::new(ErrorKind::Forbidden, "Requests from this origin are refused.")
}
