//! The span of a request.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use credential_code::model::{Approval, CredentialKind};
use http::{Request, header};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{MINT, USER, World, attest, plenty, register_body, text};

/// Keeps the lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The subscriber is that of the whole process. A subscriber of this thread alone would depend on
/// what other tests of the process have logged before.
#[tokio::test]
async fn the_span_of_each_request_names_the_enrolment() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_span_events(FmtSpan::CLOSE).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::with(|setup| setup.policy(|_| plenty().approval(Approval::Asked)));
    let minted = world.post_json(MINT, &json!({ "expiration": world.unix(60) })).await.ok();
    let id = text(&minted, "enrolmentId");
    let challenge = world.exchange(CredentialKind::Key, &text(&minted, "code")).await.ok();
    let body = register_body(&challenge, &attest(CredentialKind::Key, &challenge));
    world.register(&body).await.ok();
    let path = format!("/auth/credentials/enrolments/{id}");
    let look = Request::get(&path).header(header::AUTHORIZATION, format!("Bearer {USER}"));
    world.send(look.body(Body::empty()).unwrap()).await.ok();
    world.post_json(&format!("{path}/approve"), &json!({})).await.ok();
    let lines = log.0.lock().unwrap();
    for step in ["mint", "exchange", "register", "follow_enrolment", "approve"] {
        let is_closed = |line: &&String| {
            line.contains(&format!("step=\"{step}\"")) && line.contains(&id) && line.contains("close")
        };
        let closed = lines.iter().find(is_closed).unwrap_or_else(|| panic!("{step}: {lines:?}"));
        assert!(closed.contains(&format!("enrolment={id}")), "{closed}");
    }
}
