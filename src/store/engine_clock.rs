use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::{Clock, Sleep, SystemClock};
use crate::error::{BoxError, StoreError};

/// The time of a shared engine, as its processes see it. Processes that use it agree with each
/// other, however wrong the clocks of their hosts are.
///
/// It asks the engine for its time, and then counts with a monotonic clock. The host's own time of
/// day never matters. The error is half of the round trip, so an answer that took longer than a
/// [second](Self::SLOWEST) is not believed.
///
/// Ask [again](Self::ask) regularly, for example every half minute. Quartz drifts by about a
/// millisecond in ten seconds. A monotonic clock may stand still while a virtual machine is
/// suspended.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use credential_code::clock::Clock;
/// use credential_code::store::EngineClock;
///
/// # credential_code::testing::block_on(async {
/// let engine = SystemTime::now() + Duration::from_secs(600);
/// let clock = EngineClock::new("postgres", async { Ok(engine) }).await.unwrap();
/// assert!(clock.now() >= engine - EngineClock::SLOWEST);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct EngineClock(Arc<Reading>);

#[derive(Debug)]
struct Reading {
    engine: &'static str,
    start: Instant,
    /// The engine's time at the start, in microseconds since the epoch.
    engine_at_start: AtomicU64,
}

impl EngineClock {
    /// The longest round trip whose answer is believed. No clock is wrong by more than half of it.
    pub const SLOWEST: Duration = Duration::from_secs(1);

    /// Asks the named engine for its time.
    pub async fn new(
        engine: &'static str,
        time: impl Future<Output = Result<SystemTime, BoxError>>,
    ) -> Result<Self, StoreError> {
        let reading = Reading { engine, start: Instant::now(), engine_at_start: AtomicU64::new(0) };
        let clock = Self(Arc::new(reading));
        clock.ask(time).await?;
        Ok(clock)
    }

    /// Asks again. If it fails, the last answer holds.
    pub async fn ask(
        &self,
        time: impl Future<Output = Result<SystemTime, BoxError>>,
    ) -> Result<(), StoreError> {
        let Reading { engine, start, engine_at_start } = &*self.0;
        let asked = Instant::now();
        let time = time.await.map_err(|error| StoreError::new(engine, error))?;
        let round_trip = asked.elapsed();
        if round_trip > Self::SLOWEST {
            return Err(StoreError::new(engine, "it took too long to tell the time"));
        }
        let since_start = asked.duration_since(*start) + round_trip / 2;
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        engine_at_start.store(micros(since_epoch.saturating_sub(since_start)), Ordering::Relaxed);
        Ok(())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Clock for EngineClock {
    fn now(&self) -> SystemTime {
        let at_start = Duration::from_micros(self.0.engine_at_start.load(Ordering::Relaxed));
        UNIX_EPOCH + at_start + self.0.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemClock.sleep(duration)
    }
}
