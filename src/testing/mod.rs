//! For tests: of this crate, of hosts, of stores (feature `test-util`).
//!
//! - [`MemoryHost`]: a host whose users and credentials live in memory, and [`ManualClock`]: a clock that a test moves.
//! - [`KeyClient`] and [`SoftAuthenticator`]: clients in software that answer a challenge, of any kind.
//!
//! Nothing here is for production, and breaking changes may come with any release.

mod clock;
mod host;
mod key_client;
#[cfg(feature = "fido2")]
mod soft_authenticator;

pub use self::clock::ManualClock;
pub use self::host::{MemoryHost, action_flow_builder, flow_builder};
pub use self::key_client::KeyClient;
#[cfg(feature = "fido2")]
pub use self::soft_authenticator::{SoftAuthenticator, StatementFormat};
