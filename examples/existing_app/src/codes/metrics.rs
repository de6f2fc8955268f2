use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use credential_code::{error::ErrorKind, event::Event};

/// Counts how often each event happened. The labels come from closed sets.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<BTreeMap<String, u64>>);

impl Metrics {
    pub(super) fn count(&self, event: &Event<'_>) {
        let sample = match event {
            Event::Answered { step, refused, .. } => {
                let error = refused.map_or("", ErrorKind::as_str);
                format!(r#"credential_code_steps_total{{step="{}",error_type="{error}"}}"#, step.as_str())
            }
            other => format!(r#"credential_code_events_total{{event="{}"}}"#, other.name()),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(sample).or_default() += 1;
    }
}

/// Prometheus' text form.
impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(
            f,
            "# TYPE credential_code_events_total counter\n# TYPE credential_code_steps_total counter"
        )?;
        counts.iter().try_for_each(|(sample, count)| writeln!(f, "{sample} {count}"))
    }
}
