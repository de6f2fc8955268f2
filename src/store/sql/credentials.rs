use crate::crypto::PublicKey;
use crate::error::{BoxError, StoreError};
use crate::host::{
    Addition, Advance, Changed, CredentialManagement, CredentialRepository, Keep, PasskeyDirectory, Removal,
    SignCounters,
};
use crate::model::{
    Credential, CredentialDescriptor, CredentialId, CredentialStatus, CredentialUuid, EncryptedPrivateKey,
    Fido2Properties, NewCredential, Origin, UserId,
};
use crate::store::sql::SqlStore;
use crate::store::sql::engine::{Effect, Statement};
use crate::store::sql::value::{Row, UnexpectedRow, Value, micros, time};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sqlx::SqlStr;

#[async_trait]
impl CredentialRepository for SqlStore {
    async fn credentials(&self, user: &UserId) -> Result<Vec<Credential>, BoxError> {
        if self.is_nobody(user) {
            return Ok(Vec::new());
        }
        let rows = self.fetch(&self.statements.credentials_of_user, &[Value::Text(user.as_str())]).await?;
        rows.into_iter().map(read).collect()
    }

    async fn insert(&self, credential: NewCredential, most: usize) -> Result<Addition, BoxError> {
        // The secret that checks a password or a one-time password has to be encrypted under a key
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
            Value::Integer(count(most)),
        ];
        let insert = Statement { sql: &self.statements.insert_credential, values: &values };
        let [id, user, kind] = [0, 2, 3].map(|index| values[index]);
        let look = Statement { sql: &self.statements.why_not_inserted, values: &[id, user, kind] };
        Ok(match self.change_or_look(&credential.user, insert, look).await? {
            Effect::Changed => Addition::Added,
            Effect::Nothing(Some(_)) => Addition::Duplicate,
            Effect::Nothing(None) => Addition::Full,
        })
    }

    async fn credential(&self, user: &UserId, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        if self.is_nobody(user) {
            return Ok(None);
        }
        let values = [Value::Text(user.as_str()), Value::Text(id.as_str())];
        self.fetch_one(&self.statements.credential, &values).await?.map(read).transpose()
    }

    async fn passkeys(
        &self,
        user: &UserId,
        relying_party_id: &str,
        most: usize,
    ) -> Result<Vec<CredentialDescriptor>, BoxError> {
        if self.is_nobody(user) {
            return Ok(Vec::new());
        }
        let values = [Value::Text(user.as_str()), Value::Text(relying_party_id), Value::Integer(count(most))];
        let rows = self.fetch(&self.statements.passkeys, &values).await?;
        rows.into_iter().map(read_descriptor).collect()
    }

    async fn keys(&self, user: &UserId, most: usize) -> Result<Vec<CredentialDescriptor>, BoxError> {
        if self.is_nobody(user) {
            return Ok(Vec::new());
        }
        let values = [Value::Text(user.as_str()), Value::Integer(count(most))];
        let rows = self.fetch(&self.statements.keys, &values).await?;
        rows.into_iter().map(read_descriptor).collect()
    }

    async fn count(&self, user: &UserId, most: usize) -> Result<usize, BoxError> {
        if self.is_nobody(user) {
            return Ok(0);
        }
        let values = [Value::Text(user.as_str()), Value::Integer(count(most))];
        let row = self.fetch_one(&self.statements.count_credentials, &values).await?;
        Ok(row.ok_or(UnexpectedRow)?.integer()?.try_into()?)
    }
}

#[async_trait]
impl CredentialManagement for SqlStore {
    async fn set_status(
        &self,
        user: &UserId,
        uuid: &CredentialUuid,
        status: CredentialStatus,
        keep: Keep,
    ) -> Result<Changed, BoxError> {
        let [wanted, keep] = [Value::Text(status.as_str()), Value::Integer(flag(keep))];
        let effect =
            self.change_one(&self.statements.set_credential_status, user, uuid, &[wanted, keep]).await?;
        Ok(match effect {
            Some(Effect::Changed) => Changed::Changed,
            None | Some(Effect::Nothing(None)) => Changed::Missing,
            Some(Effect::Nothing(Some(mut row))) => match row.text()? == status.as_str() {
                true => Changed::Unchanged,
                false => Changed::Last,
            },
        })
    }

    async fn rename(&self, user: &UserId, uuid: &CredentialUuid, name: &str) -> Result<Changed, BoxError> {
        let effect =
            self.change_one(&self.statements.rename_credential, user, uuid, &[Value::Text(name)]).await?;
        Ok(match effect {
            Some(Effect::Changed) => Changed::Changed,
            Some(Effect::Nothing(Some(_))) => Changed::Unchanged,
            None | Some(Effect::Nothing(None)) => Changed::Missing,
        })
    }

    async fn remove(&self, user: &UserId, uuid: &CredentialUuid, keep: Keep) -> Result<Removal, BoxError> {
        let keep = Value::Integer(flag(keep));
        Ok(match self.change_one(&self.statements.remove_credential, user, uuid, &[keep]).await? {
            Some(Effect::Changed) => Removal::Removed,
            Some(Effect::Nothing(Some(_))) => Removal::Last,
            None | Some(Effect::Nothing(None)) => Removal::Missing,
        })
    }
}

impl SqlStore {
    /// Runs a statement that changes a user's credential. If it changed none, another statement
    /// looks up its status.
    async fn change_one(
        &self,
        sql: &SqlStr,
        user: &UserId,
        uuid: &CredentialUuid,
        values: &[Value<'_>],
    ) -> Result<Option<Effect>, StoreError> {
        if self.is_nobody(user) {
            return Ok(None);
        }
        let own = [user.as_str(), uuid.as_str()].map(Value::Text);
        let values = [&own[..], values].concat();
        let change = Statement { sql, values: &values };
        let look = Statement { sql: &self.statements.credential_status, values: &own };
        self.change_or_look(user, change, look).await.map(Some)
    }

    async fn change_or_look(
        &self,
        user: &UserId,
        change: Statement<'_>,
        look: Statement<'_>,
    ) -> Result<Effect, StoreError> {
        // Users with the same number wait for each other. It has no other effect.
        let digest = Sha256::digest(user.as_str().as_bytes());
        let lock = i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let changing = self.engine.change_or_look(lock, change, look, self.deadline);
        changing.await.map_err(|error| self.failed(error))
    }
}

/// Returns a number of rows, as a statement takes it.
fn count(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn flag(keep: Keep) -> i64 {
    match keep {
        Keep::Nothing => 0,
        Keep::OneThatSigns => 1,
    }
}

#[async_trait]
impl PasskeyDirectory for SqlStore {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Credential>, BoxError> {
        let id = Value::Text(id.as_str());
        self.fetch_one(&self.statements.passkey, &[id]).await?.map(read).transpose()
    }
}

#[async_trait]
impl SignCounters for SqlStore {
    /// Advances a counter. A credential that is not there, or that does not count, is not advanced.
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

/// Reads a row of the statements `PASSKEYS` and `KEYS`.
fn read_descriptor(mut row: Row) -> Result<CredentialDescriptor, BoxError> {
    let mut descriptor = CredentialDescriptor::new(row.text()?.parse()?, CredentialId::new(row.text()?)?);
    descriptor.encrypted_private_key = row.maybe_text()?.map(EncryptedPrivateKey::new).transpose()?;
    if let Some(fido2) = row.maybe_text()? {
        descriptor.transports = serde_json::from_str::<Fido2Properties>(&fido2)?.report.transports;
    }
    Ok(descriptor)
}
