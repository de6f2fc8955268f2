use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential_code::RelyingParty;
use credential_code::model::PasskeyEndpoints;

use crate::api::{App, refusal};

/// `GET /.well-known/webauthn`: returns the origins that may use the passkeys of this domain.
pub(crate) async fn webauthn(State(app): State<App>, headers: HeaderMap) -> Response {
    document(party(&app, &headers).map(RelyingParty::well_known_webauthn))
}

/// `GET /.well-known/passkey-endpoints`: tells a password manager where to send a person.
pub(crate) async fn passkey_endpoints(State(app): State<App>, headers: HeaderMap) -> Response {
    let endpoints = party(&app, &headers).map(|_| {
        let mut endpoints = PasskeyEndpoints::default();
        endpoints.enroll = app.places.app2().next().map(|origin| format!("{origin}/enroll"));
        endpoints.manage = Some(format!("{}/", app.places.app1()));
        endpoints.to_json()
    });
    document(endpoints)
}

/// Returns the relying party of the domain that was asked.
fn party<'a>(app: &'a App, headers: &HeaderMap) -> Option<&'a RelyingParty> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let domain = host.split_once(':').map_or(host, |(domain, _)| domain);
    app.places.parties().iter().find(|party| party.id() == domain)
}

fn document(json: Option<String>) -> Response {
    match json {
        Some(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "not_found", "This domain has no passkeys here."),
    }
}
