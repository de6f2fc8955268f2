use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Json, Response};
use credential_code::crypto::PublicKey;
use credential_code::model::{CredentialId, Origin};
use serde::Deserialize;
use serde_json::json;
use std::error::Error;

use crate::api::{App, answer, refusal};
use crate::host::{Member, Seeding};
use crate::setup::seeded_key;

/// The key that app 1 made in this browser.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct BrowserKey {
    cred_id: String,
    public_key: String,
    name: String,
}

/// `POST /demo/session`: signs the first user in, and makes the browser's key their credential.
///
/// **Only a demonstration does that.** Your application decides how people sign in, and how they
/// get their very first credential. The library starts when both are there. Here anybody who opens
/// app 1 on this machine is the user.
pub(crate) async fn session(
    State(app): State<App>,
    headers: HeaderMap,
    key: Result<Json<BrowserKey>, JsonRejection>,
) -> Response {
    if is_forwarded(&headers) || !is_from(&headers, app.places.app1()) {
        let message = format!("App 1 runs at {} and nowhere else. Open it there.", app.places.app1());
        return refusal(StatusCode::FORBIDDEN, "forbidden", &message);
    }
    let key = match key {
        Ok(Json(key)) => key,
        Err(rejection) => return refusal(rejection.status(), "invalid_request", &rejection.body_text()),
    };
    match seed(&app, &key) {
        Ok(Seeding::Stored) => {}
        Ok(Seeding::WasRemoved) => {
            return refusal(StatusCode::CONFLICT, "removed", "This key was removed. Make another one.");
        }
        Err(error) => return refusal(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string()),
    }
    let Member { user, token } = app.host.first();
    answer(&json!({
        "token": token,
        "user": user.name,
        "app2": app.places.app2().collect::<Vec<_>>(),
    }))
}

fn seed(app: &App, key: &BrowserKey) -> Result<Seeding, Box<dyn Error>> {
    let id = CredentialId::new(key.cred_id.as_str())?;
    let public_key = PublicKey::from_pem(&key.public_key)?;
    let user = app.host.first().user.id.clone();
    let origin = Origin::new(app.places.app1())?;
    Ok(app.host.seed(seeded_key(&key.name, user, id, public_key, app.places.app1_party(), origin)?))
}

/// Tells whether a proxy sent the request on. Then the sender may be anywhere, and chose `Origin`
/// and `Host` themselves.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| *name == header::FORWARDED || name.as_str().starts_with("x-forwarded-"))
}

/// Tells whether a page of this origin asks, and asks this server. If an attacker points a name at
/// this machine, `Host` differs.
fn is_from(headers: &HeaderMap, origin: &str) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    header(header::ORIGIN) == Some(origin) && header(header::HOST) == origin.strip_prefix("http://")
}
