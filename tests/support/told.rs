//! Counts how many refusals the listener heard of, for each request by itself.

use std::cell::Cell;

use credential_code::event::Event;
use http::StatusCode;

tokio::task_local! {
    static TOLD: Cell<u32>;
}

/// Notes an event of a request, and asserts that it and its parts have the names of their variants.
/// The listener is called on the request's own task. A step that is called without HTTP belongs to
/// no request.
pub(crate) fn note(event: &Event<'_>) {
    let _ = TOLD.try_with(|told| {
        assert_is_named(event);
        if matches!(event, Event::Refused { .. } | Event::Throttled { .. }) {
            told.set(told.get() + 1);
        }
    });
}

fn assert_is_named(event: &Event<'_>) {
    let shown = format!("{event:?}");
    let variant = shown.split(|at: char| !at.is_alphanumeric()).next().unwrap_or_default();
    assert_eq!(event.name().replace('_', ""), variant.to_lowercase());
    if let Event::Throttled { scope, .. } = event {
        assert_eq!(scope.as_str(), format!("{scope:?}").to_lowercase());
    }
    if let Some((_, change)) = event.changed_credential() {
        assert_eq!(change.as_str(), format!("{change:?}").to_lowercase());
    }
}

/// Answers a request. Asserts that a refusal of a step was told once, and a success never.
pub(crate) async fn counting<T>(answering: impl Future<Output = T>, status: impl Fn(&T) -> StatusCode) -> T {
    TOLD.scope(Cell::new(0), async {
        let answer = answering.await;
        let status = status(&answer);
        let told = TOLD.get().get();
        match status {
            // A path without an endpoint belongs to no step. The path of an enrolment does.
            StatusCode::NOT_FOUND => assert!(told <= 1, "{told} events told of an answer of {status}"),
            _ => assert_eq!(told, u32::from(status.as_u16() >= 400), "events told of an answer of {status}"),
        }
        answer
    })
    .await
}
