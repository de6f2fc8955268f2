use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use axum_login::AuthManagerLayerBuilder;
use serde_json::json;
use sqlx::SqlitePool;
use tower_sessions::SessionManagerLayer;
use utoipa::OpenApi;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

use crate::accounts::Accounts;
use crate::options::Options;
use crate::sessions::SqliteSessions;
use crate::sign_in;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The front page.
#[cfg(not(feature = "code"))]
const PAGE: &str = include_str!("../pages/index.html");
#[cfg(feature = "code")]
const PAGE: &str =
    concat!(include_str!("../pages/index.html"), r#"<nav><a href="/passkeys">Your passkeys</a></nav>"#);

/// The words with which the application describes itself.
#[derive(OpenApi)]
#[openapi(info(title = "the application"), paths(sign_in::me), components(schemas(sign_in::Me)))]
struct Document;

pub(crate) async fn router(options: &Options, db: &SqlitePool) -> Result<Router, Error> {
    let sessions = SessionManagerLayer::new(SqliteSessions(db.clone()))
        // Without TLS not every browser keeps a secure cookie, not even for a name under
        // `localhost`.
        .with_secure(options.origins.iter().all(|origin| origin.starts_with("https:")));
    let sign_in = AuthManagerLayerBuilder::new(Accounts(db.clone()), sessions).build();
    let document = Document::openapi();
    #[cfg(feature = "code")]
    let document = document.merge_from(serde_json::from_str(credential_code::OPENAPI)?);
    let router = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/app.js", get(|| async { script(include_str!("../pages/app.js")) }))
        .route(
            "/style.css",
            get(|| async { ([(header::CONTENT_TYPE, "text/css")], include_str!("../pages/style.css")) }),
        )
        .route("/me", get(sign_in::me))
        .route("/sign-up/start", post(sign_in::start_sign_up))
        .route("/sign-up/finish", post(sign_in::finish_sign_up))
        .route("/sign-in/start", post(sign_in::start))
        .route("/sign-in/finish", post(sign_in::finish))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/openapi.json", get(|| async { Json(document) }))
        .with_state(Arc::new(webauthn(options)?));
    #[cfg(feature = "code")]
    let router = router.merge(crate::codes::router(options, db).await?);
    Ok(router.layer(sign_in))
}

fn webauthn(options: &Options) -> Result<Webauthn, Error> {
    let origins = options.origins.iter().map(|origin| Url::parse(origin)).collect::<Result<Vec<_>, _>>()?;
    let (app1, others) = origins.split_first().ok_or("the application is at one origin at least")?;
    let builder = WebauthnBuilder::new(&options.rp_id, app1)?.rp_name("The application");
    Ok(others.iter().fold(builder, WebauthnBuilder::append_allowed_origin).build()?)
}

pub(crate) fn script(text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], text)
}

/// The reason why a handler did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Problem(pub(crate) StatusCode, pub(crate) &'static str);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        tracing::error!(error = %error.into(), "a request failed");
        Self(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}
