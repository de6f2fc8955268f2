use std::fmt;
use std::sync::Arc;

#[cfg(feature = "tracing")]
use crate::flow::log;
use crate::flow::{BudgetScope, Error, Event, Step, Unpaid};
use crate::model::{CredentialKind, UserId};

/// Who hears of events: the host, and the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        log::write(event);
        (self.0)(event);
    }

    /// Tells of a refusal and returns it.
    pub(crate) fn refuse(&self, refused: Refused<'_>, error: impl Into<Error>) -> Error {
        let error = error.into();
        let Refused { step, user, kind, source } = refused;
        self.tell(&Event::Refused { step, user, kind, error: &error, source });
        error
    }

    /// Tells of a budget that is exhausted, or that nobody can tell of, and returns the refusal.
    pub(crate) fn refuse_unpaid(&self, refused: Refused<'_>, scope: BudgetScope, unpaid: Unpaid) -> Error {
        let Refused { step, user, source, .. } = refused;
        match unpaid {
            Unpaid::Exhausted(retry_after) => {
                self.tell(&Event::Throttled { step, scope, retry_after, user, source });
                Error::too_many_attempts(retry_after)
            }
            Unpaid::Unknown(error) => self.refuse(refused, error),
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener(<fn>)")
    }
}

/// What is known of a request when it is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) step: Step,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) kind: Option<CredentialKind>,
    pub(crate) source: Option<&'a str>,
}
