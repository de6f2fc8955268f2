use async_trait::async_trait;
use sqlx::SqlStr;

use crate::crypto::PublicKey;
use crate::error::BoxError;
use crate::host::{Advance, Changed, CredentialManagement, CredentialRepository, Removal, SignCounters};
use crate::model::{
    Credential, CredentialId, CredentialStatus, CredentialUuid, EncryptedPrivateKey, Insertion,
    NewCredential, Origin, UserId,
};
use crate::store::sql::SqlStore;
use crate::store::sql::value::{Row, Value, micros, time};

#[async_trait]
impl CredentialRepository for SqlStore {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        let rows = self.fetch(&self.statements.credentials_of_user, &[Value::Text(user.as_str())]).await?;
        rows.into_iter().map(read).collect()
    }

    async fn insert(&self, credential: NewCredential) -> Result<Insertion, BoxError> {
        // What a password or a one-time password is checked with has to be encrypted under a key
        // that only the host has.
        let public_key = credential.public_key.as_ref().ok_or("these tables hold no passwords")?;
        let fido2 = credential.fido2.as_ref().map(serde_json::to_string).transpose()?;
        let values = [
            Value::Text(credential.id.as_str()),
            Value::Text(credential.uuid.as_str()),
            Value::Text(credential.user.as_str()),
            Value::Text(credential.kind.as_str()),
            Value::Text(&credential.name),
            Value::Bytes(public_key.to_spki_der()),
            Value::Text(credential.digest.as_str()),
            Value::Text(&credential.relying_party_id),
            Value::Text(credential.origin.as_str()),
            Value::Integer(micros(credential.created_at)),
            Value::Text(credential.status.as_str()),
            Value::MaybeText(credential.encrypted_private_key.as_ref().map(EncryptedPrivateKey::reveal)),
            Value::MaybeInteger(credential.fido2.as_ref().map(|fido2| fido2.sign_count.into())),
            Value::MaybeText(fido2.as_deref()),
        ];
        Ok(self.insert_one(&self.statements.insert_credential, &values).await?)
    }
}

#[async_trait]
impl CredentialManagement for SqlStore {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
    ) -> Result<Changed, BoxError> {
        self.change(&self.statements.set_credential_status, user, uuid, status.as_str()).await
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        self.change(&self.statements.rename_credential, user, uuid, name).await
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid) -> Result<Removal, BoxError> {
        // PostgreSQL has no text with a NUL, so nobody has such an id.
        if user.as_str().contains('\0') {
            return Ok(Removal::Missing);
        }
        let values = [Value::Text(user.as_str()), Value::Text(uuid.as_str())];
        match self.execute(&self.statements.remove_credential, &values).await? {
            0 => Ok(Removal::Missing),
            _ => Ok(Removal::Removed),
        }
    }
}

impl SqlStore {
    /// Runs a statement that changes a row unless it is so already. If it changed none, another looks
    /// which of both it was.
    async fn change(
        &self,
        statement: &SqlStr,
        user: &UserId,
        uuid: &CredentialUuid,
        value: &str,
    ) -> Result<Changed, BoxError> {
        // PostgreSQL has no text with a NUL, so nobody has such an id.
        if user.as_str().contains('\0') {
            return Ok(Changed::Missing);
        }
        let [user, uuid] = [user.as_str(), uuid.as_str()].map(Value::Text);
        if self.execute(statement, &[user, uuid, Value::Text(value)]).await? > 0 {
            return Ok(Changed::Changed);
        }
        let found = self.fetch_one(&self.statements.has_credential, &[user, uuid]).await?;
        Ok(found.map_or(Changed::Missing, |_| Changed::Unchanged))
    }
}

#[async_trait]
impl SignCounters for SqlStore {
    /// A credential that is not there, or does not count, is not advanced.
    async fn advance(&self, id: &CredentialId, count: u32) -> Result<Advance, BoxError> {
        let values = [Value::Text(id.as_str()), Value::Integer(count.into())];
        match self.execute(&self.statements.advance_sign_count, &values).await? {
            0 => Ok(Advance::NotGreater),
            _ => Ok(Advance::Advanced),
        }
    }
}

/// Reads a row of the statement `CREDENTIALS_OF_USER`. Every cell is parsed as if a client had sent
/// it: others write to the table too.
fn read(mut row: Row) -> Result<Credential, BoxError> {
    let id = CredentialId::new(row.text()?)?;
    let uuid = CredentialUuid::new(row.text()?)?;
    let user = UserId::new(row.text()?)?;
    let kind = row.text()?.parse()?;
    let name = row.text()?;
    let public_key = PublicKey::from_spki_der(&row.bytes()?)?;
    let digest = row.text()?.parse()?;
    let relying_party_id = row.text()?;
    let origin = Origin::new(row.text()?)?;
    let mut credential = Credential::new(user, kind, id, uuid, public_key, relying_party_id, origin);
    credential.name = name;
    credential.digest = digest;
    credential.created_at = time(row.integer()?)?;
    credential.status = row.text()?.parse()?;
    credential.encrypted_private_key = row.maybe_text()?.map(EncryptedPrivateKey::new).transpose()?;
    let sign_count = row.maybe_integer()?;
    credential.fido2 = row.maybe_text()?.map(|fido2| serde_json::from_str(&fido2)).transpose()?;
    if let (Some(fido2), Some(sign_count)) = (&mut credential.fido2, sign_count) {
        fido2.sign_count = sign_count.try_into()?;
    }
    Ok(credential)
}
