use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use crate::clock::{Clock, Sleep};

/// 2026-01-01T00:00:00Z, in seconds since the Unix epoch.
const START: u64 = 1_767_225_600;

/// A clock that stands still until a test moves it.
///
/// Clones share one time. So a test keeps one clone and gives the other to the code that it tests.
/// A sleep completes when the clock has been moved to its end or past it, from any thread.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use credential_code::clock::Clock;
/// use credential_code::testing::ManualClock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::new();
/// let before = clock.now();
/// let sleep = clock.sleep(Duration::from_secs(60));
///
/// clock.advance(Duration::from_secs(60));
///
/// sleep.await;
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: SystemTime,
    next_id: u64,
    sleepers: Vec<Sleeper>,
}

#[derive(Debug)]
struct Sleeper {
    id: u64,
    until: SystemTime,
    waker: Waker,
}

impl ManualClock {
    /// Creates a clock that shows the first second of 2026, the same in every run.
    #[must_use]
    pub fn new() -> Self {
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_secs(START))
    }

    /// Creates a clock that shows `now`.
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        Self { shared: Arc::new(Mutex::new(State { now, next_id: 0, sleepers: Vec::new() })) }
    }

    /// Moves the clock forward, and wakes every sleep that ends by then.
    ///
    /// # Panics
    ///
    /// If the platform cannot represent the new time.
    pub fn advance(&self, duration: Duration) {
        self.change(|now| now + duration);
    }

    /// Sets the clock, and wakes every sleep that ends by then.
    ///
    /// Setting it back makes every pending sleep longer by the same amount.
    pub fn set(&self, now: SystemTime) {
        self.change(|_| now);
    }

    fn change(&self, moved: impl FnOnce(SystemTime) -> SystemTime) {
        let due: Vec<Sleeper> = {
            let mut state = self.lock();
            let now = moved(state.now);
            state.now = now;
            state.sleepers.extract_if(.., |sleeper| sleeper.until <= now).collect()
        };
        // This happens outside the lock. A waker may poll at once, and the polled future may ask
        // this clock for the time.
        for sleeper in due {
            sleeper.waker.wake();
        }
    }

    // A test that panics while it holds the lock leaves a consistent state: every change is a
    // single step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.lock().now
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        Sleep::new(ManualSleep { clock: self.clone(), id, until: state.now.checked_add(duration) })
    }
}

#[derive(Debug)]
struct ManualSleep {
    clock: ManualClock,
    id: u64,
    /// `None` is beyond the times that the platform can represent: never.
    until: Option<SystemTime>,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.until else { return Poll::Pending };
        let mut state = self.clock.lock();
        if until <= state.now {
            return Poll::Ready(());
        }
        match state.sleepers.iter_mut().find(|sleeper| sleeper.id == self.id) {
            Some(sleeper) => sleeper.waker.clone_from(cx.waker()),
            None => state.sleepers.push(Sleeper { id: self.id, until, waker: cx.waker().clone() }),
        }
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        self.clock.lock().sleepers.retain(|sleeper| sleeper.id != self.id);
    }
}

#[cfg(test)]
#[path = "../../tests/unit/manual_clock.rs"]
mod tests;
