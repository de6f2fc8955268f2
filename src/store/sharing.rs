use std::sync::Arc;

use crate::clock::Clock;

/// Who else sees what a store keeps.
///
/// A flow over a shared store needs [slot keys](crate::store::SlotKeys) that every process has, and its builder insists on them. It goes by the
/// store's clock unless it was given one of its own, so that all processes agree on when a code has expired.
#[derive(Clone, Debug)]
pub enum Sharing {
    /// Nobody: it is gone with this process.
    ThisProcess,
    /// Other processes, or this one after a restart. The clock is the one that all of them go by: an [`EngineClock`](crate::store::EngineClock),
    /// or the [`SystemClock`](crate::clock::SystemClock) if they all run on one machine.
    Shared(Arc<dyn Clock>),
}
