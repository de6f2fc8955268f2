use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A path, its type, and the file.
type File = (&'static str, &'static str, &'static str);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const PAGES: &[File] = &[
    ("/", HTML, include_str!("../pages/index.html")),
    ("/enroll", HTML, include_str!("../pages/enroll.html")),
    ("/undo", HTML, include_str!("../pages/undo.html")),
];

const NOT_FOUND: &str = include_str!("../pages/not-found.html");

const FILES: &[File] = &[
    ("/app.js", SCRIPT, include_str!("../pages/app.js")),
    ("/asks.js", SCRIPT, include_str!("../pages/asks.js")),
    ("/changes.js", SCRIPT, include_str!("../pages/changes.js")),
    ("/code-card.js", SCRIPT, include_str!("../pages/code-card.js")),
    ("/list.js", SCRIPT, include_str!("../pages/list.js")),
    ("/mail.js", SCRIPT, include_str!("../pages/mail.js")),
    ("/stages.js", SCRIPT, include_str!("../pages/stages.js")),
    ("/address.js", SCRIPT, include_str!("../pages/address.js")),
    ("/enroll-show.js", SCRIPT, include_str!("../pages/enroll-show.js")),
    ("/enroll-sign-in.js", SCRIPT, include_str!("../pages/enroll-sign-in.js")),
    ("/retry.js", SCRIPT, include_str!("../pages/retry.js")),
    ("/sign-in.js", SCRIPT, include_str!("../pages/sign-in.js")),
    ("/enroll-page.js", SCRIPT, include_str!("../pages/enroll-page.js")),
    ("/undo.js", SCRIPT, include_str!("../pages/undo.js")),
    ("/leaving.js", SCRIPT, include_str!("../pages/leaving.js")),
    ("/page.js", SCRIPT, include_str!("../pages/page.js")),
    ("/modules/base64url.js", SCRIPT, include_str!("../pages/modules/base64url.js")),
    ("/modules/browser-key.js", SCRIPT, include_str!("../pages/modules/browser-key.js")),
    ("/modules/client.js", SCRIPT, include_str!("../pages/modules/client.js")),
    ("/modules/code.js", SCRIPT, include_str!("../pages/modules/code.js")),
    ("/modules/enrolling.js", SCRIPT, include_str!("../pages/modules/enrolling.js")),
    ("/modules/keys.js", SCRIPT, include_str!("../pages/modules/keys.js")),
    ("/modules/owner.js", SCRIPT, include_str!("../pages/modules/owner.js")),
    ("/modules/passkeys.js", SCRIPT, include_str!("../pages/modules/passkeys.js")),
    ("/modules/qr.js", SCRIPT, include_str!("../pages/modules/qr.js")),
    ("/modules/refusal.js", SCRIPT, include_str!("../pages/modules/refusal.js")),
    ("/modules/signing.js", SCRIPT, include_str!("../pages/modules/signing.js")),
    ("/modules/state.js", SCRIPT, include_str!("../pages/modules/state.js")),
    ("/modules/words.js", SCRIPT, include_str!("../pages/modules/words.js")),
    ("/style.css", CSS, include_str!("../pages/style.css")),
    ("/icon.svg", SVG, include_str!("../pages/icon.svg")),
    ("/key.svg", SVG, include_str!("../pages/key.svg")),
    ("/passkey.svg", SVG, include_str!("../pages/passkey.svg")),
    ("/recovery.svg", SVG, include_str!("../pages/recovery.svg")),
];

/// Allows our own files only, nothing inline, no frame around us, and no text that becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

const SAFETY: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "publickey-credentials-create=(self), publickey-credentials-get=(self), clipboard-write=(self)",
    ),
];

/// Serves the pages of both apps, and the files that they use.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let router = PAGES.iter().fold(Router::new(), |router, (path, _, text)| {
        router.route(path, get(move || async move { page(StatusCode::OK, text) }))
    });
    FILES.iter().fold(router, |router, &(path, content_type, text)| {
        let etag = etag(text);
        router.route(
            path,
            get(move |headers: HeaderMap| async move { file(&headers, content_type, text, &etag) }),
        )
    })
}

/// Answers every other path.
pub(crate) async fn not_found() -> Response {
    page(StatusCode::NOT_FOUND, NOT_FOUND)
}

/// Keeps a page out of caches, because it may show a code.
fn page(status: StatusCode, text: &'static str) -> Response {
    (status, SAFETY, [(CONTENT_TYPE, HTML), (CACHE_CONTROL, "no-store")], text).into_response()
}

/// Serves a file that a browser keeps. The browser asks each time whether the file is still the
/// same.
fn file(headers: &HeaderMap, content_type: &'static str, text: &'static str, etag: &str) -> Response {
    let caching = [(CACHE_CONTROL, "no-cache"), (ETAG, etag)];
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // A proxy that compresses makes the tag a weak one.
    if known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (SAFETY, [(CONTENT_TYPE, content_type)], caching, text).into_response()
}

fn etag(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
