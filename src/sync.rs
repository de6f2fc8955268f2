//! The locks and the atomics of what many requests share at once. Each file that has such a thing
//! takes them from here, so `tests/interleavings/` can put others in their place.

pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, atomic};
