//! The surroundings: the proxy, metrics, the document, the log.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use super::browser::{APP1, APP2, World};
use super::codes::with_two;

#[tokio::test]
async fn a_guesser_behind_the_proxy_uses_up_one_budget_whatever_they_claim() {
    let world = World::new().await;
    let guess = json!({ "credentialKind": "Fido2", "code": "AAA-AAA-AAA" });
    let mut guesser = world.browser(APP2);
    for _ in 0..10 {
        assert_eq!(guesser.post("/auth/credentials/code/init", &guess).await.refusal(), "invalid_code");
    }
    let throttled = guesser.post("/auth/credentials/code/init", &guess).await;
    assert_eq!(throttled.refusal(), "too_many_attempts");
    let mut another = world.browser(APP2);
    another.address = "192.0.2.2";
    assert_eq!(another.post("/auth/credentials/code/init", &guess).await.refusal(), "invalid_code");
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let world = World::new().await;
    with_two(&world).await;
    let guess = json!({ "credentialKind": "Fido2", "code": "AAA-AAA-AAA" });
    world.browser(APP2).post("/auth/credentials/code/init", &guess).await.refusal();

    let metrics = world.browser(APP1).get("/metrics").await.body;
    for line in [
        "# TYPE credential_code_events_total counter",
        r#"credential_code_events_total{event="registered"} 1"#,
        r#"credential_code_events_total{event="action_redeemed"} 1"#,
        r#"credential_code_steps_total{step="mint",error_type=""} 1"#,
        r#"credential_code_steps_total{step="exchange",error_type="invalid_code"} 1"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn the_document_has_the_paths_of_both() {
    let document = World::new().await.browser(APP1).get("/openapi.json").await.ok();
    assert_eq!(document["info"]["title"], "the application");
    for (path, method) in [("/me", "get"), ("/auth/credentials/code", "post"), ("/auth/action/init", "post")]
    {
        assert!(document["paths"][path][method].is_object(), "{path}");
    }
}

#[tokio::test]
async fn the_domain_of_the_passkeys_lists_both_origins() {
    let answer = World::new().await.browser(APP1).get("/.well-known/webauthn").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.ok(), json!({ "origins": [APP1, APP2] }));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_of_a_code_in_the_span_of_its_request_and_does_not_hold_it() {
    let world = World::new().await;
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || written.clone()).finish();
    let code = async {
        let (mut ada, old) = world.ada().await;
        ada.mint(&old).await
    };
    let code: Value = code.with_subscriber(subscriber).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("a code was minted")).unwrap();
    assert!(line.contains(r#"step="mint""#) && line.contains("source=\"192.0.2.1\""), "{line}");
    assert!(!log.contains(code.as_str().unwrap()));
}
