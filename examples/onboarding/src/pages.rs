use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

/// A path, its type, and the file.
type Page = (&'static str, &'static str, &'static str);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const PAGES: [Page; 19] = [
    ("/", HTML, include_str!("../pages/index.html")),
    ("/app.js", SCRIPT, include_str!("../pages/app.js")),
    ("/stages.js", SCRIPT, include_str!("../pages/stages.js")),
    ("/sign.js", SCRIPT, include_str!("../pages/sign.js")),
    ("/qr.js", SCRIPT, include_str!("../pages/qr.js")),
    ("/enroll", HTML, include_str!("../pages/enroll.html")),
    ("/enroll-page.js", SCRIPT, include_str!("../pages/enroll-page.js")),
    ("/undo", HTML, include_str!("../pages/undo.html")),
    ("/undo.js", SCRIPT, include_str!("../pages/undo.js")),
    ("/enroll.js", SCRIPT, include_str!("../pages/enroll.js")),
    ("/keys.js", SCRIPT, include_str!("../pages/keys.js")),
    ("/leaving.js", SCRIPT, include_str!("../pages/leaving.js")),
    ("/words.js", SCRIPT, include_str!("../pages/words.js")),
    ("/page.js", SCRIPT, include_str!("../pages/page.js")),
    ("/style.css", CSS, include_str!("../pages/style.css")),
    ("/icon.svg", SVG, include_str!("../pages/icon.svg")),
    ("/key.svg", SVG, include_str!("../pages/key.svg")),
    ("/passkey.svg", SVG, include_str!("../pages/passkey.svg")),
    ("/recovery.svg", SVG, include_str!("../pages/recovery.svg")),
];

/// Nothing but our own files, nothing inline, nobody around us, and no text that becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The files of both apps. They stay out of caches, since a page may show a code.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    PAGES.into_iter().fold(Router::new(), |router, (path, content_type, text)| {
        let headers = [
            (CONTENT_TYPE, content_type),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (
                HeaderName::from_static("permissions-policy"),
                "publickey-credentials-create=(self), publickey-credentials-get=(self), clipboard-write=(self)",
            ),
        ];
        router.route(path, get(move || async move { (headers, text) }))
    })
}
