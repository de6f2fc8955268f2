use std::time::{Duration, SystemTime};

use crate::clock::{Clock, Sleep};
use crate::error::StoreError;
use crate::store::{Background, EngineClock};

/// How often an engine is asked for its time.
const ASKED_EVERY: Duration = Duration::from_secs(30);

/// An engine's clock, with the task that keeps it right while anybody has the clock.
#[derive(Debug)]
pub(super) struct KeptClock {
    clock: EngineClock,
    _asking: Background,
}

impl KeptClock {
    /// Starts a task that asks the engine again regularly. If that fails, the last answer holds
    /// until the next.
    pub(super) fn start<F>(clock: EngineClock, ask: impl Fn(EngineClock) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let asked = clock.clone();
        let asking = Background::spawn(async move {
            loop {
                tokio::time::sleep(ASKED_EVERY).await;
                if let Err(error) = ask(asked.clone()).await {
                    error.warn("the engine did not tell the time");
                }
            }
        });
        Self { clock, _asking: asking }
    }
}

impl Clock for KeptClock {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.clock.sleep(duration)
    }
}
