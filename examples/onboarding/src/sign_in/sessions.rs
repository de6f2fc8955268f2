use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_code::model::User;

use crate::setup::random;

const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The user of each session, and its end. In a database, keep a hash of the token.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, (String, Instant)>>);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sessions").field(&self.lock().len()).finish()
    }
}

impl Sessions {
    /// Begins a session in place of the browser's old one, and returns its cookie.
    pub(super) fn begin(&self, headers: &HeaderMap, user: &User, origin: &str) -> String {
        let token = URL_SAFE_NO_PAD.encode(random::<32>());
        let mut sessions = self.lock();
        sessions.retain(|_, (_, ends_at)| Instant::now() < *ends_at);
        if let Some(old) = token_of(headers) {
            sessions.remove(old);
        }
        sessions.insert(token.clone(), (user.name.clone(), Instant::now() + LIFETIME));
        let secure = if origin.starts_with("https:") { "; Secure" } else { "" };
        format!("session={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", LIFETIME.as_secs())
    }

    /// Returns the name of the user who is signed in.
    pub(super) fn user(&self, headers: &HeaderMap) -> Option<String> {
        let sessions = self.lock();
        let (user, ends_at) = sessions.get(token_of(headers)?)?;
        (Instant::now() < *ends_at).then(|| user.clone())
    }

    /// Ends the browser's session, and returns the cookie that forgets it.
    pub(super) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(token) = token_of(headers) {
            self.lock().remove(token);
        }
        "session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0".to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (String, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies.find_map(|cookies| cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session=")))
}
