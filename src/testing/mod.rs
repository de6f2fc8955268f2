//! Tools for tests of this crate, of hosts, and of stores (feature `test-util`).
//!
//! - [`MemoryHost`]: a host whose users and credentials are in memory. [`ManualClock`]: a clock
//!   that a test moves.
//! - [`KeyClient`] and [`SoftAuthenticator`]: clients in software that answer a challenge, of any
//!   kind. With the feature `deprecated-kinds` there are also a `TotpClient` and a
//!   `PasswordClient`.
//! - [`store_contract()`], [`ledger_contract()`], [`purse_contract()`] and
//!   [`repository_contract()`]: the tests that stores and repositories of your own have to pass.
//!   [`management_contract()`] and
//!   [`passkey_contract()`] are for the other traits of a repository.
//!
//! Nothing here is for production. Any release may break it.
//!
//! ```
//! use credential_code::model::CredentialKind;
//! use credential_code::testing::KeyClient;
//!
//! let client = KeyClient::p256();
//! let proof = client.attest(CredentialKind::Key, "the challenge of an exchange");
//! assert_eq!(&proof.credential_id, client.credential_id());
//! ```

mod clock;
mod host;
mod key_client;
mod ledger_contract;
mod management_contract;
mod passkey_contract;
#[cfg(feature = "deprecated-kinds")]
mod password_client;
mod purse_contract;
mod race;
mod repository_contract;
mod samples;
#[cfg(feature = "deprecated-kinds")]
mod secret_contract;
#[cfg(feature = "fido2")]
mod soft_authenticator;
mod store_contract;
#[cfg(feature = "deprecated-kinds")]
mod totp_client;

pub use self::clock::ManualClock;
pub use self::host::{MemoryHost, site, site_builder};
pub use self::key_client::KeyClient;
pub use self::ledger_contract::{ledger_contract, ledger_contract_on_threads};
pub use self::management_contract::management_contract;
pub use self::passkey_contract::passkey_contract;
#[cfg(feature = "deprecated-kinds")]
pub use self::password_client::PasswordClient;
pub use self::purse_contract::purse_contract;
pub use self::race::block_on;
pub use self::repository_contract::repository_contract;
pub use self::samples::{SIGNING, new_credential};
#[cfg(feature = "deprecated-kinds")]
pub use self::secret_contract::secret_contract;
#[cfg(feature = "fido2")]
pub use self::soft_authenticator::{SoftAuthenticator, StatementFormat};
pub use self::store_contract::{Sample, store_contract, store_contract_on_threads};
#[cfg(feature = "deprecated-kinds")]
pub use self::totp_client::TotpClient;
