//! The one clock that decides when something expires and how long a caller may take.
//!
//! The [`Clock`] of a flow measures all its lifetimes and deadlines. So a test that moves that
//! clock moves all of them together. [`SystemClock`] is the one for production: its timers need no
//! async runtime.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use credential_code::clock::{Clock, SystemClock};
//!
//! assert!(SystemClock.now() > SystemTime::UNIX_EPOCH);
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_timer::Delay;

/// Tells the time, and waits for it to pass.
///
/// # Examples
///
/// A clock that runs late by as much as a skewed host would:
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use credential_code::clock::{Clock, Sleep, SystemClock};
///
/// #[derive(Debug)]
/// struct LateClock(Duration);
///
/// impl Clock for LateClock {
///     fn now(&self) -> SystemTime {
///         SystemClock.now() - self.0
///     }
///
///     fn sleep(&self, duration: Duration) -> Sleep {
///         SystemClock.sleep(duration)
///     }
/// }
///
/// let late = LateClock(Duration::from_secs(3600));
/// assert!(late.now() < SystemClock.now());
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time.
    ///
    /// The time may jump when an operator corrects the clock of the host. Anything that must not
    /// jump is measured with [`sleep`](Self::sleep).
    fn now(&self) -> SystemTime;

    /// Completes once `duration` has passed, counted from this call and not from the first poll.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// A future that completes when its time has passed. [`Clock::sleep`] returns it.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Sleep {
    /// Wraps a timer of the runtime for which a [`Clock`] is written.
    ///
    /// ```
    /// use credential_code::clock::Sleep;
    ///
    /// let over_at_once = Sleep::new(async {});
    /// # drop(over_at_once);
    /// ```
    pub fn new(timer: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(timer))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").finish_non_exhaustive()
    }
}

/// The time of the host.
///
/// Its timers run on one background thread that starts with the first of them, so they work under
/// any executor.
///
/// ```
/// use credential_code::clock::{Clock, SystemClock};
///
/// let earlier = std::time::SystemTime::UNIX_EPOCH;
/// assert!(SystemClock.now() > earlier);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(Delay::new(duration))
    }
}
