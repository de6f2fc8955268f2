//! The application before and after, over its router.

mod before;
mod browser;
#[cfg(feature = "code")]
mod codes;
#[cfg(feature = "code")]
mod hosting;
#[cfg(feature = "code")]
mod readme;
#[cfg(feature = "code")]
mod wiring;
