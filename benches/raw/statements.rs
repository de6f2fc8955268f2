//! What an engine of SQL is told, by what sqlx tells a subscriber.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Where sqlx tells of each statement.
const TARGET: &str = "sqlx::query";

/// Hears the statements that this process sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statements(Arc<Heard>);

#[derive(Debug, Default)]
struct Heard {
    is_listening: AtomicBool,
    statements: Mutex<Vec<String>>,
}

impl Statements {
    /// Becomes the subscriber of this process.
    pub(crate) fn subscribe() -> Self {
        let statements = Self::default();
        let subscriber = tracing_subscriber::registry().with(Listener(statements.clone()));
        tracing::subscriber::set_global_default(subscriber).expect("there is no other subscriber");
        statements
    }

    /// Returns what was sent while something was done.
    pub(crate) async fn of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        self.0.is_listening.store(true, Ordering::Release);
        let done = work.await;
        self.0.is_listening.store(false, Ordering::Release);
        (done, std::mem::take(&mut self.0.statements.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

struct Listener(Statements);

impl<S: Subscriber> Layer<S> for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == TARGET { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET && self.0.0.is_listening.load(Ordering::Acquire)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        let Statement { summary, text } = statement;
        let statement = if text.is_empty() { summary } else { text };
        self.0.0.statements.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    }
}

/// Its first words, and all of it if that is more.
#[derive(Default)]
struct Statement {
    summary: String,
    text: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.text),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
