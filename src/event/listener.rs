use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Hearer};
#[cfg(feature = "tracing")]
use crate::event::log;
use crate::event::{BudgetScope, Event, Step};
use crate::model::{CredentialKind, EnrolmentId, UserId};

/// The host's listener, and the log. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

/// The known facts of a request, for the event that reports its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) step: Step,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) enrolment: Option<&'a EnrolmentId>,
    pub(crate) kind: Option<CredentialKind>,
    pub(crate) source: Option<&'a str>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(step: Step, source: Option<&'a str>) -> Self {
        Self { step, user: None, enrolment: None, kind: None, source }
    }

    pub(crate) fn by(self, user: &'a UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Notes the enrolment, also in the request's span.
    pub(crate) fn within(self, enrolment: Option<&'a EnrolmentId>) -> Self {
        if let Some(enrolment) = enrolment {
            name_in_span(enrolment);
        }
        Self { enrolment: enrolment.or(self.enrolment), ..self }
    }

    pub(crate) fn of(self, kind: CredentialKind) -> Self {
        Self { kind: Some(kind), ..self }
    }
}

/// Names an enrolment in the request's span.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables))]
pub(crate) fn name_in_span(enrolment: &EnrolmentId) {
    #[cfg(feature = "tracing")]
    tracing::Span::current().record("enrolment", tracing::field::display(enrolment));
}

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        log::write(event);
        (self.0)(event);
    }

    /// Reports a refusal, unless this listener has heard it, and returns it.
    pub(crate) fn refuse(&self, asking: Asking<'_>, mut error: Error) -> Error {
        if error.tell(self.address()) {
            let Asking { step, user, enrolment, kind, source } = asking;
            self.tell(&Event::Refused { step, user, enrolment, kind, error: &error, source });
        }
        error
    }

    /// Reports an exhausted budget, and returns the refusal.
    pub(crate) fn throttle(&self, asking: Asking<'_>, scope: BudgetScope, retry_after: Duration) -> Error {
        let Asking { step, user, source, .. } = asking;
        self.tell(&Event::Throttled { step, scope, retry_after, user, source });
        let mut error = Error::too_many_attempts(retry_after);
        error.tell(self.address());
        error
    }

    fn address(&self) -> Hearer {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }
}
