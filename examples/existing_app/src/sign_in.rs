//! Sign-up and sign-in with passkeys, by webauthn-rs. The browser offers its passkeys in the field
//! for the name (conditional UI). The user handle says whose passkey it is.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum_login::AuthSession;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse, Webauthn,
};

use crate::accounts::{Account, Accounts};
use crate::app::Problem;

type Session = AuthSession<Accounts>;
type Passkeys = State<Arc<Webauthn>>;

/// The keys of a session: the ceremony that was begun, and the time of the sign-in.
const SIGN_UP: &str = "sign_up";
const SIGN_IN: &str = "sign_in";
pub(crate) const SIGNED_IN_AT: &str = "signed_in_at";

const UNKNOWN: Problem = Problem(StatusCode::FORBIDDEN, "This passkey opens no account here.");

/// The user who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: Uuid,
    name: String,
}

#[utoipa::path(get, path = "/me", responses((status = 200, description = "who is signed in", body = Me)))]
pub(crate) async fn me(session: Session) -> Result<Json<Me>, Problem> {
    let user = session.user.ok_or(Problem(StatusCode::UNAUTHORIZED, "Nobody is signed in."))?;
    Ok(Json(Me { id: user.id, name: user.name }))
}

#[derive(Deserialize)]
pub(crate) struct NewAccount {
    name: String,
}

/// `POST /sign-up/start`
pub(crate) async fn start_sign_up(
    State(webauthn): Passkeys,
    session: Session,
    Json(NewAccount { name }): Json<NewAccount>,
) -> Result<Json<Value>, Problem> {
    let id = Uuid::new_v4();
    let (challenge, state) = webauthn.start_passkey_registration(id, &name, &name, None)?;
    session.session.insert(SIGN_UP, (id, name, state)).await?;
    let mut options = serde_json::to_value(challenge)?;
    // A sign-in without a name finds only passkeys that the authenticator lists (discoverable
    // credentials).
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok(Json(options))
}

/// `POST /sign-up/finish`
pub(crate) async fn finish_sign_up(
    State(webauthn): Passkeys,
    mut session: Session,
    Json(credential): Json<RegisterPublicKeyCredential>,
) -> Result<Json<Value>, Problem> {
    let begun: Option<(Uuid, String, PasskeyRegistration)> = session.session.remove(SIGN_UP).await?;
    let (id, name, state) = begun.ok_or(Problem(StatusCode::BAD_REQUEST, "Begin first."))?;
    let passkey = webauthn
        .finish_passkey_registration(&credential, &state)
        .map_err(|_| Problem(StatusCode::BAD_REQUEST, "This is no passkey for this site."))?;
    let account = Account { id, name };
    if !session.backend.add(&account, &passkey).await? {
        return Err(Problem(StatusCode::CONFLICT, "This name is taken."));
    }
    open(&mut session, id).await
}

/// `POST /sign-in/start`
pub(crate) async fn start(
    State(webauthn): Passkeys,
    session: Session,
) -> Result<Json<RequestChallengeResponse>, Problem> {
    let (challenge, state) = webauthn.start_discoverable_authentication()?;
    session.session.insert(SIGN_IN, state).await?;
    Ok(Json(challenge))
}

/// `POST /sign-in/finish`
pub(crate) async fn finish(
    State(webauthn): Passkeys,
    mut session: Session,
    Json(credential): Json<PublicKeyCredential>,
) -> Result<Json<Value>, Problem> {
    let begun: Option<DiscoverableAuthentication> = session.session.remove(SIGN_IN).await?;
    let state = begun.ok_or(Problem(StatusCode::BAD_REQUEST, "Begin first."))?;
    let (user, id) = webauthn.identify_discoverable_authentication(&credential).map_err(|_| UNKNOWN)?;
    let mut passkeys = session.backend.passkeys(user).await?;
    let passkey = passkeys.iter().find(|passkey| passkey.cred_id() == id).ok_or(UNKNOWN)?;
    let said =
        webauthn.finish_discoverable_authentication_v2(&credential, state, passkey).map_err(|_| UNKNOWN)?;
    session.backend.note(&mut passkeys, &said).await?;
    open(&mut session, user).await
}

/// `POST /sign-out`
pub(crate) async fn sign_out(mut session: Session) -> Result<Json<Value>, Problem> {
    session.logout().await?;
    Ok(Json(json!({})))
}

/// Signs in a user that a passkey has proved.
async fn open(session: &mut Session, user: Uuid) -> Result<Json<Value>, Problem> {
    let account = session.authenticate(user).await?.ok_or(UNKNOWN)?;
    session.login(&account).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    session.session.insert(SIGNED_IN_AT, now).await?;
    Ok(Json(json!({ "name": account.name })))
}
