//! Converts passkeys of [webauthn-rs] to credentials and back (feature `webauthn-rs`).
//!
//! Most Rust services with passkeys sign people in with webauthn-rs, and keep its `Passkey` as
//! JSON. This module turns such a row into a [`Credential`], so it signs user actions. It also
//! turns it into a [`CredentialDescriptor`], so nobody adds the same authenticator again. And it
//! turns a credential that a code added into such a row, so it signs in.
//!
//! Nothing here depends on the crate `webauthn-rs`: rows are text. So it works with any version,
//! and with several in one table.
//!
//! ```
//! use credential_code::bridge::{self, RowContext};
//! use credential_code::model::{Origin, UserId};
//!
//! let row = r#"{"cred":{"cred_id":
//!     "Abr4cz81v7rNJR7OnKUJeB297HaWkpwUeEPAWAGTkAWA62e0fw20tf6LDL6CWmsZ3yVse9Yw1tpXpNLK5q7e2Po",
//!     "cred":{"type_":"ES256","key":{"EC_EC2":{"curve":"SECP256R1",
//!     "x":"HvbGIj6R0H5dnvpqNZwKacuF3KN18CdZKEPBLSrndao",
//!     "y":"bpEXmUfWwhW0XwIEREPdUr-RxBH-QIprEWFxSgki6Ms"}}},
//!     "counter":0,"transports":null,"user_verified":true,
//!     "backup_eligible":false,"backup_state":false,"registration_policy":"required",
//!     "extensions":{},
//!     "attestation":{"data":"None","metadata":"None"},"attestation_format":"none"}}"#;
//!
//! let origin = Origin::new("https://example.com")?;
//! let context = RowContext::new(UserId::new("us-1")?, "example.com", origin);
//! let credential = bridge::credential(row, &context)?;
//! assert!(credential.public_key.is_some());
//!
//! let again = bridge::passkey(&credential)?;
//! assert_eq!(bridge::descriptor(&again)?, bridge::descriptor(row)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # In a repository
//!
//! A [`CredentialRepository`] that overrides `passkeys`, `keys`, `credential` and `count` loads no
//! more than it is asked for. `passkeys` lists descriptors. So a row that can't be converted is
//! still excluded, and no exchange fails because of it:
//!
//! ```
//! use credential_code::bridge;
//! use credential_code::model::CredentialDescriptor;
//!
//! /// What `passkeys` answers, of the user's rows, the newest first.
//! fn passkeys(rows: &[String], most: usize) -> Vec<CredentialDescriptor> {
//!     // What has not even an id excludes nothing.
//!     rows.iter().filter_map(|row| bridge::descriptor(row).ok()).take(most).collect()
//! }
//! # assert!(passkeys(&["{}".into()], 1).is_empty());
//! ```
//!
//! `credentials` lists a user's credentials for managing them, and leaves out rows that
//! [`credential`] refuses. `insert` also stores the new credential's row in the table of the
//! sign-in. Both have to take effect or neither: use one transaction.
//!
//! # The table
//!
//! The ids of passkeys have to be unique among all users, by an index. Rows spell one id in several
//! ways: as base64 of either alphabet, or as numbers. So an index over an expression on the JSON
//! misses duplicates. Add a column, fill it from [`descriptor`], and index it:
//!
//! ```sql
//! ALTER TABLE passkeys ADD COLUMN credential_id TEXT; -- descriptor(row)?.id of each row
//! CREATE UNIQUE INDEX passkeys_by_credential_id ON passkeys (credential_id);
//! ```
//!
//! To rename and remove, the table also keeps the [`CredentialUuid`] of each row. It comes from
//! [`CredentialUuid::generate`], or it is the default of [`RowContext::uuid`], which [`credential`]
//! returns. The migration of `examples/existing_app` shows these columns, and a trigger for rows of
//! the sign-up.
//!
//! A sign-in without a user name finds the user by their handle, and a row has none. So set the
//! handle of each user ([`User::with_handle`](crate::model::User::with_handle)). The page on
//! [handles](crate::manual::handles) explains this.
//!
//! # What is read
//!
//! - The JSON of a `Passkey`, `SecurityKey`, `AttestedPasskey`, `AttestedResidentKey` or
//!   `DiscoverableKey`, of `webauthn_rs_core::Credential`, and of the `Credential` of 0.2 and 0.3.
//! - Bytes as numbers, or as base64 of either alphabet, padded or not.
//! - The same JSON inside a JSON string. [`rows`] takes a user's `Vec<Passkey>` apart.
//! - A column of bytes that `serde_json` wrote is text, too: pass it as `str`. A column that CBOR
//!   or bincode wrote is not: read it with webauthn-rs, and pass its JSON.
//!
//! | algorithm | read and written | versions that sign in with it |
//! | --- | --- | --- |
//! | ES256, RS256 | yes | 0.4, 0.5, 0.6 |
//! | EdDSA over Ed25519 | yes | 0.5 |
//! | ES384 | yes | 0.6 |
//! | ES512, RS384, RS512 | yes | none: webauthn-rs names them, and checks no signature by them |
//! | PS256, PS384, PS512, Ed448, RSA with SHA-1 | only by the descriptor | |
//! | a curve with another curve's algorithm | only by the descriptor | it depends on the version |
//!
//! So keep to ES256 and RS256, which are the default of
//! [`Fido2Policy::algorithms`](crate::model::Fido2Policy::algorithms).
//!
//! # What is lost
//!
//! | of a row | what happens to it |
//! | --- | --- |
//! | `registration_policy` | lost. The written row says `required` if the user was verified, else `preferred` |
//! | `extensions`: `cred_protect`, `hmac_create_secret`, `appid` | lost. A key that U2F registered under an `appid` is excluded, and signs nothing here |
//! | `extensions.cred_props` | kept: whether it is discoverable, if the client said; lost: how it came |
//! | `attestation.data` | lost, certificates too; the credential is `Untrusted` |
//! | `attestation.metadata` | kept: the model (AAGUID) of `Packed` and `Tpm`; the rest is lost. Other rows name no model |
//! | `transports` | kept, if webauthn-rs knew their names |
//! | backup flags, in rows of 0.3 | never there; read as not set |
//! | `user_verified`, in rows of 0.2 | never there; read as not verified |
//!
//! | of a credential | what happens to it |
//! | --- | --- |
//! | user, uuid, name, origin, relying party, `created_at` | lost: keep them in columns beside the row |
//! | status | only active ones are converted, since a row would sign in |
//! | digest | named by the algorithm; Ed25519 has none |
//! | `attestation_trust` | lost; the row claims no attestation |
//! | `aaguid` | kept with the format `packed`, else lost |
//! | `format` | kept, but a format that webauthn-rs does not know becomes `none` |
//! | transports | kept, except those that webauthn-rs does not know, such as `smart-card` |
//! | RSA exponents of more than three bytes | refused |
//!
//! A row that is read and written again keeps its id, key, counter, flags and transports.
//!
//! # Counters and flags
//!
//! After a sign-in, webauthn-rs changes its `Passkey` (`update_credential`) and the host stores it.
//! Only the row holds the counter and the backup flags. So convert it anew for each look-up, and
//! keep no second copy.
//!
//! After a user action, [`SignCounters`] changes the counter in the same row. In PostgreSQL:
//!
//! ```sql
//! UPDATE … SET passkey = jsonb_set(passkey, '{cred,counter}', to_jsonb($2::bigint))
//! WHERE … AND (passkey #>> '{cred,counter}')::bigint < $2
//! ```
//!
//! Two copies would each miss the uses that the other counted, and a clone would slip in.
//!
//! A user action is refused if the row and the authenticator disagree on whether it may be backed
//! up. A row of 0.3 lacks that flag. A sign-in sets it, unless the passkey is backed up already. So
//! such rows sign actions after the next sign-in, or not at all.
//!
//! [webauthn-rs]: https://docs.rs/webauthn-rs
//! [`CredentialRepository`]: crate::host::CredentialRepository
//! [`SignCounters`]: crate::host::SignCounters

mod error;
mod names;
mod passkey;
mod row;

use std::time::SystemTime;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

pub use self::error::BridgeError;
use self::row::Row;
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialKind, CredentialStatus, CredentialUuid,
    Fido2Properties, Origin, UserId,
};

/// The data that a row does not contain. Set the fields that differ.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RowContext {
    /// The user to whom it belongs.
    pub user: UserId,
    /// The relying party of the sign-in.
    pub relying_party_id: String,
    /// An origin of the sign-in.
    pub origin: Origin,
    /// The server's name for it. Default: a name derived from its id, the same at each look-up.
    pub uuid: Option<CredentialUuid>,
    /// The person's name for it. Default: none.
    pub name: String,
    /// When it was registered. Default: the Unix epoch.
    pub created_at: SystemTime,
    /// Whether it may still be used. Default: active.
    pub status: CredentialStatus,
}

impl RowContext {
    /// Creates the context of a row, with defaults for all other fields.
    pub fn new(user: UserId, relying_party_id: impl Into<String>, origin: Origin) -> Self {
        Self {
            user,
            relying_party_id: relying_party_id.into(),
            origin,
            uuid: None,
            name: String::new(),
            created_at: SystemTime::UNIX_EPOCH,
            status: CredentialStatus::Active,
        }
    }
}

/// Converts a row to a credential, which signs user actions.
///
/// Its key passes the same checks as a key that is registered here. Its attestation is
/// [`Untrusted`](crate::model::AttestationTrust::Untrusted), whatever webauthn-rs verified.
pub fn credential(row: &str, context: &RowContext) -> Result<Credential, BridgeError> {
    let row = Row::parse(row)?;
    let id = row.id()?;
    let (public_key, digest) = row.key()?;
    let mut fido2 = Fido2Properties::new(row.format());
    fido2.aaguid = row.aaguid();
    fido2.sign_count = row.sign_count()?;
    fido2.user_verified = row.user_verified()?;
    fido2.backup_eligible = row.flag("backup_eligible")?;
    fido2.backed_up = row.flag("backup_state")?;
    fido2.report = row.report();
    let uuid = context.uuid.clone().unwrap_or_else(|| uuid_of(&id));
    let mut credential = Credential::new(
        context.user.clone(),
        CredentialKind::Fido2,
        id,
        uuid,
        public_key,
        context.relying_party_id.clone(),
        context.origin.clone(),
    );
    credential.name = context.name.clone();
    credential.digest = digest;
    credential.created_at = context.created_at;
    credential.status = context.status;
    credential.fido2 = Some(fido2);
    Ok(credential)
}

/// Returns the descriptor that excludes a row's authenticator: its id, and how to reach it.
///
/// It also works for rows that [`credential`] refuses, if they have an id.
pub fn descriptor(row: &str) -> Result<CredentialDescriptor, BridgeError> {
    let row = Row::parse(row)?;
    let transports = row.report().transports;
    Ok(CredentialDescriptor { transports, ..CredentialDescriptor::new(CredentialKind::Fido2, row.id()?) })
}

/// Converts an active passkey to the JSON of a `Passkey`, with which webauthn-rs signs people in.
///
/// 0.4, 0.5 and 0.6 read it, also as a `SecurityKey`. The module says with which algorithms each of
/// them [signs in](self#what-is-read).
pub fn passkey(credential: &Credential) -> Result<String, BridgeError> {
    Ok(passkey::of_credential(credential)?.to_string())
}

/// Splits a JSON array: all passkeys of a user, if they are kept in one column.
///
/// Each element is a row for [`credential`] and [`descriptor`]. So a row that can't be converted
/// spoils no other.
pub fn rows(array: &str) -> Result<Vec<&str>, BridgeError> {
    let rows: Vec<&RawValue> =
        serde_json::from_str(array).map_err(|error| BridgeError::Json(error.into()))?;
    Ok(rows.into_iter().map(RawValue::get).collect())
}

/// Derives a name from an id. Names are no secrets, and neither are ids.
fn uuid_of(id: &CredentialId) -> CredentialUuid {
    let digest = Sha256::new().chain_update("webauthn-rs passkey:").chain_update(id.as_str()).finalize();
    let mut start = [0; 17];
    start.copy_from_slice(&digest[..17]);
    CredentialUuid::of_digest(start)
}
