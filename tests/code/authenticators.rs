//! What the host's authenticator says is what the caller hears, and the log hears why.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_code::event::Event;
use credential_code::host::{AuthError, AuthRequest, Authenticator, Caller, async_trait};
use http::header::RETRY_AFTER;
use serde_json::json;

use crate::support::{MINT, World};

/// What no caller may read.
const SOURCE: &str = "10.0.0.7 refused the connection";

type Refusal = fn() -> AuthError;

/// Refuses everybody in one way.
struct Refusing(Refusal);

#[async_trait]
impl Authenticator for Refusing {
    async fn authenticate(&self, _: &AuthRequest<'_>) -> Result<Caller, AuthError> {
        Err(self.0())
    }
}

fn mistaken() -> AuthError {
    AuthError::TooManyAttempts { retry_after: Duration::from_millis(1_500) }
}

#[tokio::test]
async fn what_an_authenticator_says_is_the_answer_and_its_source_is_for_the_listener() {
    let ways: [(Refusal, u16, &str, &str); 7] = [
        (|| AuthError::Unauthenticated, 401, "unauthenticated", "Sign in first."),
        (|| AuthError::Forbidden("Ask an administrator.".into()), 403, "forbidden", "Ask an administrator."),
        (|| AuthError::StepUp("Sign in again.".into()), 403, "step_up_required", "Sign in again."),
        (mistaken, 429, "too_many_attempts", ""),
        (|| AuthError::Unavailable(SOURCE.into()), 503, "unavailable", ""),
        (|| AuthError::Other(SOURCE.into()), 500, "internal", ""),
        // What `?` makes of an error of the host.
        (|| credential_code::error::BoxError::from(SOURCE).into(), 500, "internal", ""),
    ];
    for (says, status, code, message) in ways {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = told.clone();
        let world = World::with(|setup| {
            setup.site(|site| site.authenticator(Refusing(says))).events(move |event| {
                if let Event::Refused { error, .. } = event {
                    let source = std::error::Error::source(*error).map(ToString::to_string);
                    heard.lock().unwrap().push((error.kind().as_str(), source));
                }
            })
        });
        let answer = world.post_json(MINT, &json!({ "expiration": world.unix(60) })).await;
        answer.assert_refused(status, code);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(body.contains(message) && !body.contains("10.0.0.7"), "{body}");
        let wait = answer.headers.get(RETRY_AFTER).map(|seconds| seconds.to_str().unwrap());
        assert_eq!(wait, (status == 429).then_some("2"), "{code}");
        let source = (status >= 500).then(|| SOURCE.to_owned());
        assert_eq!(*told.lock().unwrap(), [(code, source)], "{code}");
    }
}
