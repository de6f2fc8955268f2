//! What a test of a host needs.

mod clock;

pub use self::clock::ManualClock;
