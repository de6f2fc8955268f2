//! Signs people in by a key whose private half the server keeps encrypted. The page opens it with
//! the person's password or printed code, and signs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use axum::response::{Json, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::assertion::{Assertion, Expected, verify};
use credential_code::model::{Challenge, Credential, CredentialId, CredentialKind, CredentialUuid};
use serde::Deserialize;
use serde_json::json;

use super::{SignIn, elsewhere, invalid, unknown};
use crate::api::answer;
use crate::host::DemoHost;
use crate::setup::random;

const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// The last challenge for each key. There are no more of them than keys.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<HashMap<CredentialUuid, (Challenge, Instant)>>);

impl Challenges {
    fn begin(&self, key: &CredentialUuid) -> Challenge {
        let challenge = URL_SAFE_NO_PAD.encode(random::<32>());
        let challenge = Challenge::new(challenge).expect("random bytes in base64url are a challenge");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.clone(), (challenge.clone(), Instant::now() + LIFETIME));
        challenge
    }

    /// Takes a challenge. Each is answered once, rightly or not.
    fn take(&self, key: &CredentialUuid) -> Option<Challenge> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        taken.filter(|(_, ends_at)| Instant::now() < *ends_at).map(|(challenge, _)| challenge)
    }
}

/// The uuid of the key. Only its owner and the browser that made it know the uuid. A public name
/// would hand out the encrypted key, and passwords could be guessed against it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct BeginBody {
    credential_uuid: String,
}

/// The data that the key signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CompleteBody {
    credential_uuid: String,
    client_data: String,
    signature: String,
}

/// The origin where the client says it signed.
#[derive(Deserialize)]
struct SignedAt {
    origin: String,
}

/// `POST /demo/sign-in/key/init`: returns a challenge, and the encrypted key that answers it.
pub(super) async fn begin(
    State(sign_in): State<SignIn>,
    headers: HeaderMap,
    body: Result<Json<BeginBody>, JsonRejection>,
) -> Response {
    let Some((_, party)) = sign_in.asking(&headers) else { return elsewhere() };
    let Json(body) = match body {
        Ok(body) => body,
        Err(rejection) => return invalid(&rejection),
    };
    let Some(key) = key(&sign_in.app.host, body.credential_uuid, party.id()) else { return unknown() };
    answer(&json!({
        "challenge": sign_in.challenges.begin(&key.uuid).as_str(),
        "credentialId": key.id.as_str(),
        "encryptedPrivateKey": key.encrypted_private_key.as_ref().map(|encrypted| encrypted.reveal()),
    }))
}

/// `POST /demo/sign-in/key`: signs in the owner of the key.
pub(super) async fn complete(
    State(sign_in): State<SignIn>,
    headers: HeaderMap,
    body: Result<Json<CompleteBody>, JsonRejection>,
) -> Response {
    let Some((origin, party)) = sign_in.asking(&headers) else { return elsewhere() };
    let Json(body) = match body {
        Ok(body) => body,
        Err(rejection) => return invalid(&rejection),
    };
    let Some(key) = key(&sign_in.app.host, body.credential_uuid.clone(), party.id()) else {
        return unknown();
    };
    let Some(challenge) = sign_in.challenges.take(&key.uuid) else { return unknown() };
    let Some(assertion) = read(&body, key.id.clone(), origin) else { return unknown() };
    // The library lets a recovery key sign nothing. The host decides whether to recover an account,
    // and the proof is that of any key.
    let mut as_key = key.clone();
    as_key.kind = CredentialKind::Key;
    match verify(&party, &Expected::new(&challenge), &as_key, &assertion) {
        Ok(_) => {
            sign_in.app.notes.used(&key.user, &key.id);
            sign_in.sign_in(&headers, origin, &key)
        }
        Err(_) => unknown(),
    }
}

/// Returns the key of that uuid, if a secret opens it and it is for that site.
fn key(host: &DemoHost, uuid: String, relying_party: &str) -> Option<Credential> {
    let uuid = CredentialUuid::new(uuid).ok()?;
    host.stored(|stored| {
        stored.uuid == uuid
            && stored.is_active()
            && stored.relying_party_id == relying_party
            && stored.encrypted_private_key.is_some()
    })
}

/// Returns what was signed, if it was signed at that origin.
fn read(body: &CompleteBody, id: CredentialId, origin: &str) -> Option<Assertion> {
    let client_data = URL_SAFE_NO_PAD.decode(&body.client_data).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(&body.signature).ok()?;
    let signed_at: SignedAt = serde_json::from_slice(&client_data).ok()?;
    (signed_at.origin == origin).then(|| Assertion::new(CredentialKind::Key, id, client_data, signature))
}
