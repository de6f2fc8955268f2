use serde::Serialize;

use crate::crypto::PublicKey;
use crate::encoding::time;
use crate::model::Credential;

/// A credential as the published schema shows it: the answer of register, and good for a host's own list of credentials.
///
/// ```
/// # use credential_code::testing::KeyClient;
/// # use credential_code::model::{Credential, CredentialUuid, Origin};
/// # use credential_code::{CredentialKind, UserId};
/// # let client = KeyClient::p256();
/// # let credential = Credential::new(
/// #     UserId::new("us-1").unwrap(), CredentialKind::Key, client.credential_id().clone(),
/// #     CredentialUuid::new("cr-6uunn-bm6ja-f6rmod5kqrk5rbel").unwrap(), client.public_key().clone(),
/// #     "example.com", Origin::new("https://example.com").unwrap(),
/// # );
/// use credential_code::CredentialAnswer;
///
/// let json = serde_json::to_value(CredentialAnswer::from(&credential)).unwrap();
/// assert_eq!(json["dateCreated"], "1970-01-01T00:00:00.000Z");
/// ```
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialAnswer<'a> {
    kind: &'static str,
    credential_id: &'a str,
    credential_uuid: &'a str,
    date_created: String,
    is_active: bool,
    name: &'a str,
    /// Empty for a kind that signs nothing.
    public_key: String,
    relying_party_id: &'a str,
    origin: &'a str,
}

impl<'a> From<&'a Credential> for CredentialAnswer<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            kind: credential.kind.as_str(),
            credential_id: credential.id.as_str(),
            credential_uuid: credential.uuid.as_str(),
            date_created: time::format(credential.created_at),
            is_active: credential.is_active(),
            name: &credential.name,
            public_key: credential.public_key.as_ref().map(PublicKey::to_pem).unwrap_or_default(),
            relying_party_id: &credential.relying_party_id,
            origin: credential.origin.as_str(),
        }
    }
}
