//! Counts, for each request by itself, how many refusals the listener heard of.

use std::cell::Cell;

use credential_code::event::Event;
use http::StatusCode;

tokio::task_local! {
    static TOLD: Cell<u32>;
}

/// Notes an event. The listener is called on the request's own task.
pub(crate) fn note(event: &Event<'_>) {
    if matches!(event, Event::Refused { .. } | Event::Throttled { .. }) {
        // A step that is called without HTTP is nobody's request.
        let _ = TOLD.try_with(|told| told.set(told.get() + 1));
    }
}

/// Answers a request, and asserts that a refusal of a step was told once, and a success never.
pub(crate) async fn counting<T>(answering: impl Future<Output = T>, status: impl Fn(&T) -> StatusCode) -> T {
    TOLD.scope(Cell::new(0), async {
        let answer = answering.await;
        let status = status(&answer);
        // A path that is no endpoint's belongs to no step.
        let is_refusal = status.as_u16() >= 400 && status != StatusCode::NOT_FOUND;
        assert_eq!(TOLD.get().get(), u32::from(is_refusal), "events told of an answer of {status}");
        answer
    })
    .await
}
